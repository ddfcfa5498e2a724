#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <curl/curl.h>

#include <mobivate/detail/ascii.hpp>
#include <mobivate/detail/curl_error.hpp>
#include <mobivate/detail/curl_share.hpp>
#include <mobivate/detail/sigpipe_guard.hpp>
#include <mobivate/transport.hpp>

namespace mobivate {

/// How `CurlTransport` reaches the gateway.
struct CurlOptions {
  /// PEM file with the certificates to trust in place of the system's; empty: the system's.
  std::string ca_bundle{};
};

namespace detail {

/// No documented answer is longer than a few hundred bytes.
inline constexpr std::size_t largest_body = std::size_t{64} * 1024;

/// A libcurl easy handle with its connection: used for one request at a time.
class CurlHandle {
 public:
  CurlHandle(const CurlOptions& options, const CurlShare& share) : easy_(curl_easy_init()) {
    if (!easy_) throw std::bad_alloc();
    set(CURLOPT_SHARE, share.get());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_WRITEFUNCTION, &CurlHandle::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_PREREQFUNCTION, &CurlHandle::on_connected);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_ACCEPT_ENCODING, "");  // all that this libcurl can decode
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    if (!options.ca_bundle.empty()) set(CURLOPT_CAINFO, options.ca_bundle.c_str());
  }

  [[nodiscard]] TransportResult perform(const HttpRequest& request) {
    body_.clear();
    error_text_[0] = '\0';
    maybe_delivered_ = false;
    too_large_ = false;
    thrown_ = nullptr;

    set(CURLOPT_URL, request.url.c_str());
    set_headers(request.headers);
    set_plain_http_to_go_direct(request.url);
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    set(CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
    if (set_up_ != CURLE_OK) return failure(set_up_);

    const CURLcode code = curl_easy_perform(easy_.get());
    if (thrown_) std::rethrow_exception(thrown_);
    if (code != CURLE_OK) return failure(code);
    return response();
  }

 private:
  struct EasyCleanup {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  struct ListCleanup {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };

  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = (curl_easy_setopt)(easy_.get(), option, value);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (set_up_ == CURLE_OK) set_up_ = code;
  }

  /// libcurl counts in `long`, takes 0 for no limit, and some versions refuse more than an `int`.
  static long milliseconds(std::chrono::milliseconds time) noexcept {
    using Count = std::chrono::milliseconds::rep;
    constexpr Count longest = std::numeric_limits<int>::max();
    return static_cast<long>(std::clamp<Count>(time.count(), 1, longest));
  }

  /// Requests of one client differ in their URL only, so the list is made once.
  void set_headers(const Headers& headers) {
    if (header_list_ && headers == headers_) return;
    std::unique_ptr<curl_slist, ListCleanup> list;
    for (const auto& [name, value] : headers) {
      // To libcurl a name with a colon and nothing behind it means: leave this field out.
      std::string line = name;
      line += value.empty() ? ";" : ": ";
      line += value;
      curl_slist* longer = curl_slist_append(list.get(), line.c_str());
      if (longer == nullptr) throw std::bad_alloc();
      static_cast<void>(list.release());
      list.reset(longer);
    }
    set(CURLOPT_HTTPHEADER, list.get());
    header_list_ = std::move(list);
    headers_ = headers;
  }

  /// A proxy from the environment would read the key in a plain request, even one to loopback.
  void set_plain_http_to_go_direct(const std::string& url) {
    const bool https = url.size() >= 8 && equal_ignoring_case(url.substr(0, 8), "https://");
    set(CURLOPT_PROXY, https ? nullptr : "");
  }

  [[nodiscard]] TransportResult failure(CURLcode code) const {
    TransportError error;
    error.kind = too_large_ ? TransportError::Kind::too_large : kind_of(code);
    error.maybe_delivered = maybe_delivered_;
    if (too_large_) {
      error.message = "the answer is larger than 64 KiB";
    } else {
      error.message = error_text_[0] == '\0' ? curl_easy_strerror(code) : error_text_.data();
    }
    return error;
  }

  [[nodiscard]] TransportResult response() {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    HttpResponse response{static_cast<int>(status), std::move(body_), {}};
    curl_header* field = nullptr;
    if (curl_easy_header(easy_.get(), "Retry-After", 0, CURLH_HEADER, -1, &field) == CURLHE_OK) {
      response.retry_after = field->value;
    }
    return response;
  }

  /// libcurl calls this when the connection stands, just before it sends the request.
  static int on_connected(void* self, char* /*peer_ip*/, char* /*own_ip*/, int /*peer_port*/,
                          int /*own_port*/) noexcept {
    static_cast<CurlHandle*>(self)->maybe_delivered_ = true;
    return CURL_PREREQFUNC_OK;
  }

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& handle = *static_cast<CurlHandle*>(self);
    const std::size_t bytes = size * count;
    if (bytes > largest_body - handle.body_.size()) {
      handle.too_large_ = true;
      return 0;
    }
    try {
      handle.body_.append(data, bytes);
    } catch (...) {
      handle.thrown_ = std::current_exception();
      return 0;
    }
    return bytes;
  }

  std::unique_ptr<curl_slist, ListCleanup> header_list_;
  Headers headers_;
  CURLcode set_up_ = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::string body_;
  bool maybe_delivered_ = false;
  bool too_large_ = false;
  std::exception_ptr thrown_;
  std::unique_ptr<CURL, EasyCleanup> easy_;
};

}  // namespace detail
}  // namespace mobivate
