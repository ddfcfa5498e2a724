#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <curl/curl.h>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/ascii.hpp>
#include <mobivate/detail/curl_error.hpp>
#include <mobivate/detail/curl_share.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// No documented answer has a body of more than some hundred bytes.
inline constexpr std::size_t largest_body = std::size_t{64} * 1024;

/// For all header fields of an answer, interim responses and trailers included.
inline constexpr std::size_t largest_header = std::size_t{64} * 1024;

/// A libcurl handle and its connection: for one request at a time.
class CurlHandle {
 public:
  CurlHandle(const CurlOptions& options, const CurlShare& share)
      : multi_(curl_multi_init()), easy_(curl_easy_init()), proxy_(options.proxy) {
    if (!multi_ || !easy_) throw std::bad_alloc();
    set(CURLOPT_SHARE, share.get());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_PREREQFUNCTION, &CurlHandle::on_connected);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_HEADERFUNCTION, &CurlHandle::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &CurlHandle::on_body);
    set(CURLOPT_WRITEDATA, this);
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
#if LIBCURL_VERSION_NUM >= 0x075700
    // A call that ends while a name is being resolved leaves that to a thread of libcurl's, which
    // ends by itself. Before 7.87 it has to wait for the system's resolver.
    set(CURLOPT_QUICK_EXIT, 1L);
