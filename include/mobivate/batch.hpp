#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

/// Options of one call of `DoiClient::unsubscribe_all`.
struct BatchOptions {
  /// Most requests without a result at a time. Requests that wait for a retry count too. This
  /// limits memory and connections. 1 or more.
  std::size_t max_in_flight = 32;
  /// Most HTTP requests, retries included, that the batch starts in any one second. They are spread
  /// evenly. 0: no limit. `ClientOptions::rate_limit` applies as well.
  double max_per_second = 0;
  /// Called often, on the calling thread. Return true to end the batch: `next` is not called any
  /// more, and requests in flight end within 100 ms as `TransportError::Kind::cancelled`.
  std::function<bool()> cancelled{};
};

/// The results of a batch, counted. Each request that `next` returned has exactly one result.
struct BatchSummary {
  std::size_t total{0};     ///< All requests: the sum of the four counts below.
  std::size_t accepted{0};  ///< Results that are `StopState::accepted`.
  std::size_t refused{0};   ///< Results that are `StopState::refused`.
  std::size_t not_sent{0};  ///< Results that are `StopState::not_sent`.
  std::size_t unknown{0};   ///< Results that are `StopState::unknown`.
};

namespace detail {

/// Returns the next request of a batch, or nothing after the last.
using NextRequest = std::function<std::optional<UnsubscribeRequest>()>;

/// Called with each result of a batch.
using OnResult = std::function<void(const UnsubscribeRequest&, const UnsubscribeResult&)>;

/// Called once with the result of an asynchronous call. It may move the result away.
using OnEnd = std::function<void(UnsubscribeResult&)>;

}  // namespace detail

}  // namespace mobivate
