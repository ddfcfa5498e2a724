#pragma once

#include <chrono>

#include <time.h>

namespace fleet {

/// Time since this machine started, sleep included: a lease goes on while the machine is suspended,
/// and a changed clock changes nothing.
struct BootClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    timespec time{};
#ifdef CLOCK_BOOTTIME
    ::clock_gettime(CLOCK_BOOTTIME, &time);
#else
    ::clock_gettime(CLOCK_MONOTONIC, &time);
#endif
    return time_point(duration(rep{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000));
  }
};

using BootTime = BootClock::time_point;
using Seconds = std::chrono::duration<double>;

inline BootClock::duration to_boot(Seconds time) {
  return std::chrono::duration_cast<BootClock::duration>(time);
}

/// Tells when a moment of PostgreSQL's clock is on this machine's. Each answer of the server
/// carries its clock, and was on its way for some time: the smallest difference is the best.
class ServerClock {
 public:
  /// `asked` and `arrived` are when the statement was sent and its answer was there.
  void see(BootTime asked, BootTime arrived, std::chrono::microseconds server) noexcept {
    const auto most = arrived.time_since_epoch() - server;
    const auto least = asked.time_since_epoch() - server;
    // Below what is possible now: the server's clock was set, or is another server's.
    if (!known_ || most < difference_ || difference_ < least) difference_ = most;
    known_ = true;
  }
  void forget() noexcept { known_ = false; }

  BootTime at(std::chrono::microseconds server) const noexcept {
    return BootTime(server + difference_);
  }

 private:
  std::chrono::microseconds difference_{};
  bool known_ = false;
};

}  // namespace fleet
