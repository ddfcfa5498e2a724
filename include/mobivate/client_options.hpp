#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <mobivate/rate_limit.hpp>
#include <mobivate/retry_policy.hpp>
#include <mobivate/secret.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

/// One HTTP request and its outcome. `on_attempt` gets it. It is valid only until `on_attempt`
/// returns: copy what you keep.
struct Attempt {
  int number{1};                               ///< 1 for the first attempt of a call.
  std::string url{};                           ///< The URL, credentials masked.
  std::chrono::milliseconds elapsed{0};        ///< Time from its start to the end of the answer.
  const UnsubscribeResult* result{nullptr};    ///< Result of this attempt, no secrets. Never null.
  const UnsubscribeRequest* request{nullptr};  ///< The request of the call. Never null.
  int http_status{0};                          ///< Three digits. 0: no answer came.
  Headers headers{};                           ///< A copy of `CallOptions::headers`.

  /// The wait that the answer's `Retry-After` asks for. Nothing if it has none or an invalid one.
  std::optional<std::chrono::seconds> retry_after{};
};

/// Account, timeouts and callbacks of a `DoiClient`. Its constructor checks them.
struct ClientOptions {
  std::string base_url{};    ///< The gateway: `https://host[:port][/prefix]`. Required.
  std::string account_id{};  ///< From Mobivate. Part of the URL; masked like the key. Required.
  Secret api_key{};          ///< From Mobivate. Part of the URL. Required.

  /// Longest time to connect, TLS handshake included. At least 1 ms.
  std::chrono::milliseconds connect_timeout{5'000};
  /// Longest time for one HTTP request, connecting and answer included. At least 1 ms.
  std::chrono::milliseconds attempt_timeout{15'000};
  /// Longest time for one call, all attempts and the waits between them included. At least 1 ms.
  std::chrono::milliseconds total_timeout{60'000};
  /// When the client repeats a failed attempt, and how long it waits first.
  RetryPolicy retry{};
  /// Allows `http://` for any host. By default only a loopback host may be `http://`: on a network,
  /// everybody between you and the gateway could read the key.
  bool allow_plain_http = false;
  /// Header fields to send with every request, for example a trace id. A control character is
  /// refused, and so are `Host`, `Content-Type`, `Accept`, `User-Agent`, `Content-Length` and
  /// `Transfer-Encoding`.
  Headers headers{};
  /// Called after each attempt, also one without a connection, on the calling thread; for
  /// asynchronous calls, on the client's own thread. If several threads use the client, they call
  /// `on_attempt` at the same time. The call waits until it returns; in a batch, every request
  /// waits. Its exceptions leave the call; an asynchronous call ends as
  /// `TransportError::Kind::other` instead.
  std::function<void(const Attempt&)> on_attempt{};
  /// Limits the HTTP requests per second. Clients that share one `RateLimit` share its rate. Null:
  /// no limit.
  std::shared_ptr<RateLimit> rate_limit{};
  /// Most asynchronous calls that are sent at a time. Further calls wait. 1 or more.
  std::size_t max_in_flight = 128;

  /// Returns options whose `base_url`, `account_id` and `api_key` come from the environment
  /// variables MOBIVATE_BASE_URL, MOBIVATE_ACCOUNT_ID and MOBIVATE_API_KEY. A variable that is not
  /// set gives an empty string; the constructor of `DoiClient` then throws and names the variable.
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

/// Options of a single call.
struct CallOptions {
  /// Replaces `ClientOptions::total_timeout`. Zero or less: nothing is sent.
  std::optional<std::chrono::milliseconds> total_timeout{};
  /// Called often, on the calling thread; for an asynchronous call, on the client's own thread.
  /// Return true to end the call: it ends within 100 ms as `TransportError::Kind::cancelled`. Its
  /// exceptions leave the call; an asynchronous call ends as `Kind::other` instead.
  std::function<bool()> cancelled{};
  /// Header fields of this call, for example `traceparent` of W3C Trace Context. They follow those
  /// of `ClientOptions::headers`. If one can't be sent, nothing is sent and the result is an
  /// `InvalidRequest`.
  Headers headers{};
  /// Set it if an earlier process may have sent this very request, for example a process that was
  /// killed. A failure to connect is then `unknown` instead of `not_sent`, and a refusal has
  /// `after_unknown` set.
  bool maybe_sent_before = false;
};

}  // namespace mobivate
