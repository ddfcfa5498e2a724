#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string_view>

#include <curl/curl.h>

#include <mobivate/detail/ascii.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Sets libcurl up, once in a process. It is never torn down: others may be using it.
inline void set_up_curl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error("libcurl can't be set up");
}

/// Whether writing to a TLS connection that the peer has closed can raise SIGPIPE: libcurl writes
/// without it, and since 7.87 these two TLS libraries leave the writing to libcurl.
inline bool tls_may_raise_sigpipe() {
#ifdef __linux__
  static const bool may_raise = [] {
    const curl_version_info_data& libcurl = *curl_version_info(CURLVERSION_NOW);
    const std::string_view tls = libcurl.ssl_version == nullptr ? "" : libcurl.ssl_version;
    return libcurl.version_num < 0x075700 ||
           !(starts_with(tls, "OpenSSL/") || starts_with(tls, "GnuTLS/"));
  }();
  return may_raise;
#else
  return true;
#endif
}

/// DNS answers and TLS sessions that libcurl handles share, across threads. Connections are not
/// shared: libcurl does not support that between threads.
class CurlShare {
 public:
  CurlShare() {
    set_up_curl();
    share_.reset(curl_share_init());
    if (!share_) throw std::bad_alloc();
    curl_share_setopt(share_.get(), CURLSHOPT_LOCKFUNC, &CurlShare::lock);
    curl_share_setopt(share_.get(), CURLSHOPT_UNLOCKFUNC, &CurlShare::unlock);
    curl_share_setopt(share_.get(), CURLSHOPT_USERDATA, this);
    curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }

  [[nodiscard]] CURLSH* get() const noexcept { return share_.get(); }

  ~CurlShare() = default;
  CurlShare(const CurlShare&) = delete;
  CurlShare& operator=(const CurlShare&) = delete;
  CurlShare(CurlShare&&) = delete;
  CurlShare& operator=(CurlShare&&) = delete;

 private:
  static void lock(CURL* /*handle*/, curl_lock_data data, curl_lock_access /*access*/, void* self) {
    static_cast<CurlShare*>(self)->mutexes_.at(static_cast<std::size_t>(data)).lock();
  }
  static void unlock(CURL* /*handle*/, curl_lock_data data, void* self) {
    static_cast<CurlShare*>(self)->mutexes_.at(static_cast<std::size_t>(data)).unlock();
  }

  struct Cleanup {
    void operator()(CURLSH* share) const noexcept { curl_share_cleanup(share); }
  };

  std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_;
  std::unique_ptr<CURLSH, Cleanup> share_;
};

}}}  // namespace mobivate::v0::detail
