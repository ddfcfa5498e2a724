#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>

#include <mobivate/detail/config.hpp>

namespace mobivate {

namespace detail {
struct Turn;
}  // namespace detail

/// Limits the HTTP requests per second, retries included, of all clients that share it. The
/// requests are spread evenly. Set it as `ClientOptions::rate_limit`. Safe to use from many threads
/// at once.
class RateLimit {
 public:
  /// Requests per second; 0: no limit. Throws `std::invalid_argument` if it is NaN or negative.
  explicit RateLimit(double per_second = 0) { set_per_second(per_second); }

  /// Changes the rate. Waiting calls follow within 100 ms. Throws like the constructor; the rate
  /// then stays as it was.
  void set_per_second(double per_second) {
    if (!(per_second >= 0)) {
      throw std::invalid_argument(
          "per_second: is NaN or negative; write how many requests a second may begin, 0 for no "
          "limit");
    }
    per_second_ = per_second;
  }

  /// The rate; 0: no limit.
  [[nodiscard]] double per_second() const noexcept { return per_second_; }

 private:
  friend struct detail::Turn;

  using Count = std::chrono::steady_clock::rep;

  // Atomic, without a mutex: a mutex that another thread holds at a fork stays locked in the child.
  std::atomic<double> per_second_{0};
  std::atomic<Count> last_turn_{0};  ///< Since the clock's epoch. 0: there was none.
};

namespace detail {

/// Gives requests their turns at a rate limit. Turns are evenly spaced. If a request takes its turn
/// up to 5 ms late, the next turn still comes when it would have come. To make up for these 5 ms,
/// the turns of a second are spread over 1.005 s, so no second has more than the rate, rounded up.
struct Turn {
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  /// Returns the time until the next turn; 0: now.
  [[nodiscard]] static Duration wait(const RateLimit& limit, Time now) {
    return wait_after(limit, limit.last_turn_, now);
  }

  /// Takes a turn. Returns false if there is none yet, or if another thread has just taken it.
  [[nodiscard]] static bool take(RateLimit& limit, Time now) {
    RateLimit::Count last = limit.last_turn_;
    if (wait_after(limit, last, now) > Duration(0)) return false;
    const Time turn = (std::max)(Time(Duration(last)) + spacing(limit), now - lateness);
    return limit.last_turn_.compare_exchange_strong(last, turn.time_since_epoch().count());
  }

 private:
  static constexpr Duration lateness = std::chrono::milliseconds(5);

  static Duration wait_after(const RateLimit& limit, RateLimit::Count last, Time now) {
    if (last == 0) return Duration(0);
    return (std::max)(Time(Duration(last)) + spacing(limit) - now, Duration(0));
  }

  static Duration spacing(const RateLimit& limit) {
    constexpr std::chrono::duration<double> longest = std::chrono::hours(1);
    constexpr std::chrono::duration<double> second = std::chrono::seconds(1) + lateness;
    const double rate = limit.per_second_;
    if (rate <= 0) return Duration(0);
    return std::chrono::ceil<Duration>((std::min)(second / rate, longest));
  }
};

/// Two limits that both apply. Each may be null: no limit.
struct Turns {
  RateLimit* shared;
  RateLimit* own;

  /// Returns the time until both give a turn.
  [[nodiscard]] Turn::Duration wait(Turn::Time now) const {
    const auto longest = shared == nullptr ? Turn::Duration(0) : Turn::wait(*shared, now);
    return own == nullptr ? longest : (std::max)(longest, Turn::wait(*own, now));
  }

  /// Takes a turn at both. Returns false if another thread has just taken it.
  [[nodiscard]] bool take(Turn::Time now) const {
    if (shared != nullptr && !Turn::take(*shared, now)) return false;
    return own == nullptr || Turn::take(*own, now);
  }
};

}  // namespace detail

}  // namespace mobivate
