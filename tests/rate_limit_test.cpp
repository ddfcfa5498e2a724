#include <mobivate/detail/rate_limit.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using mobivate::detail::RateLimit;

namespace {

using Time = RateLimit::Time;

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
    const auto wait = limit.wait(now);
    if (wait.count() > 0) {
      now += wait + std::chrono::microseconds(late(random));
      continue;
    }
    limit.take(now);
    times.push_back(now);
  }
  return times;
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
  limit.take(now);
  now += 1h;
  CHECK(limit.wait(now) == 0s);
  limit.take(now);
  CHECK(limit.wait(now) > 4ms);
}

TEST_CASE("A rate that is not above 0 is none") {
  const double per_second =
      GENERATE(0.0, -1.0, -std::numeric_limits<double>::infinity(),
               std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN());
  RateLimit limit(per_second);
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE(limit.wait(Time{1000h}) == 0s);
    limit.take(Time{1000h});
  }
}

TEST_CASE("The smallest rate waits, and not for ever") {
  RateLimit limit(std::numeric_limits<double>::denorm_min());
  limit.take(Time{1000h});
  CHECK(limit.wait(Time{1000h}) == 1h);
}
