#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <curl/curl.h>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/ascii.hpp>
#include <mobivate/detail/cancelled.hpp>
#include <mobivate/detail/curl_answer.hpp>
#include <mobivate/detail/curl_error.hpp>
#include <mobivate/detail/curl_header.hpp>
#include <mobivate/detail/curl_pointers.hpp>
#include <mobivate/detail/curl_share.hpp>
#include <mobivate/detail/kept_connections.hpp>
#include <mobivate/transport.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// A libcurl handle: for one request at a time, and many one after the other.
class CurlTransfer {
 public:
  CurlTransfer(std::size_t id, const CurlOptions& options, const CurlShare& share,
               const KeptConnections& kept)
      : id_(id), kept_(kept), easy_(curl_easy_init()), proxy_(options.proxy) {
    if (!easy_) throw std::bad_alloc();
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_SHARE, share.get());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_connected);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_HEADERFUNCTION, &CurlAnswer::on_header);
    set(CURLOPT_HEADERDATA, &answer_);
    set(CURLOPT_WRITEFUNCTION, &CurlAnswer::on_body);
    set(CURLOPT_WRITEDATA, &answer_);
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

  /// The transfer that a libcurl handle belongs to.
  [[nodiscard]] static CurlTransfer& of(CURL* easy) {
    void* self = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    return *static_cast<CurlTransfer*>(self);
  }

  [[nodiscard]] std::size_t id() const noexcept {
    return id_;
  }
  [[nodiscard]] CURL* easy() const noexcept {
    return easy_.get();
  }

  /// Makes it ready to send the request.
  [[nodiscard]] CURLcode prepare(const HttpRequest& request) {
    answer_ = {};
    error_text_[0] = '\0';
    maybe_delivered_ = false;

    set_code_ = constructed_;
    set_url(request.url);
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    set(CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
    timeout_ = request.timeout;
    set_headers(request.headers);
    return set_code_;
  }

  /// What is prepared will be sent this much later.
  void shorten_timeout(std::chrono::milliseconds by) {
    set(CURLOPT_TIMEOUT_MS, milliseconds(timeout_ - by));
  }

  [[nodiscard]] bool is_over_tls() const noexcept {
    return is_over_tls_;
  }
  [[nodiscard]] bool is_connected() const noexcept {
    return maybe_delivered_;
  }

  /// True if it ended only because its connection was not quiet: then it is ready to be sent on
  /// another one.
  [[nodiscard]] bool wants_other_connection() {
    if (!wants_other_connection_) return false;
    wants_other_connection_ = false;
    set(CURLOPT_FORBID_REUSE, 0L);
    return true;
  }

  /// How it ended.
  [[nodiscard]] Exchanges::Ended ended(CURLcode code) {
    if (answer_.thrown) return {id_, {}, answer_.thrown};
    if (code != CURLE_OK) return {id_, failure(code), nullptr};
    return {id_, response(), nullptr};
  }

  [[nodiscard]] TransportError failure(CURLcode code) const {
    // What libcurl before 8.6 says of a header line that outgrows its own limit.
    if (code == CURLE_OUT_OF_MEMORY && maybe_delivered_) {
      return {TransportError::Kind::too_large, true, "a header line of the answer is too large"};
    }
    if (answer_.too_large != nullptr) {
      return {TransportError::Kind::too_large, maybe_delivered_, answer_.too_large};
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) {
      return cancelled(maybe_delivered_);
    }
    long connect_status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (!maybe_delivered_ && connect_status >= 300) {
      return {TransportError::Kind::connect, false,
              "the proxy answered HTTP " + std::to_string(connect_status) +
                  (connect_status == 407 ? ": it wants other credentials" : "")};
    }
    // libcurl repeats a proxy that it can't use, whose address may hold a password before an @.
    const std::string_view text = error_text_.data();
    const bool may_be_shown = !text.empty() && text.find('@') == std::string_view::npos;
    return {
        kind_of(code), maybe_delivered_,
        (may_be_shown ? std::string(text) : curl_easy_strerror(code)) + std::string(advice(code))};
  }

 private:
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
    constexpr Count longest = (std::numeric_limits<int>::max)();
    return static_cast<long>(std::clamp<Count>(time.count(), 1, longest));
  }

  /// Requests differ in what follows the host. That goes into the request line as it is, which
  /// spares libcurl taking the URL apart and putting it together: half of its work for a request.
  void set_url(const std::string& url) {
    const std::size_t host = url.find("://") + 3;
    const std::size_t target = (std::min)(url.find_first_of("/?#", host), url.size());
    is_over_tls_ = equal_ignoring_case(std::string_view(url).substr(0, 8), "https://");
    const bool direct =
        is_over_tls_ || proxy_.empty();  // a proxy for plain http is sent the whole URL
    if (!direct || url.compare(target, 1, "/") != 0 || !is_request_target(url, target)) {
      origin_.clear();
      set(CURLOPT_URL, url.c_str());
      set(CURLOPT_REQUEST_TARGET, static_cast<const char*>(nullptr));
      set_proxy();
      return;
    }
    set(CURLOPT_REQUEST_TARGET, url.c_str() + target);
    if (!origin_.empty() && url.compare(0, target, origin_) == 0) return;
    origin_ = url.substr(0, target);
    set(CURLOPT_URL, origin_.c_str());
    set_proxy();
  }

  static bool is_request_target(std::string_view url, std::size_t from) noexcept {
    return std::all_of(url.begin() + static_cast<std::ptrdiff_t>(from), url.end(),
                       [](char c) { return c > ' ' && c < '\x7F' && c != '#'; });
  }

  /// Without a proxy of the caller's, libcurl takes one from the environment; but not for plain
  /// http, where it could read the key.
  void set_proxy() {
    set(CURLOPT_PROXY, !proxy_.empty() ? proxy_.c_str() : is_over_tls_ ? nullptr : "");
  }

  /// Requests of one client differ in their URL only, so the list is made once.
  void set_headers(const Headers& headers) {
    if (header_list_ && headers == headers_) return;
    HeaderListPointer list;
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

  [[nodiscard]] HttpResponse response() {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    HttpResponse response;
    response.status = static_cast<int>(status);
    response.body = std::move(answer_.body);
    response.connection_reused = !is_new_connection();
    if (!response.connection_reused) response.connect_time = connect_time();
    const char* retry_after = header_value(easy_.get(), "Retry-After");
    if (retry_after != nullptr) response.retry_after = retry_after;
    return response;
  }

  [[nodiscard]] bool is_new_connection() const noexcept {
    long new_connections = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &new_connections);
    return new_connections > 0;
  }

  [[nodiscard]] std::chrono::microseconds connect_time() const noexcept {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy_.get(),
                      is_over_tls_ ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T,
                      &microseconds);
    return std::chrono::microseconds(microseconds);
  }

  /// libcurl calls this when the connection stands, just before it sends the request.
  static int on_connected(void* self, char* peer_ip /* NOLINT(readability-non-const-parameter) */,
                          char* /*own_ip*/, int peer_port, int own_port) noexcept {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    if (!transfer.is_new_connection() && !transfer.kept_.is_quiet(peer_ip, peer_port, own_port)) {
      transfer.wants_other_connection_ = true;
      curl_easy_setopt(transfer.easy(), CURLOPT_FORBID_REUSE, 1L);
      return CURL_PREREQFUNC_ABORT;
    }
    transfer.maybe_delivered_ = true;
    return CURL_PREREQFUNC_OK;
  }

  std::size_t id_;
  const KeptConnections& kept_;
  HeaderListPointer header_list_;
  Headers headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  EasyPointer easy_;

  std::string proxy_;
  std::string origin_;  ///< `https://host:port` of the URL that is set, if the target is apart.
  CURLcode set_code_ = CURLE_OK;
  CURLcode constructed_ = CURLE_OK;

  // Of the request that runs, or ran last.
  bool is_over_tls_ = false;
  std::chrono::milliseconds timeout_{0};
  CurlAnswer answer_;
  bool maybe_delivered_ = false;
  bool wants_other_connection_ = false;
};

}}}  // namespace mobivate::v0::detail
