#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

#include <mobivate/retry_policy.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// The attempts of one call: what follows each of them. Knows neither network nor clock.
class Attempts {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  Attempts(const RetryPolicy& policy, Time start, std::chrono::milliseconds total_timeout)
      : policy_(policy),
        deadline_(start +
                  std::clamp(total_timeout, std::chrono::milliseconds(0), longest_timeout)) {}

  /// The running attempt, or the one to come: counted from 1.
  [[nodiscard]] int number() const noexcept { return number_; }

  /// The time that is left to the call, in milliseconds begun; 0 or less: none.
  [[nodiscard]] std::chrono::milliseconds left(Time now) const {
    return std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now);
  }

  /// Takes in how the running attempt ended. Returns how long to wait before the next; or nothing:
  /// then the result is the call's. `random()` is from 0 to 1.
  template <class Random>
  [[nodiscard]] std::optional<Duration> wait_after(const UnsubscribeResult& result,
                                                   std::optional<std::chrono::seconds> retry_after,
                                                   Time now, Random random) {
    maybe_delivered_ = maybe_delivered_ || stop_state(result) == StopState::unknown;
    if (!is_retryable(result) || number_ >= policy_.max_attempts) return std::nullopt;
    const Duration wait = retry_after ? Duration(*retry_after) : backoff(random());
    if (wait >= deadline_ - now) return std::nullopt;
    ++number_;
    return wait;
  }

  /// The result of the last attempt as that of the call: a failure may have been delivered if any
  /// attempt may have been.
  [[nodiscard]] UnsubscribeResult joined(UnsubscribeResult last) const {
    if (auto* error = std::get_if<TransportError>(&last)) {
      error->maybe_delivered = error->maybe_delivered || maybe_delivered_;
    }
    return last;
  }

 private:
  static constexpr std::chrono::milliseconds longest_timeout = std::chrono::hours(24 * 365);

  /// Exponential, with full jitter.
  [[nodiscard]] Duration backoff(double random) const {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    constexpr double largest_factor = 1e15;  // infinitely many times 0 ms would be no number
    const double factor = (std::min)(std::pow(policy_.multiplier, number_ - 1), largest_factor);
    const Milliseconds longest =
        (std::min)(Milliseconds(policy_.initial_backoff) * factor,
                   Milliseconds((std::min)(policy_.max_backoff, longest_timeout)));
    return std::chrono::duration_cast<Duration>(longest * random);
  }

  RetryPolicy policy_;
  Time deadline_;
  int number_ = 1;
  bool maybe_delivered_ = false;
};

}}}  // namespace mobivate::v0::detail
