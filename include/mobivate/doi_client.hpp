#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <mobivate/build_url.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/check_options.hpp>
#include <mobivate/detail/secret_mask.hpp>
#include <mobivate/parse_response.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>
#include <mobivate/version.hpp>

namespace mobivate {

/// Stops subscribers' billing at one account of the gateway. Keep one and share it: it may be used
/// by any number of threads at once, and keeps connections and TLS sessions from call to call.
class DoiClient {
 public:
  /// Without a transport of your own, requests go through libcurl.
  /// Throws `std::invalid_argument`, naming the option, if an option can't be right.
  explicit DoiClient(ClientOptions options, std::shared_ptr<Transport> transport = nullptr);

  /// Asks the gateway to stop one subscriber's billing and waits for the answer.
  /// Everything that can go wrong is a value: only `std::bad_alloc` and what your own callbacks or
  /// transport throw come out.
  [[nodiscard]] UnsubscribeResult unsubscribe(const UnsubscribeRequest& request,
                                              const CallOptions& call = {}) const;

 private:
  [[nodiscard]] HttpRequest http_request(const UnsubscribeRequest& request,
                                         std::chrono::milliseconds total_timeout) const;
  [[nodiscard]] UnsubscribeResult read(const TransportResult& sent) const;
  [[nodiscard]] UnsubscribeResult masked(UnsubscribeResult result) const;

  ClientOptions options_;
  std::string endpoint_;  ///< The URL up to the query, credentials and all.
  detail::SecretMask mask_;
  std::shared_ptr<Transport> transport_;
};

namespace detail {

inline ClientOptions checked(ClientOptions options) {
  check_options(options);
  return options;
}

inline Headers with_own_headers(Headers extra) {
  Headers headers{{"Content-Type", "application/json"},
                  {"Accept", "application/json"},
                  {"User-Agent", "mobivate-cpp/" + std::string(version)}};
  headers.insert(headers.end(), extra.begin(), extra.end());
  return headers;
}

/// Masks the strings of a result that may hold what a server, a proxy or the caller wrote.
struct ResultMasker {
  const SecretMask& mask;

  void operator()(Accepted& it) const { it.message_id = mask(it.message_id); }
  void operator()(SendFailed& it) const { it.description = mask(it.description); }
  void operator()(GatewayError& it) const { it.message = mask(it.message); }
  void operator()(UnexpectedResponse& it) const { it.body = mask(it.body); }
  void operator()(TransportError& it) const { it.message = mask(it.message); }
  void operator()(InvalidRequest& it) const { it.reason = mask(it.reason); }
};

}  // namespace detail

inline DoiClient::DoiClient(ClientOptions options, std::shared_ptr<Transport> transport)
    : options_(detail::checked(std::move(options))),
      endpoint_(
          detail::endpoint(options_.base_url, options_.account_id, options_.api_key.reveal())),
      mask_({options_.account_id, options_.api_key.reveal()}),
      transport_(transport ? std::move(transport) : std::make_shared<CurlTransport>()) {
  options_.headers = detail::with_own_headers(std::move(options_.headers));
}

inline UnsubscribeResult DoiClient::unsubscribe(const UnsubscribeRequest& request,
                                                const CallOptions& call) const {
  if (auto invalid = validate(request)) return masked(std::move(*invalid));
  const auto total_timeout = call.total_timeout.value_or(options_.total_timeout);
  if (total_timeout.count() < 1) {
    return TransportError{TransportError::Kind::timeout, false,
                          "total_timeout of this call is less than 1 ms: nothing was sent"};
  }
  const HttpRequest http = http_request(request, total_timeout);
  const auto start = std::chrono::steady_clock::now();
  UnsubscribeResult result = read(transport_->send(http));
  if (options_.on_attempt) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    options_.on_attempt(Attempt{1, mask_(http.url), elapsed, &result});
  }
  return result;
}

inline HttpRequest DoiClient::http_request(const UnsubscribeRequest& request,
                                           std::chrono::milliseconds total_timeout) const {
  HttpRequest http;
  http.url = endpoint_;
  detail::append_query(http.url, request);
  http.headers = options_.headers;
  http.timeout = std::min(options_.attempt_timeout, total_timeout);
  http.connect_timeout = std::min(options_.connect_timeout, http.timeout);
  return http;
}

inline UnsubscribeResult DoiClient::read(const TransportResult& sent) const {
  if (const auto* error = std::get_if<TransportError>(&sent)) return masked(*error);
  const auto& response = std::get<HttpResponse>(sent);
  UnsubscribeResult result = masked(parse_response(response));
  // Masked from the whole body: a secret that the excerpt cuts in two would no longer be found.
  if (auto* unexpected = std::get_if<UnexpectedResponse>(&result)) {
    unexpected->body = mask_(response.body, detail::body_excerpt);
  }
  return result;
}

inline UnsubscribeResult DoiClient::masked(UnsubscribeResult result) const {
  std::visit(detail::ResultMasker{mask_}, result);
  return result;
}

}  // namespace mobivate
