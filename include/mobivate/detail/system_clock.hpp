#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <random>
#include <thread>

#include <mobivate/detail/cancelled.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// The time and the chance that a call depends on; tests put their own in its place.
class SystemClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  [[nodiscard]] static Time now() noexcept { return std::chrono::steady_clock::now(); }

  [[nodiscard]] static std::time_t date() noexcept { return std::time(nullptr); }

  /// From 0 to 1.
  [[nodiscard]] static double random() {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
  }

  /// Sleeps; returns false, early, if cancelled.
  [[nodiscard]] static bool sleep(Duration duration, const std::function<bool()>& cancelled) {
    const Time end = now() + duration;
    for (Time time = now(); time < end; time = now()) {
      if (!cancelled) {
        std::this_thread::sleep_until(end);
      } else if (cancelled()) {
        return false;
      } else {
        std::this_thread::sleep_for(std::min<Duration>(end - time, cancellation_interval));
      }
    }
    return !(cancelled && cancelled());
  }
};

}}}  // namespace mobivate::v0::detail
