#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include <mobivate/retry_policy.hpp>
#include <mobivate/secret.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 {

/// What happened to one HTTP request. Valid only during the call of `on_attempt`.
struct Attempt {
  int number{1};                                  ///< Counted from 1.
  std::string url{};                              ///< With the credentials masked: safe to log.
  std::chrono::milliseconds elapsed{0};           ///< From `start` to the end of the answer.
  const UnsubscribeResult* result{nullptr};       ///< Of this attempt; never null, no secrets.
  const UnsubscribeRequest* request{nullptr};     ///< What was asked for; never null.
  std::chrono::system_clock::time_point start{};  ///< Of the attempt.
  int http_status{0};                             ///< 0: no answer came.
  std::optional<int> gateway_code{};              ///< Of a refusal, for example 541.
  std::size_t body_bytes{0};                      ///< Of the answer's body, decompressed.
  std::chrono::microseconds connect_time{0};      ///< See `HttpResponse`.
  bool connection_reused{false};                  ///< See `HttpResponse`.
  Headers headers{};                              ///< The call's own: `CallOptions::headers`.
};

/// How a `DoiClient` reaches its account.
struct ClientOptions {
  std::string base_url{};    ///< `https://host[:port][/prefix]`, the gateway. Required.
  std::string account_id{};  ///< From Mobivate. It is part of the URL and masked like the key.
  Secret api_key{};          ///< From Mobivate. Required.

  /// To be connected, TLS handshake included; 1 ms or more.
  std::chrono::milliseconds connect_timeout{5'000};
  /// From the start of one HTTP request to the end of its answer; 1 ms or more.
  std::chrono::milliseconds attempt_timeout{15'000};
  /// For a whole call, all attempts and the waits between them; 1 ms or more.
  std::chrono::milliseconds total_timeout{60'000};
  /// When a call tries again.
  RetryPolicy retry{};
  /// `http://` is refused, but for a loopback host, unless this is set: the key would be readable
  /// by everyone on the way.
  bool allow_plain_http = false;
  /// Extra header fields, for example a trace id. Those that the library sends itself (`Host`,
  /// `Content-Type`, `Accept`, `User-Agent` and two more) and control characters are refused.
  Headers headers{};
  /// Called after each HTTP request, on the thread that called. What it throws comes out of the
  /// call. Called by several threads at once if the client is.
  std::function<void(const Attempt&)> on_attempt{};

  /// Options with `base_url`, `account_id` and `api_key` from the environment variables
  /// MOBIVATE_BASE_URL, MOBIVATE_ACCOUNT_ID and MOBIVATE_API_KEY; empty where one is not set,
  /// which `DoiClient` then refuses by name.
  [[nodiscard]] static ClientOptions from_environment() {
    const auto variable = [](const char* name) {
      const char* value = std::getenv(name);
      return std::string(value == nullptr ? "" : value);
    };
    ClientOptions options;
    options.base_url = variable("MOBIVATE_BASE_URL");
    options.account_id = variable("MOBIVATE_ACCOUNT_ID");
    options.api_key = Secret(variable("MOBIVATE_API_KEY"));
    return options;
  }
};

/// What differs for one call.
struct CallOptions {
  /// In place of `ClientOptions::total_timeout`. Zero or less: nothing is sent.
  std::optional<std::chrono::milliseconds> total_timeout{};
  /// Asked again and again, on the thread that called; once it is true, the call ends within 100 ms
  /// as `TransportError::Kind::cancelled`. What it throws comes out of the call.
  std::function<bool()> cancelled{};
  /// Header fields for this call, behind those of `ClientOptions::headers`; for example W3C Trace
  /// Context's `traceparent`. If they can't be sent, nothing is: the result is an `InvalidRequest`.
  Headers headers{};
};

}}  // namespace mobivate::v0