#endif
    if (!proxy_.empty()) set(CURLOPT_NOPROXY, "");  // nor does the environment undo it
    if (!options.ca_bundle.empty()) {
      set(CURLOPT_CAINFO, options.ca_bundle.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // the system's, trusted beside it
    }
    if (!options.client_certificate.empty()) {
      set(CURLOPT_SSLCERT, options.client_certificate.c_str());
    }
    if (!options.client_key.empty()) set(CURLOPT_SSLKEY, options.client_key.c_str());
    constructed_ = set_code_;
  }

  /// False if something came on the kept connection since its last answer. It can only be late, and
  /// in HTTP/1 would be taken for the answer to the next request: another subscriber's.
  [[nodiscard]] bool is_quiet() const {
    if (kept_ == CURL_SOCKET_BAD) return true;
    curl_waitfd connection{kept_, CURL_WAIT_POLLIN, 0};
    int readable = 0;
    return curl_multi_poll(multi_.get(), &connection, 1, 0, &readable) == CURLM_OK && readable == 0;
  }

  [[nodiscard]] TransportResult perform(const HttpRequest& request) {
    body_.clear();
    header_bytes_ = 0;
    error_text_[0] = '\0';
    maybe_delivered_ = false;
    too_large_ = nullptr;
    thrown_ = nullptr;
    kept_ = CURL_SOCKET_BAD;

    set_code_ = constructed_;
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    set(CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
    set_proxy(request.url);
    set_headers(request.headers);
    if (set_code_ != CURLE_OK) return failure(set_code_);

    const CURLcode code = transfer(request.cancelled);
    if (thrown_) std::rethrow_exception(thrown_);
    if (code != CURLE_OK) return failure(code);
    return response();
  }

 private:
  struct Cleanup {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };
  struct EasyCleanup {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  struct ListCleanup {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };

  /// Keeps the first error of many settings in `set_code_`.
  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = (curl_easy_setopt)(easy_.get(), option, value);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (set_code_ == CURLE_OK) set_code_ = code;
  }

  /// libcurl counts in `long`, takes 0 for no limit, and some versions refuse more than an `int`.
  static long milliseconds(std::chrono::milliseconds time) noexcept {
    using Count = std::chrono::milliseconds::rep;
    constexpr Count longest = std::numeric_limits<int>::max();
    return static_cast<long>(std::clamp<Count>(time.count(), 1, longest));
  }

  /// Without a proxy of the caller's, libcurl takes one from the environment; but not for plain
  /// http, where it could read the key.
  void set_proxy(const std::string& url) {
    const bool https = equal_ignoring_case(url.substr(0, 8), "https://");
    set(CURLOPT_PROXY, !proxy_.empty() ? proxy_.c_str() : https ? nullptr : "");
  }

  /// Requests of one client differ in their URL only, so the list is made once.
  void set_headers(const Headers& headers) {
    if (header_list_ && headers == headers_) return;
    std::unique_ptr<curl_slist, ListCleanup> list;
    for (const auto& [name, value] : headers) {
      // To libcurl a name with a colon and nothing behind it means: leave this field out.
      std::string line = name;
      line += trim(value).empty() ? ";" : ": ";
      line += trim(value);
      curl_slist* longer = curl_slist_append(list.get(), line.c_str());
      if (longer == nullptr) throw std::bad_alloc();
      static_cast<void>(list.release());
      list.reset(longer);
    }
    set(CURLOPT_HTTPHEADER, list.get());
    header_list_ = std::move(list);
    headers_ = headers;
  }

  CURLcode transfer(const std::function<bool()>& cancelled) {
    /// In a transfer from construction to destruction, however that comes.
    struct Running {
      CURLM* multi;
      CURL* easy;
      CURLMcode code;
      Running(CURLM* m, CURL* e) : multi(m), easy(e), code(curl_multi_add_handle(m, e)) {}
      ~Running() { curl_multi_remove_handle(multi, easy); }
      Running(const Running&) = delete;
      Running& operator=(const Running&) = delete;
      Running(Running&&) = delete;
      Running& operator=(Running&&) = delete;
    };
    constexpr int cancellation_interval_ms = 50;
    constexpr int longest_poll_ms = 1000;

    const Running running(multi_.get(), easy_.get());
    CURLMcode code = running.code;
    int transfers = 1;
    while (code == CURLM_OK) {
      code = curl_multi_perform(multi_.get(), &transfers);
      if (code != CURLM_OK || transfers == 0) break;
      if (cancelled && cancelled()) return CURLE_ABORTED_BY_CALLBACK;
      code = curl_multi_poll(multi_.get(), nullptr, 0,
                             cancelled ? cancellation_interval_ms : longest_poll_ms, nullptr);
    }
    if (code == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
    note_kept_connection();
    int messages = 0;
    const CURLMsg* const message = curl_multi_info_read(multi_.get(), &messages);
    return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
  }

  void note_kept_connection() {
    long http_version = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &http_version);
    if (http_version >= CURL_HTTP_VERSION_2_0)
      return;  // its answers say which request they are for
    curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &kept_);
  }

  [[nodiscard]] TransportResult failure(CURLcode code) const {
    // What libcurl before 8.6 says of a header line that outgrows its own limit.
    if (code == CURLE_OUT_OF_MEMORY && maybe_delivered_) {
      return TransportError{TransportError::Kind::too_large, true,
                            "a header line of the answer is too large"};
    }
    if (too_large_ != nullptr) {
      return TransportError{TransportError::Kind::too_large, maybe_delivered_, too_large_};
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) {
      return TransportError{TransportError::Kind::cancelled, maybe_delivered_,
                            "cancelled by the caller"};
    }
    long connect_status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (!maybe_delivered_ && connect_status >= 300) {
      return TransportError{TransportError::Kind::connect, false,
                            "the proxy answered HTTP " + std::to_string(connect_status) +
                                (connect_status == 407 ? ": it wants other credentials" : "")};
    }
    // libcurl repeats a proxy that it can't use, whose address may hold a password before an @.
    const std::string_view text = error_text_.data();
    const bool may_be_shown = !text.empty() && text.find('@') == std::string_view::npos;
    return TransportError{
        kind_of(code), maybe_delivered_,
        (may_be_shown ? std::string(text) : curl_easy_strerror(code)) + std::string(advice(code))};
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

  static std::size_t on_header(char* /*line*/, std::size_t size, std::size_t count,
                               void* self) noexcept {
    auto& handle = *static_cast<CurlHandle*>(self);
    const std::size_t bytes = size * count;
    handle.header_bytes_ += bytes;
    if (handle.header_bytes_ <= largest_header) return bytes;
    handle.too_large_ = "the answer's header is larger than 64 KiB";
    return 0;
  }

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& handle = *static_cast<CurlHandle*>(self);
    const std::size_t bytes = size * count;
    if (bytes > largest_body - handle.body_.size()) {
      handle.too_large_ = "the answer is larger than 64 KiB";
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
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::unique_ptr<CURLM, Cleanup> multi_;
  std::unique_ptr<CURL, EasyCleanup> easy_;

  std::string proxy_;
  CURLcode set_code_ = CURLE_OK;
  CURLcode constructed_ = CURLE_OK;

  // Of the request that runs, or ran last.
  curl_socket_t kept_ = CURL_SOCKET_BAD;
  std::string body_;
  std::size_t header_bytes_ = 0;
  bool maybe_delivered_ = false;
  const char* too_large_ = nullptr;
  std::exception_ptr thrown_;
};

}  // namespace mobivate::detail
