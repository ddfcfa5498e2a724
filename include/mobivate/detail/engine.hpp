#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <mobivate/build_url.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/detail/attempts.hpp>
#include <mobivate/detail/check_options.hpp>
#include <mobivate/detail/result_mask.hpp>
#include <mobivate/detail/retry_after.hpp>
#include <mobivate/parse_response.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>
#include <mobivate/version.hpp>

namespace mobivate::detail {

/// All that a client does. The clock is a parameter, so that tests need not wait.
template <class Clock>
class Engine {
 public:
  Engine(ClientOptions options, std::shared_ptr<Transport> transport, Clock clock = Clock())
      : options_(checked(std::move(options))),
        endpoint_(endpoint(options_.base_url, options_.account_id, options_.api_key.reveal())),
        mask_({options_.account_id, options_.api_key.reveal()}),
        headers_(all_headers(options_.headers)),
        transport_(std::move(transport)),
        clock_(std::move(clock)) {}

  [[nodiscard]] UnsubscribeResult call(const UnsubscribeRequest& request,
                                       const CallOptions& call) const {
    if (auto invalid = validate(request)) return mask_.result(std::move(*invalid));

    Attempts attempts(options_.retry, clock_.now(),
                      call.total_timeout.value_or(options_.total_timeout));
    if (call.cancelled && call.cancelled()) return attempts.joined(cancelled());
    HttpRequest http = http_request(request, call);
    UnsubscribeResult result = out_of_time();
    while (true) {
      const auto start = clock_.now();
      if (!limit_time(http, attempts.left(start))) return attempts.joined(std::move(result));
      const TransportResult sent = transport_->send(http);
      result = read(sent);
      const auto end = clock_.now();
      report(attempts.number(), http.url, end - start, result);

      const auto wait = attempts.wait_after(result, retry_after_of(sent), clock_.now(),
                                            [this] { return clock_.random(); });
      if (!wait) return attempts.joined(std::move(result));
      if (!clock_.sleep(*wait, call.cancelled)) return attempts.joined(cancelled());
    }
  }

 private:
  static ClientOptions checked(ClientOptions options) {
    check_options(options);
    return options;
  }

  static Headers all_headers(const Headers& extra) {
    Headers headers{{"Content-Type", "application/json"},
                    {"Accept", "application/json"},
                    {"User-Agent", "mobivate-cpp/" + std::string(version)}};
    headers.insert(headers.end(), extra.begin(), extra.end());
    return headers;
  }

  static UnsubscribeResult cancelled() {
    return TransportError{TransportError::Kind::cancelled, false, "cancelled by the caller"};
  }

  static UnsubscribeResult out_of_time() {
    return TransportError{TransportError::Kind::timeout, false,
                          "total_timeout was over before the request could be sent"};
  }

  [[nodiscard]] HttpRequest http_request(const UnsubscribeRequest& request,
                                         const CallOptions& call) const {
    HttpRequest http;
    http.url = endpoint_;
    append_query(http.url, request);
    http.headers = headers_;
    http.cancelled = call.cancelled;
    return http;
  }

  /// False if there is no time for another attempt.
  [[nodiscard]] bool limit_time(HttpRequest& http, std::chrono::milliseconds left) const {
    http.timeout = std::min(options_.attempt_timeout, left);
    http.connect_timeout = std::min(options_.connect_timeout, http.timeout);
    return http.timeout.count() >= 1;
  }

  /// The result of one attempt, with no secret left in it.
  [[nodiscard]] UnsubscribeResult read(const TransportResult& sent) const {
    if (const auto* error = std::get_if<TransportError>(&sent)) return mask_.result(*error);
    const auto& response = std::get<HttpResponse>(sent);
    return mask_.result(parse_response(response), response.body);
  }

  [[nodiscard]] std::optional<std::chrono::seconds> retry_after_of(
      const TransportResult& sent) const {
    const auto* response = std::get_if<HttpResponse>(&sent);
    if (response == nullptr || response->retry_after.empty()) return std::nullopt;
    return retry_after(response->retry_after, clock_.date());
  }

  void report(int number, const std::string& url, typename Clock::Duration elapsed,
              const UnsubscribeResult& result) const {
    if (!options_.on_attempt) return;
    options_.on_attempt(Attempt{number, mask_.text(url),
                                std::chrono::duration_cast<std::chrono::milliseconds>(elapsed),
                                &result});
  }

  ClientOptions options_;
  std::string endpoint_;  ///< The URL up to the query, credentials and all.
  ResultMask mask_;
  Headers headers_;
  std::shared_ptr<Transport> transport_;
  Clock clock_;
};

}  // namespace mobivate::detail
