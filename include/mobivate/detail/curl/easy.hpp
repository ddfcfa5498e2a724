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
#include <mobivate/detail/curl/answer.hpp>
#include <mobivate/detail/curl/errors.hpp>
#include <mobivate/detail/curl/handles.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/detail/text.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// A libcurl handle: for one request at a time, and many one after the other.
class CurlTransfer {
 public:
  /// No request goes over a connection that was unused for more than `longest_idle`: a
  /// router may have dropped it.
  CurlTransfer(std::size_t id, const CurlOptions& options, const CurlShare& share,
               std::chrono::seconds longest_idle = std::chrono::minutes(1))
      : id_(id), easy_(curl_easy_init()), proxy_(options.proxy) {
    if (!easy_) throw std::bad_alloc();
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_SHARE, share.get());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_open_socket);
    set(CURLOPT_OPENSOCKETDATA, this);
    set(CURLOPT_MAXAGE_CONN, static_cast<long>(longest_idle.count()));
    set(CURLOPT_HEADERFUNCTION, &CurlAnswer::on_header);
    set(CURLOPT_HEADERDATA, &answer_);
    set(CURLOPT_WRITEFUNCTION, &CurlAnswer::on_body);
    set(CURLOPT_WRITEDATA, &answer_);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_ACCEPT_ENCODING, "");               // all that this libcurl can decode
    if (!proxy_.empty()) set(CURLOPT_NOPROXY, "");  // whatever NO_PROXY says
    set_tls(options);
    set_by_version(options);
    constructed_ = set_code_;
  }

  /// The transfer that a libcurl handle belongs to.
  [[nodiscard]] static CurlTransfer& of(CURL* easy) {
    void* self = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
    return *static_cast<CurlTransfer*>(self);
  }

  [[nodiscard]] std::size_t id() const noexcept { return id_; }
  [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }

  /// Makes it ready to send the request.
  [[nodiscard]] CURLcode prepare(const HttpRequest& request, bool on_new_connection) {
    has_begun_ = false;
    answer_ = {};
    error_text_[0] = '\0';
    set_code_ = constructed_;
    set_url(request.url);
    set(CURLOPT_FRESH_CONNECT, on_new_connection ? 1L : 0L);
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    set_headers(request.headers);
    return set_code_;
  }

  /// Call this once libcurl has begun with the request. Until then its figures are those of the
  /// request before.
  void begin() {
    has_begun_ = true;
    // Before 7.80 there is no PREREQFUNCTION. To send again, libcurl then needs a new connection.
    if (LIBCURL_VERSION_NUM < 0x075000) set(CURLOPT_FRESH_CONNECT, 1L);
  }

  /// The longest time from now to the end of the answer.
  void set_timeout(std::chrono::milliseconds timeout) {
    set(CURLOPT_TIMEOUT_MS, milliseconds(timeout));
  }

  [[nodiscard]] bool is_over_tls() const noexcept { return is_over_tls_; }

  /// True once bytes of the request may have left. (Before libcurl 8, a CONNECT to a proxy counts
  /// as a request, but it comes before the transfer.)
  [[nodiscard]] bool may_have_left() const noexcept { return has_begun_ && has_been_sent(); }

  /// True if the request went out on a connection that an earlier one had used.
  [[nodiscard]] bool was_on_used_connection() const noexcept {
    return may_have_left() && info(CURLINFO_NUM_CONNECTS) == 0;
  }

  /// Call it only after an answer.
  [[nodiscard]] bool was_http1() const noexcept {
    return info(CURLINFO_HTTP_VERSION) < CURL_HTTP_VERSION_2_0;
  }

  /// The socket that libcurl keeps for the next request, or `CURL_SOCKET_BAD`.
  [[nodiscard]] curl_socket_t kept_socket() const noexcept {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket);
    return socket;
  }

  /// How it ended.
  [[nodiscard]] Multi::Ended ended(CURLcode code) {
    if (answer_.thrown) return {id_, {}, answer_.thrown};
    if (code == CURLE_OK) {
      return {id_, HttpResponse{static_cast<int>(info(CURLINFO_RESPONSE_CODE)),
                                std::move(answer_.body), std::move(answer_.retry_after)}};
    }
    Multi::Ended ended{id_, failure(code)};
    ended.retry_at_once =
        code != CURLE_OPERATION_TIMEDOUT && was_on_used_connection() && answer_.header_bytes == 0;
    return ended;
  }

 private:
  [[nodiscard]] TransportError failure(CURLcode code) const {
    const bool left = may_have_left() || code == CURLE_SEND_ERROR;
    // What libcurl before 8.6 says of a header line that outgrows its own limit.
    if (code == CURLE_OUT_OF_MEMORY && left) {
      return {Kind::too_large, true, "a header line of the answer is too large"};
    }
    if (answer_.too_large != nullptr) return {Kind::too_large, left, answer_.too_large};
    if (left && (code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_COULDNT_CONNECT)) {
      return {Kind::receive, true, "the request was refused, or its connection lost, unanswered"};
    }
    const long connect_status = info(CURLINFO_HTTP_CONNECTCODE);
    if (!left && connect_status >= 300) {
      return {Kind::connect, false,
              "the proxy answered HTTP " + std::to_string(connect_status) +
                  (connect_status == 407 ? ": it wants other credentials" : "")};
    }
    if (!left && may_be_want_of_descriptors(code) && no_descriptor_is_left()) {
      return {Kind::connect, false, "no file descriptor is left; raise the limit on open files"};
    }
    // libcurl repeats a proxy that it can't use, whose address may hold a password before an @.
    const std::string_view text = error_text_.data();
    const bool may_be_shown = !text.empty() && text.find('@') == std::string_view::npos;
    const CurlError meaning = meaning_of(code, text);
    return {meaning.kind, left,
            (may_be_shown ? std::string(text) : curl_easy_strerror(code)) + meaning.advice};
  }

  /// As libcurl says, once it has begun with the request.
  [[nodiscard]] bool has_been_sent() const noexcept {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &microseconds);
    return info(CURLINFO_REQUEST_SIZE) > 0 && microseconds > 0;
  }

  [[nodiscard]] long info(CURLINFO what) const noexcept {
    long value = 0;
    curl_easy_getinfo(easy_.get(), what, &value);
    return value;
  }

  /// Keeps the first error of many settings in `set_code_`.
  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = (curl_easy_setopt)(easy_.get(), option, value);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (set_code_ == CURLE_OK) set_code_ = code;
  }

  void set_tls(const CurlOptions& options) {
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    set(CURLOPT_KEYPASSWD,
        options.client_key_passphrase.reveal().c_str());  // or OpenSSL prompts for it
    if (!options.ca_bundle.empty()) {
      set(CURLOPT_CAINFO, options.ca_bundle.c_str());
      trust_no_directory();
    }
    if (!options.client_certificate.empty()) {
      set(CURLOPT_SSLCERT, options.client_certificate.c_str());
    }
    if (!options.client_key.empty()) set(CURLOPT_SSLKEY, options.client_key.c_str());
  }

  /// Otherwise libcurl trusts the system's directory of certificates beside a `ca_bundle`. It
  /// refuses the option, with this code only, for a TLS library that can't read directories, such
  /// as Schannel; then there is none to trust.
  void trust_no_directory() {
    const CURLcode before = set_code_;
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    if (set_code_ == CURLE_NOT_BUILT_IN) set_code_ = before;
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
    const bool is_apart = (is_over_tls_ || proxy_.empty()) &&  // such a proxy is sent the whole URL
                          url.compare(target, 1, "/") == 0 && is_request_target(url, target);
    set(CURLOPT_REQUEST_TARGET, is_apart ? url.c_str() + target : nullptr);
    const auto rest = std::string_view(url).substr(0, is_apart ? target : url.size());
    if (rest == url_) return;
    url_.clear();  // not as it is set, if setting it fails
    std::string next(rest);
    set(CURLOPT_URL, next.c_str());
    // Without a proxy of the caller's, libcurl takes one from the environment; but not for plain
    // http, where it could read the key.
    set(CURLOPT_PROXY, !proxy_.empty() ? proxy_.c_str() : is_over_tls_ ? nullptr : "");
    url_ = std::move(next);
  }

  static bool is_request_target(std::string_view url, std::size_t from) noexcept {
    return std::all_of(url.begin() + static_cast<std::ptrdiff_t>(from), url.end(),
                       [](char c) { return c > ' ' && c < '\x7F' && c != '#'; });
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

  /// libcurl calls this before each new connection. Refuses one to send the request again.
  static curl_socket_t on_open_socket(void* self, curlsocktype /*purpose*/,
                                      curl_sockaddr* address) noexcept {
    if (static_cast<CurlTransfer*>(self)->has_been_sent()) return CURL_SOCKET_BAD;
    return open_socket(*address);
  }

  /// libcurl calls this when the connection stands, just before it sends the request. An attempt is
  /// one request: libcurl must not send it again by itself, on another connection that it kept.
  static int on_connected(void* self, char* /*peer_ip*/, char* /*own_ip*/, int /*peer_port*/,
                          int /*own_port*/) noexcept {
    return static_cast<CurlTransfer*>(self)->has_been_sent() ? 1 : 0;  // gives up, or goes on
  }

  std::size_t id_;
  HeaderListPointer header_list_{};
  Headers headers_{};
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  EasyPointer easy_;

  std::string proxy_;
  std::string url_{};  ///< The last CURLOPT_URL: without the target, if that is set apart.
  CURLcode set_code_ = CURLE_OK;
  CURLcode constructed_ = CURLE_OK;

  // Of the request that runs, or ran last.
  bool is_over_tls_ = false;
  bool has_begun_ = false;
  CurlAnswer answer_{};

  void set_by_version(const CurlOptions& options) {
#if LIBCURL_VERSION_NUM >= 0x075000
    set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_connected);
    set(CURLOPT_PREREQDATA, this);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    // A call that ends while a name is being resolved leaves that to a thread of libcurl's. Before
    // 7.87 it has to wait for the system's resolver.
    set(CURLOPT_QUICK_EXIT, 1L);
    if (!options.ca_bundle.empty()) set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    static_cast<void>(options);
  }
};

}  // namespace mobivate::detail
