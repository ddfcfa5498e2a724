#pragma once

#include <cstddef>
#include <functional>

namespace mobivate { inline namespace v0 {

/// How a batch is run.
struct BatchOptions {
  /// Requests that were pulled and have no result yet, those waiting for their next attempt
  /// included: it bounds memory and connections. 0 is taken for 1.
  std::size_t max_in_flight = 32;
  /// HTTP requests, retries included, that are begun in any one second; they are spread evenly.
  /// Not above 0: no limit.
  double max_per_second = 0;
  /// Asked again and again, on the thread that called; once it is true, no more requests are pulled
  /// and those in flight end within 100 ms as `TransportError::Kind::cancelled`.
  std::function<bool()> cancelled{};
};

/// What a batch came to: `total` requests were pulled, and each has one result.
struct BatchSummary {
  std::size_t total{0};     ///< The sum of the four below.
  std::size_t accepted{0};  ///< Results that are `StopState::accepted`.
  std::size_t refused{0};   ///< Results that are `StopState::refused`.
  std::size_t not_sent{0};  ///< Results that are `StopState::not_sent`.
  std::size_t unknown{0};   ///< Results that are `StopState::unknown`.
};

}}  // namespace mobivate::v0
