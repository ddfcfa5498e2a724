// RateLimit: how many turns it gives, to one client and to several.

#include <mobivate/rate_limit.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using mobivate::RateLimit;
using mobivate::detail::Turn;
using mobivate::detail::Turns;

namespace {

using Time = Turn::Time;

/// The most that fall into one second, whichever second that is.
std::size_t most_in_one_second(const std::vector<Time>& times) {
  std::size_t most = 0;
  for (auto first = times.begin(); first != times.end(); ++first) {
    const auto end = std::lower_bound(first, times.end(), *first + 1s);
    most = std::max(most, static_cast<std::size_t>(end - first));
  }
  return most;
}

/// When a client takes tokens that takes all it can get, but looks only now and then.
std::vector<Time> times_taken(double per_second, std::chrono::microseconds latest_look,
                              std::chrono::seconds duration) {
  RateLimit limit(per_second);
  std::minstd_rand random(1);
  std::uniform_int_distribution<long> late(0, static_cast<long>(latest_look.count()));
  std::vector<Time> times;
  const Time start{1000h};
  for (Time now = start; now < start + duration;) {
    const auto wait = Turn::wait(limit, now);
    if (Turn::take(limit, now)) {
      times.push_back(now);
    } else {
      now += wait + std::chrono::microseconds(late(random));
    }
  }
  return times;
}

/// Without the nanosecond by which a turn is rounded up.
std::chrono::microseconds in_us(Turn::Duration wait) {
  return std::chrono::duration_cast<std::chrono::microseconds>(wait);
}

}  // namespace

TEST_CASE("No second has more than the rate allows, rounded up") {
  const double per_second = GENERATE(0.5, 1, 1.5, 3, 10, 99.5, 100, 1'000, 20'000);
  const auto latest_look = GENERATE(0us, 900us, 20'000us);
  CAPTURE(per_second, latest_look.count());
  const auto times = times_taken(per_second, latest_look, 5s);
  CHECK(most_in_one_second(times) <= static_cast<std::size_t>(std::ceil(per_second)));
}

TEST_CASE("Hardly less than the rate allows is done, although looks come a little late") {
  const double per_second = GENERATE(10, 100, 1'000, 20'000);
  CAPTURE(per_second);
  const auto times = times_taken(per_second, 2'000us, 10s);
  CHECK(static_cast<double>(times.size()) >= 10 * per_second * 0.98);
}

TEST_CASE("After a pause there is no burst") {
  RateLimit limit(100);
  Time now{1000h};
  CHECK(Turn::take(limit, now));
  now += 1h;
  CHECK(Turn::wait(limit, now) == 0s);
  CHECK(Turn::take(limit, now));
  CHECK_FALSE(Turn::take(limit, now));
  CHECK(Turn::wait(limit, now) > 4ms);
}

TEST_CASE("Turns are spread evenly, a little apart, and one that is 5 ms late loses nothing") {
  RateLimit limit(100);
  const Time start{1000h};
  REQUIRE(Turn::take(limit, start));  // as if it had been due 5 ms earlier
  CHECK(in_us(Turn::wait(limit, start)) == 5'050us);
  CHECK_FALSE(Turn::take(limit, start + 5'049us));
  REQUIRE(Turn::take(limit, start + 10'051us));  // 5 ms late
  CHECK(in_us(Turn::wait(limit, start + 10'051us)) == 5'050us);
  REQUIRE(Turn::take(limit, start + 22'000us));  // more than 5 ms late
  CHECK(in_us(Turn::wait(limit, start + 22'000us)) == 5'050us);
}

TEST_CASE("A turn is there when the wait is over, and not a tick of the clock earlier") {
  constexpr Turn::Duration tick(1);
  RateLimit limit(100);
  const Time start{1000h};
  REQUIRE(Turn::take(limit, start));
  const Time due = start + Turn::wait(limit, start);
  CHECK(Turn::wait(limit, due - tick) == tick);
  CHECK_FALSE(Turn::take(limit, due - tick));
  CHECK(Turn::wait(limit, due) == 0s);
  CHECK(Turn::take(limit, due));
}

TEST_CASE("The first turn is at once, also on a machine that has just been started") {
  CHECK(RateLimit().per_second() == 0);
  RateLimit limit(0.001);
  CHECK(Turn::wait(limit, Time{1s}) == 0s);
  CHECK(Turn::take(limit, Time{1s}));
}

TEST_CASE("Of two limits, both hold, and a missing one is none") {
  const Time start{1000h};
  RateLimit slow(10);
  RateLimit fast(100);
  const Turns none{nullptr, nullptr};
  CHECK(none.wait(start) == 0s);
  CHECK(none.take(start));
  CHECK(none.take(start));

  const bool slow_is_shared = GENERATE(true, false);
  const Turns both = slow_is_shared ? Turns{&slow, &fast} : Turns{&fast, &slow};
  CHECK(both.wait(start) == 0s);
  CHECK(both.take(start));
  CHECK(in_us(both.wait(start)) == 95'500us);
  CHECK_FALSE(both.take(start));
  CHECK_FALSE(both.take(start + 50ms));
  CHECK(in_us(both.wait(start + 50ms)) == 45'500us);
  CHECK(both.take(start + 101ms));

  RateLimit limit(100);
  const Turns one = slow_is_shared ? Turns{&limit, nullptr} : Turns{nullptr, &limit};
  CHECK(one.wait(start) == 0s);
  CHECK(one.take(start));
  CHECK_FALSE(one.take(start));
  CHECK(in_us(one.wait(start)) == 5'050us);
}

TEST_CASE("A rate of 0, or without end, is no limit") {
  const double per_second = GENERATE(0.0, std::numeric_limits<double>::infinity());
  RateLimit limit(per_second);
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE(Turn::wait(limit, Time{1000h}) == 0s);
    REQUIRE(Turn::take(limit, Time{1000h}));
  }
}

TEST_CASE("A rate that is no number, or negative, is refused by name") {
  const double nonsense = GENERATE(-1.0, -1e-300, -std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_WITH(RateLimit(nonsense),
                    "per_second: is NaN or negative; write how many requests a second may begin, "
                    "0 for no limit");
  RateLimit limit(2);
  CHECK_THROWS_AS(limit.set_per_second(nonsense), std::invalid_argument);
  CHECK(limit.per_second() == 2);
}

TEST_CASE("The smallest rate waits, and not for ever") {
  RateLimit limit(std::numeric_limits<double>::denorm_min());
  CHECK(Turn::take(limit, Time{1000h}));
  CHECK(Turn::wait(limit, Time{1000h}) > 59min);
  CHECK(Turn::wait(limit, Time{1000h}) <= 1h);
}

TEST_CASE("A rate that is changed holds from the last turn on") {
  RateLimit limit(0.001);
  const Time start{1000h};
  CHECK(Turn::take(limit, start));
  CHECK(Turn::wait(limit, start) > 900s);
  limit.set_per_second(10);
  CHECK(Turn::wait(limit, start) > 90ms);
  CHECK(Turn::wait(limit, start) < 110ms);
  limit.set_per_second(0);
  CHECK(Turn::take(limit, start));
}

TEST_CASE("Threads that share a rate take each turn once") {
  RateLimit limit(1'000);
  const Time start{1000h};
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int ms = 0; ms < 1'000; ++ms) {
        if (Turn::take(limit, start + std::chrono::milliseconds(ms))) ++taken;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(taken <= 1'000);
  CHECK(taken > 900);
}
