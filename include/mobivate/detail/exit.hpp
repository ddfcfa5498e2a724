#pragma once

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <mobivate/detail/per_process.hpp>

namespace mobivate::detail {

/// Makes `exit` and the end of `main` safe while calls are under way. Other threads keep running
/// while exit handlers run. One of these handlers cleans up libcurl's TLS library; a thread inside
/// libcurl would crash after that. So our handler runs first and waits, at most 500 ms, until no
/// thread is inside libcurl. From then on, a thread that is about to enter libcurl or to call a
/// callback sleeps until the process ends. No thread is joined and nothing is freed.
class Exit {
 public:
  [[nodiscard]] static bool has_begun() noexcept { return begun(); }

  /// Call it after each library that registers an exit handler of its own: handlers run in reverse
  /// order, so ours then runs before.
  static void register_handler() {
    static_cast<void>(inside());  // creates the counter before there are threads
    static_cast<void>(std::atexit(&Exit::begin));
  }

  /// Never returns once the exit has begun. Only for calls under way: a new call may come from the
  /// exiting thread itself, so it must return, as cancelled.
  static void park_if_begun() noexcept {
    while (begun()) std::this_thread::sleep_for(std::chrono::hours(1));
  }

  /// The same for a thread that is inside libcurl, where libcurl calls it back: it counts as
  /// outside, as it touches nothing any more.
  static void park_inside_if_begun() {
    if (!begun()) return;
    --inside();
    park_if_begun();
  }

  using Counter = std::atomic<int>;

  /// Returns the number of threads of this process that are inside libcurl.
  [[nodiscard]] static Counter& inside() { return *counters().get(); }

  /// Hold one while calling libcurl.
  class Guard {
   public:
    explicit Guard(Counter& inside) noexcept : inside_(inside) {
      ++inside_;
      if (!begun()) return;
      --inside_;
      park_if_begun();
    }
    ~Guard() { --inside_; }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    Guard(Guard&&) = delete;
    Guard& operator=(Guard&&) = delete;

   private:
    Counter& inside_;
  };

 private:
  static std::atomic<bool>& begun() noexcept {
    static std::atomic<bool> begun{false};
    return begun;
  }

  static PerProcess<Counter>& counters() {
    // Never destroyed: threads use it until the process ends. NOLINTNEXTLINE(cppcoreguidelines-*)
    static auto& counters = *new PerProcess<Counter>([] { return std::make_shared<Counter>(0); });
    return counters;
  }

  static void begin() noexcept {
    constexpr std::chrono::milliseconds longest{500};
    begun() = true;
    const auto end = std::chrono::steady_clock::now() + longest;
    while (inside() > 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

}  // namespace mobivate::detail
