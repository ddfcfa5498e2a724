#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <mobivate/build_url.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/detail/account/secret_mask.hpp>
#include <mobivate/detail/protocol/base_url.hpp>
#include <mobivate/parse_response.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>
#include <mobivate/version.hpp>

namespace mobivate::detail {

[[noreturn]] inline void refuse_option(const char* option, const char* problem) {
  throw std::invalid_argument(std::string(option) + ": " + problem);
}

inline void check_timeout(const char* option, std::chrono::milliseconds timeout) {
  if (timeout.count() < 1) refuse_option(option, "is less than 1 ms; write 1 ms or more");
}

inline void check_retry(const RetryPolicy& retry) {
  if (retry.max_attempts < 1) {
    refuse_option("retry.max_attempts", "is less than 1; write 1 for a single attempt");
  }
  if (retry.initial_backoff.count() < 0) {
    refuse_option("retry.initial_backoff", "is negative; write 0 ms or more");
  }
  if (retry.max_backoff.count() < 0) {
    refuse_option("retry.max_backoff", "is negative; write 0 ms or more");
  }
  if (!(retry.multiplier >= 1 && retry.multiplier <= (std::numeric_limits<double>::max)())) {
    refuse_option("retry.multiplier", "is not a number of 1 or more; write 2 to double each wait");
  }
}

inline void check_max_in_flight(std::size_t max_in_flight) {
  if (max_in_flight == 0) refuse_option("max_in_flight", "is 0; write 1 or more");
}

/// RFC 9110, section 5.1.
inline bool is_header_name(std::string_view name) {
  constexpr std::string_view punctuation{"!#$%&'*+-.^_`|~"};
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_alphanumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

/// Returns why the header fields can't be sent and what to write instead. Null: they can be sent.
inline const char* header_problem(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_header_name(name)) {
      return "a name is not an HTTP field name; write letters, digits and hyphens";
    }
    if (std::any_of(value.begin(), value.end(), is_control)) {
      return "a value has a control character in it; write it on one line";
    }
    for (const std::string_view reserved :
         {"Host", "Content-Type", "Accept", "User-Agent", "Content-Length", "Transfer-Encoding"}) {
      if (equal_ignoring_case(name, reserved)) {
        return "the library itself sends Host, Content-Type, Accept, User-Agent, Content-Length "
               "and Transfer-Encoding; leave them out";
      }
    }
  }
  return nullptr;
}

/// Throws `std::invalid_argument` if an option is invalid. The message names the option, never its
/// value, which may be a secret. `endpoint` checks the credentials.
inline void check_options(const ClientOptions& options) {
  const BaseUrl base_url = parse_base_url(options.base_url);
  if (!base_url.https && !options.allow_plain_http && !is_loopback(base_url.host)) {
    refuse_option("base_url",
                  "is http, so others on the network can read the api_key; write https, or set "
                  "allow_plain_http if nobody can listen");
  }
  check_timeout("connect_timeout", options.connect_timeout);
  check_timeout("attempt_timeout", options.attempt_timeout);
  check_timeout("total_timeout", options.total_timeout);
  check_retry(options.retry);
  check_max_in_flight(options.max_in_flight);
  if (const char* problem = header_problem(options.headers)) refuse_option("headers", problem);
}

/// The checked options of a client, and everything that its calls share. Only this class knows the
/// secrets, so only this class masks them.
class Account {
 public:
  explicit Account(ClientOptions options)
      : options_(checked(std::move(options))),
        endpoint_(endpoint(options_.base_url, options_.account_id, options_.api_key.reveal())),
        mask_({options_.account_id, options_.api_key.reveal()}),
        headers_(all_headers(options_.headers)) {}

  [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

  /// Returns an `InvalidRequest` if the request or its header fields can't be sent.
  [[nodiscard]] std::optional<UnsubscribeResult> refusal(const UnsubscribeRequest& request,
                                                         const Headers& headers) const {
    auto invalid = validate(request);
    if (invalid) return masked(std::move(*invalid));
    if (const char* problem = header_problem(headers)) return InvalidRequest{"headers", problem};
    return std::nullopt;
  }

  void set_url(std::string& url, const UnsubscribeRequest& request) const {
    url = endpoint_;
    append_query(url, request);
  }

  /// Returns the result of one attempt, with all secrets masked.
  [[nodiscard]] UnsubscribeResult read(const TransportResult& sent) const {
    if (const auto* error = std::get_if<TransportError>(&sent)) return masked(*error);
    const auto& response = std::get<HttpResponse>(sent);
    if (response.body.size() > HttpResponse::largest_body) {
      return TransportError{TransportError::Kind::too_large, true,
                            "the answer is larger than 64 KiB"};
    }
    return masked(parse_response(response), response.body);
  }

  /// Masks the URL of the attempt and calls `on_attempt`.
  void report(Attempt attempt) const {
    attempt.url = mask_(attempt.url);
    options_.on_attempt(attempt);
  }

 private:
  [[nodiscard]] UnsubscribeResult masked(UnsubscribeResult result,
                                         std::string_view body = {}) const {
    std::visit(ResultMask{mask_, body}, result);
    return result;
  }

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

  ClientOptions options_;
  std::string endpoint_;  ///< The URL up to the query. It holds the credentials.
  SecretMask mask_;
  Headers headers_;
};

}  // namespace mobivate::detail
