#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#ifndef _WIN32
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#endif

#include <mobivate/detail/curl/sigpipe_guard.hpp>
#include <mobivate/detail/exit.hpp>
#include <mobivate/detail/text.hpp>

#if LIBCURL_VERSION_NUM < 0x074A00
#error "mobivate needs libcurl 7.74 or newer: install a newer one, or name its place to the build"
#endif

namespace mobivate::detail {

/// Frees a libcurl handle.
template <auto Free>
struct CurlFree {
  template <class Handle>
  void operator()(Handle* handle) const noexcept {
    Free(handle);
  }
};

using EasyPointer = std::unique_ptr<CURL, CurlFree<curl_easy_cleanup>>;
using HeaderListPointer = std::unique_ptr<curl_slist, CurlFree<curl_slist_free_all>>;
using MultiPointer = std::unique_ptr<CURLM, CurlFree<curl_multi_cleanup>>;
using SharePointer = std::unique_ptr<CURLSH, CurlFree<curl_share_cleanup>>;

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

/// Hold one while calling libcurl where it may use a connection.
class InsideCurl {
 public:
  explicit InsideCurl(Exit::Counter& inside) : guard_(inside) {
    if (tls_may_raise_sigpipe()) no_sigpipe_.emplace();
  }

 private:
  Exit::Guard guard_;
  std::optional<SigpipeGuard> no_sigpipe_{};
};

/// Opens a socket that programs started by this one don't inherit.
inline curl_socket_t open_socket(const curl_sockaddr& address) noexcept {
#ifdef SOCK_CLOEXEC
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
#else
  const curl_socket_t made = ::socket(address.family, address.socktype, address.protocol);
#ifdef FD_CLOEXEC
  if (made != CURL_SOCKET_BAD) fcntl(made, F_SETFD, FD_CLOEXEC);
#endif
  return made;
#endif
}

inline void close_socket(curl_socket_t socket) noexcept {
#ifdef _WIN32
  closesocket(socket);
#else
  close(socket);
#endif
}

/// True if something has come on one of the sockets, or its end.
inline bool is_any_readable(std::vector<pollfd>& sockets) noexcept {
#ifdef _WIN32
  return WSAPoll(sockets.data(), static_cast<ULONG>(sockets.size()), 0) != 0;
#else
  return poll(sockets.data(), static_cast<nfds_t>(sockets.size()), 0) != 0;
#endif
}

/// True if two can't be opened: that of a connection that failed for want of another was closed.
inline bool no_descriptor_is_left() noexcept {
#ifdef _WIN32
  return false;
#else
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return true;
  for (const int end : ends) close(end);
  return false;
#endif
}

/// Sets libcurl up, once in a process, with all else that is made once: if another thread forked
/// while one of them was being made, the child would wait for it for ever. So this is called while
/// a client is constructed, not by its first call. libcurl is never torn down: others may be using
/// it.
inline void set_up_curl() {
  static const CURLcode code = [] {
    const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    Exit::register_handler();  // runs before the TLS library's
    static_cast<void>(tls_may_raise_sigpipe());
    return result;
  }();
  if (code != CURLE_OK) throw std::runtime_error("libcurl can't be set up");
}

/// DNS answers that libcurl handles share, across threads. Connections are not shared: libcurl does
/// not support that between threads. Nor are TLS sessions: a session outlives a CA that is no
/// longer trusted.
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
  }

  [[nodiscard]] CURLSH* get() const noexcept { return share_.get(); }

 private:
  static void lock(CURL* /*handle*/, curl_lock_data data, curl_lock_access /*access*/, void* self) {
    static_cast<CurlShare*>(self)->mutexes_.at(static_cast<std::size_t>(data)).lock();
  }
  static void unlock(CURL* /*handle*/, curl_lock_data data, void* self) {
    static_cast<CurlShare*>(self)->mutexes_.at(static_cast<std::size_t>(data)).unlock();
  }

  std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_{};
  SharePointer share_{};
};

}  // namespace mobivate::detail
