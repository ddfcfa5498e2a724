#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

namespace mobivate { inline namespace v0 { namespace detail {

/// A token bucket. It never lets more than `per_second`, rounded up, begin in any one second: what
/// it may hold beside one token is taken off what flows in. What it holds is 5 ms' worth, so that
/// one who comes late by as much need not lose anything.
class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  /// Not above 0: no limit.
  explicit RateLimit(double per_second)
      : limited_(per_second > 0 && std::isfinite(per_second)),
        held_back_(limited_ ? per_second * 0.005 : 0),
        per_second_(limited_ ? per_second - held_back_ : 0) {}

  /// How long until the next may begin; 0: now.
  [[nodiscard]] Duration wait(Time now) const {
    if (!limited_) return Duration(0);
    const double missing = 1 - tokens(now);
    if (missing <= 0) return Duration(0);
    const std::chrono::duration<double> wait((std::min)(missing / per_second_, longest_wait));
    return std::chrono::ceil<Duration>(wait);
  }

  /// One begins.
  void take(Time now) {
    tokens_ = tokens(now) - 1;
    counted_ = now;
  }

 private:
  static constexpr double longest_wait = 3600;

  [[nodiscard]] double tokens(Time now) const {
    const std::chrono::duration<double> since = now - counted_;
    return (std::min)(tokens_ + since.count() * per_second_, 1 + held_back_);
  }

  bool limited_;
  double held_back_;
  double per_second_;
  double tokens_ = 1;
  Time counted_{};
};

}}}  // namespace mobivate::v0::detail
