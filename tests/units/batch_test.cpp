// What unsubscribe_all promises, on a clock that is set by hand and over transports that can have
// many requests under way or only one.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <mobivate/detail/calling/batch_run.hpp>

#include "catch.hpp"
#include "support.hpp"
#include "timeline.hpp"

using namespace std::chrono_literals;
using namespace support;

namespace {

using Kind = mobivate::TransportError::Kind;
using Outcomes = std::vector<std::pair<std::string, std::string>>;  // reference, result

mobivate::UnsubscribeRequest request(const std::string& reference) {
  auto request = ndoi_request();
  request.reference = reference;
  return request;
}

std::vector<mobivate::UnsubscribeRequest> requests(std::size_t count) {
  std::vector<mobivate::UnsubscribeRequest> requests;
  for (std::size_t i = 1; i <= count; ++i) requests.push_back(request(std::to_string(i)));
  return requests;
}

std::string reference_of(const mobivate::HttpRequest& request) {
  const std::size_t name = request.url.find("&reference=");
  const std::size_t value = name + std::string("&reference=").size();
  return request.url.substr(value, request.url.find('&', value) - value);
}

/// A batch on a fake clock, and what came of it.
struct Fixture {
  explicit Fixture(SimulatedTransport::Answer answer)
      : transport(std::make_shared<SimulatedTransport>(timeline, std::move(answer))) {}

  template <class Next>
  mobivate::BatchSummary run(Next next) {
    auto on_result = [this](const mobivate::UnsubscribeRequest& request,
                            const mobivate::UnsubscribeResult& result) {
      outcomes.emplace_back(request.reference, to_string(result));
    };
    return run(std::move(next), on_result);
  }

  mobivate::BatchSummary run(const mobivate::detail::NextRequest& next,
                             const mobivate::detail::OnResult& on_result) const {
    const mobivate::detail::Account account(options);
    const FakeClock clock(timeline);
    return mobivate::detail::BatchRun(account, *transport, clock, next, on_result, batch).run();
  }

  mobivate::BatchSummary run(const std::vector<mobivate::UnsubscribeRequest>& requests) {
    return run([&, i = std::size_t{0}]() mutable -> std::optional<mobivate::UnsubscribeRequest> {
      if (i == requests.size()) return std::nullopt;
      ++pulled;
      most_in_flight = std::max(most_in_flight, pulled - outcomes.size());
      return requests[i++];
    });
  }

  std::shared_ptr<Timeline> timeline = std::make_shared<Timeline>();
  std::shared_ptr<SimulatedTransport> transport;
  mobivate::ClientOptions options = support::options();
  mobivate::BatchOptions batch;
  Outcomes outcomes;
  std::size_t pulled = 0;
  std::size_t most_in_flight = 0;
};

}  // namespace

TEST_CASE(
    "A batch has 32 in flight and no limit of its own to the rate, unless you say otherwise") {
  CHECK(mobivate::BatchOptions().max_in_flight == 32);
  CHECK(mobivate::BatchOptions().max_per_second == 0);
}

TEST_CASE("A summary that you make yourself counts from 0") {
  const mobivate::BatchSummary summary;
  CHECK(summary.total == 0);
  CHECK(summary.accepted == 0);
  CHECK(summary.refused == 0);
  CHECK(summary.not_sent == 0);
  CHECK(summary.unknown == 0);
}

TEST_CASE("A batch pulls until there is no more, and reports each request once") {
  const auto gateway = mock();
  gateway->reply(200, R"({"200": "MT-1"})").reply(200, R"({"error": "541"})").reply(500, "");
  gateway->fail({Kind::connect, false, "refused"});
  const mobivate::DoiClient client(without_retries(options()), gateway);
  Outcomes outcomes;
  int pulled = 0;
  const auto summary = client.unsubscribe_all(
      [&]() -> std::optional<mobivate::UnsubscribeRequest> {
        if (pulled == 4) return std::nullopt;
        return request(std::to_string(++pulled));
      },
      [&](const mobivate::UnsubscribeRequest& request, const mobivate::UnsubscribeResult& result) {
        outcomes.emplace_back(request.reference, to_string(stop_state(result)));
      });
  CHECK(outcomes ==
        Outcomes{{"1", "accepted"}, {"2", "refused"}, {"3", "unknown"}, {"4", "not_sent"}});
  CHECK(summary.total == 4);
  CHECK(summary.accepted == 1);
  CHECK(summary.refused == 1);
  CHECK(summary.unknown == 1);
  CHECK(summary.not_sent == 1);
  CHECK(gateway->requests().size() == 4);
}

TEST_CASE("A batch takes its requests from any range") {
  const auto gateway = mock();
  gateway->reply(200, "MT-1").reply(200, "MT-2");
  const mobivate::DoiClient client(options(), gateway);
  std::string references;
  const auto note = [&](const auto& request, const auto& /*result*/) {
    references += request.reference;
  };
  SECTION("a vector") {
    client.unsubscribe_all(requests(2), note);
  }
  SECTION("a constant list") {
    const std::list<mobivate::UnsubscribeRequest> list{request("1"), request("2")};
    client.unsubscribe_all(list, note);
  }
  SECTION("an array") {
    mobivate::UnsubscribeRequest array[] = {request("1"), request("2")};
    client.unsubscribe_all(array, note);
  }
  CHECK(references == "12");
}

TEST_CASE("An empty batch is a batch") {
  const mobivate::DoiClient client(options(), mock());
  const auto summary = client.unsubscribe_all(std::vector<mobivate::UnsubscribeRequest>{},
                                              [](const auto&, const auto&) { FAIL(); });
  CHECK(summary.total == 0);
}

TEST_CASE("A batch keeps its own copy of the functions, as a call by value does") {
  const auto gateway = mock();
  gateway->reply(200, "MT-1");
  const mobivate::DoiClient client(options(), gateway);
  const auto next = [left = 1]() mutable -> std::optional<mobivate::UnsubscribeRequest> {
    if (left-- == 0) return std::nullopt;
    return request("1");
  };
  CHECK(client.unsubscribe_all(next, [](const auto&, const auto&) {}).accepted == 1);
}

TEST_CASE("What the mock throws when no answer is left comes out of the batch") {
  const mobivate::DoiClient client(options(), mock());
  CHECK_THROWS_AS(client.unsubscribe_all(requests(1), [](const auto&, const auto&) {}),
                  std::logic_error);
}

TEST_CASE("Requests are pulled as they can be sent, never more than max_in_flight ahead") {
  const std::size_t max_in_flight = GENERATE(1U, 3U, 32U, 1'000U);
  const bool only_send = GENERATE(false, true);
  CAPTURE(max_in_flight, only_send);
  std::minstd_rand random(1);
  Fixture fixture([&](const auto&) {
    Step step = random() % 3 == 0 ? status(503) : accepted();
    step.takes = std::chrono::milliseconds(random() % 100);
    return step;
  });
  fixture.transport->only_send = only_send;
  fixture.batch.max_in_flight = max_in_flight;
  const auto summary = fixture.run(requests(200));
  CHECK(summary.total == 200);
  CHECK(fixture.most_in_flight <= max_in_flight);
  if (!only_send) {
    CHECK(fixture.transport->most_under_way == std::min<std::size_t>(max_in_flight, 200));
  }
}

TEST_CASE("Results come in the order in which they are there") {
  const std::map<std::string, std::chrono::milliseconds> takes{
      {"1", 300ms}, {"2", 100ms}, {"3", 200ms}, {"4", 50ms}};
  Fixture fixture([&](const mobivate::HttpRequest& http) {
    Step step = accepted();
    step.takes = takes.at(reference_of(http));
    return step;
  });
  fixture.batch.max_in_flight = 3;
  fixture.run(requests(4));
  CHECK(fixture.outcomes == Outcomes{{"2", "accepted: MT-1"},
                                     {"4", "accepted: MT-1"},
                                     {"3", "accepted: MT-1"},
                                     {"1", "accepted: MT-1"}});
}

TEST_CASE("A retry that waits delays no other request") {
  const bool only_send = GENERATE(false, true);
  bool first = true;
  Fixture fixture([&](const mobivate::HttpRequest& http) {
    if (reference_of(http) != "1" || !std::exchange(first, false)) return accepted();
    return status(503, "30");
  });
  fixture.transport->only_send = only_send;
  fixture.batch.max_in_flight = 2;
  const Time start = fixture.timeline->now;
  const auto summary = fixture.run(requests(50));
  CHECK(summary.accepted == 50);
  CHECK(fixture.outcomes.back().first == "1");
  CHECK(fixture.transport->starts.back() == start + 30s);
  CHECK(fixture.transport->starts[fixture.transport->starts.size() - 2] == start);
}

TEST_CASE("A batch retries as a single call does") {
  Fixture fixture([](const auto&) { return status(503); });
  fixture.options.retry = {4, 100ms, 10s, 3.0};
  const Time start = fixture.timeline->now;
  fixture.run(requests(1));
  CHECK(fixture.outcomes == Outcomes{{"1", "unknown: HTTP 503: an empty body; send again later"}});
  CHECK(fixture.transport->starts ==
        std::vector<Time>{start, start + 100ms, start + 400ms, start + 1'300ms});
}

TEST_CASE("Each request of a batch has the whole total_timeout") {
  Fixture fixture([](const auto&) {
    return Step{mobivate::TransportError{Kind::timeout, true, "x"}, 15s};
  });
  fixture.options.total_timeout = 20s;
  fixture.options.retry = {9, 0ms, 0ms, 1.0};
  fixture.batch.max_in_flight = 1;
  const Time start = fixture.timeline->now;
  fixture.run(requests(2));
  CHECK(fixture.outcomes == Outcomes{{"1", "unknown: timeout: x"}, {"2", "unknown: timeout: x"}});
  CHECK(fixture.transport->starts ==
        std::vector<Time>{start, start + 15s, start + 20s, start + 35s});
}

TEST_CASE("An invalid request is reported when it is pulled, and costs nothing") {
  Fixture fixture([](const auto&) { return accepted(); });
  fixture.batch.max_per_second = 1;
  auto mixed = requests(3);
  mixed[1].destination = "+254743210492";
  const Time start = fixture.timeline->now;
  const auto summary = fixture.run(mixed);
  CHECK(summary.total == 3);
  CHECK(summary.accepted == 2);
  CHECK(summary.not_sent == 1);
  CHECK(fixture.outcomes[0].first == "2");
  CHECK(fixture.outcomes[0].second.substr(0, 22) == "not_sent: destination:");
  CHECK(fixture.timeline->now < start + 1'100ms);
}

TEST_CASE("Attempts keep to max_per_second, retries included") {
  const double per_second = GENERATE(2, 50, 1'000);
  const bool only_send = GENERATE(false, true);
  CAPTURE(per_second, only_send);
  std::minstd_rand random(1);
  Fixture fixture([&](const auto&) {
    Step step = random() % 2 == 0 ? status(503) : accepted();
    step.takes = std::chrono::milliseconds(random() % (only_send ? 2 : 300));
    return step;
  });
  fixture.transport->only_send = only_send;
  fixture.options.retry.initial_backoff = 0ms;
  fixture.batch.max_per_second = per_second;
  fixture.batch.max_in_flight = 1'000;
  const auto count = static_cast<std::size_t>(per_second) * 3;
  CHECK(fixture.run(requests(count)).total == count);

  const auto& starts = fixture.transport->starts;
  std::size_t most = 0;
  for (auto first = starts.begin(); first != starts.end(); ++first) {
    const auto end = std::lower_bound(first, starts.end(), *first + 1s);
    most = std::max(most, static_cast<std::size_t>(end - first));
  }
  CHECK(most <= static_cast<std::size_t>(per_second));
  // The last retries wait for answers, not for the rate.
  const auto paced = starts.size() * 3 / 4;
  const auto took = std::chrono::duration<double>(starts[paced] - starts.front()).count();
  CHECK(took < 1.02 * static_cast<double>(paced) / per_second);
}

TEST_CASE("A retry that has to wait for the rate ends when its time is over") {
  Fixture fixture([](const auto&) { return status(503, "0"); });
  fixture.options.total_timeout = 10s;
  fixture.options.retry.max_attempts = 1'000;
  fixture.batch.max_per_second = 0.01;
  const Time start = fixture.timeline->now;
  fixture.run(requests(1));
  CHECK(fixture.outcomes == Outcomes{{"1", "unknown: HTTP 503: an empty body; send again later"}});
  CHECK(fixture.timeline->now < start + 10'100ms);
}

TEST_CASE("A batch that is cancelled stops pulling and reports all that was pulled") {
  const bool only_send = GENERATE(false, true);
  CAPTURE(only_send);
  Fixture fixture([](const mobivate::HttpRequest& http) {
    if (http.cancelled()) return failure(Kind::cancelled, true);
    const std::string reference = reference_of(http);
    if (reference == "1") return status(503, "30");
    Step step = accepted();
    step.takes = reference == "2" ? 1ms : 10s;
    return step;
  });
  fixture.transport->only_send = only_send;
  fixture.batch.max_in_flight = 4;
  int asked_after = 0;
  SECTION("for good") {
    fixture.batch.cancelled = [&] { return fixture.outcomes.size() >= 1; };
  }
  SECTION("once is enough") {
    fixture.batch.cancelled = [&] { return fixture.outcomes.size() >= 1 && ++asked_after == 1; };
  }
  const auto summary = fixture.run(requests(50));
  CHECK(summary.total == fixture.pulled);
  CHECK(fixture.outcomes.size() == fixture.pulled);
  CHECK(fixture.outcomes.front() == std::pair<std::string, std::string>("2", "accepted: MT-1"));
  for (std::size_t i = 1; i < fixture.outcomes.size(); ++i) {
    const bool was_sent = fixture.outcomes[i].first != "3" || !only_send;
    CHECK(fixture.outcomes[i].second ==
          std::string(was_sent ? "unknown" : "not_sent") + ": cancelled: cancelled by the caller");
  }
  CHECK(fixture.pulled == (only_send ? 3 : 4));
}

TEST_CASE("A batch ends with its last result, however slow its rate") {
  Fixture fixture([](const auto&) { return accepted(); });
  fixture.batch.max_per_second = 0.001;
  const Time start = fixture.timeline->now;
  CHECK(fixture.run(requests(1)).accepted == 1);
  CHECK(fixture.timeline->now == start);
}

TEST_CASE("Callbacks and rows that can't be sent hold up nobody for longer than they take") {
  Fixture fixture([&](const auto&) {
    Step step = accepted();
    step.takes = 300ms;
    return step;
  });
  fixture.batch.max_in_flight = 2'000;
  const auto take_a_while = [&] { fixture.timeline->now += 500us; };
  auto mixed = requests(2'000);
  SECTION("rows that can't be sent") {
    for (std::size_t i = 2; i < mixed.size(); ++i) mixed[i].destination = "+254743210492";
    CHECK(fixture
              .run(
                  [&, i = std::size_t{0}]() mutable -> std::optional<mobivate::UnsubscribeRequest> {
                    if (i == mixed.size()) return std::nullopt;
                    take_a_while();
                    return mixed[i++];
                  },
                  [](const auto&, const auto&) {})
              .accepted == 2);
  }
  SECTION("many results at once") {
    std::size_t left = mixed.size();
    CHECK(fixture
              .run(
                  [&]() -> std::optional<mobivate::UnsubscribeRequest> {
                    if (left == 0) return std::nullopt;
                    return mixed[--left];
                  },
                  [&](const auto&, const auto&) { take_a_while(); })
              .accepted == 2'000);
  }
  SECTION("many attempts at once") {
    fixture.options.on_attempt = [&](const auto&) { take_a_while(); };
    CHECK(fixture.run(mixed).accepted == 2'000);
  }
  CHECK(fixture.transport->longest_neglect < 2ms);
}

TEST_CASE(
    "A call is asked every 50 ms whether it was cancelled, however much else ends meanwhile") {
  const Fixture fixture([](const auto& http) {
    Step step = accepted();
    step.takes = reference_of(http) == "long" ? 1s : 5ms;
    return step;
  });
  const mobivate::detail::Account account(fixture.options);
  const FakeClock clock(fixture.timeline);
  mobivate::detail::Driver::Setup setup;
  setup.max_in_flight = 2;
  setup.on_end = [](mobivate::detail::Call&) {};
  mobivate::detail::Driver driver(account, *fixture.transport, clock, setup);
  int asked = 0;
  mobivate::CallOptions call;
  call.cancelled = [&] { return ++asked < 0; };
  driver.add(std::make_unique<mobivate::detail::Call>(request("long"), call));
  for (const auto& other : requests(100)) {
    driver.add(std::make_unique<mobivate::detail::Call>(other, mobivate::CallOptions{}));
  }
  while (driver.size() > 0) driver.step((Duration::max)());
  CHECK(asked >= 19);
  CHECK(asked <= 30);  // at its begin and end, too
}

TEST_CASE("A batch that can't be cancelled sleeps until something ends") {
  Fixture fixture([](const auto&) {
    Step step = accepted();
    step.takes = 5s;
    return step;
  });
  CHECK(fixture.run(requests(1)).accepted == 1);
  CHECK(fixture.transport->waits <= 3);
}

TEST_CASE("Giving up many requests takes time that grows with their number only") {
  const std::size_t count = 40'000;
  Fixture fixture([](const auto&) { return status(503, "30"); });
  fixture.options.retry.max_attempts = 2;
  fixture.batch.max_in_flight = count;
  std::size_t answered = 0;
  fixture.options.on_attempt = [&](const auto&) { ++answered; };
  fixture.batch.cancelled = [&] { return answered == count; };
  std::chrono::steady_clock::time_point start;
  std::size_t results = 0;
  std::size_t left = count;
  const auto summary = fixture.run(
      [&]() -> std::optional<mobivate::UnsubscribeRequest> {
        if (left == 0) return std::nullopt;
        return request(std::to_string(left--));
      },
      [&](const auto&, const auto&) {
        if (++results == 1) start = std::chrono::steady_clock::now();
      });
  CHECK(summary.unknown == count);
  CHECK(std::chrono::steady_clock::now() - start < 1s);
}

TEST_CASE("No more than max_in_flight are numbered, however many wait for a retry") {
  Fixture fixture([first = std::set<std::string>()](const auto& http) mutable {
    return first.insert(reference_of(http)).second ? status(503, "1") : accepted();
  });
  fixture.batch.max_in_flight = 100;
  CHECK(fixture.run(requests(1'000)).accepted == 1'000);
  CHECK(fixture.transport->largest_id < 100);
}

TEST_CASE(
    "After a failure that distrusts the connections there are, that call's next is on a new one") {
  int attempts = 0;
  Fixture fixture([&](const mobivate::HttpRequest&) {
    Step step = ++attempts < 3 ? status(503) : accepted();
    step.wants_new_connection = attempts == 1;
    return step;
  });
  fixture.batch.max_in_flight = 1;
  CHECK(fixture.run(requests(2)).accepted == 2);
  CHECK(fixture.transport->on_new_connection == std::vector<bool>{false, true, false, false});
}

TEST_CASE("An attempt on a used connection that broke is followed at once") {
  int attempts = 0;
  Fixture fixture([&](const auto&) {
    if (++attempts == 3) return accepted();
    Step step = failure(Kind::receive, true);
    step.retry_at_once = attempts == 1;
    return step;
  });
  const Time start = fixture.timeline->now;
  CHECK(fixture.run(requests(1)).accepted == 1);
  CHECK(fixture.transport->starts == std::vector<Time>{start, start, start + 500ms});
}

TEST_CASE("Options of a batch that can't be right are refused by name") {
  const mobivate::DoiClient client(options(), mock());
  const auto refused = [&](const mobivate::BatchOptions& batch) -> std::string {
    try {
      client.unsubscribe_all(
          requests(1), [](const auto&, const auto&) {}, batch);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  mobivate::BatchOptions batch;
  SECTION("none in flight") {
    batch.max_in_flight = 0;
    CHECK_THAT(refused(batch), Catch::Matchers::StartsWith("max_in_flight: "));
  }
  SECTION("a negative rate") {
    batch.max_per_second = -1;
    CHECK_THAT(refused(batch), Catch::Matchers::StartsWith("max_per_second: "));
  }
  SECTION("a rate that is no number") {
    batch.max_per_second = std::numeric_limits<double>::quiet_NaN();
    CHECK_THAT(refused(batch), Catch::Matchers::StartsWith("max_per_second: "));
  }
}

TEST_CASE("A batch keeps to the client's rate limit and to its own") {
  const auto [client_rate, batch_rate] =
      GENERATE(table<double, double>({{10, 1'000}, {1'000, 10}}));
  CAPTURE(client_rate);
  Fixture fixture([](const auto&) { return accepted(); });
  fixture.options.rate_limit = std::make_shared<mobivate::RateLimit>(client_rate);
  fixture.batch.max_per_second = batch_rate;
  const Time start = fixture.timeline->now;
  CHECK(fixture.run(requests(21)).accepted == 21);
  CHECK(fixture.timeline->now >= start + 2s);
  CHECK(fixture.timeline->now < start + 2'100ms);
}

TEST_CASE("A batch that is cancelled before it began pulls nothing") {
  Fixture fixture([](const auto&) { return accepted(); });
  fixture.batch.cancelled = [] { return true; };
  CHECK(fixture.run(requests(5)).total == 0);
  CHECK(fixture.pulled == 0);
}

TEST_CASE("What a callback throws comes out of the batch") {
  const bool only_send = GENERATE(false, true);
  Fixture fixture([](const auto&) { return accepted(); });
  fixture.transport->only_send = only_send;
  SECTION("next") {
    CHECK_THROWS_AS(fixture.run([n = 0]() mutable -> std::optional<mobivate::UnsubscribeRequest> {
      if (n++ == 3) throw std::out_of_range("next");
      return request("1");
    }),
                    std::out_of_range);
  }
  SECTION("on_result") {
    auto next = [] { return std::optional(request("1")); };
    auto on_result = [](const auto&, const auto&) { throw std::out_of_range("on_result"); };
    CHECK_THROWS_AS(fixture.run(next, on_result), std::out_of_range);
  }
  SECTION("on_attempt") {
    fixture.options.on_attempt = [](const auto&) { throw std::out_of_range("on_attempt"); };
    CHECK_THROWS_AS(fixture.run(requests(3)), std::out_of_range);
  }
  SECTION("cancelled") {
    int asked = 0;
    fixture.batch.cancelled = [&]() -> bool {
      if (++asked == 5) throw std::out_of_range("cancelled");
      return false;
    };
    CHECK_THROWS_AS(fixture.run(requests(30)), std::out_of_range);
  }
}

TEST_CASE("A model of a batch: 300 runs with random options and answers") {
  const auto seed = static_cast<std::minstd_rand::result_type>(GENERATE(range(1, 301)));
  CAPTURE(seed);
  std::minstd_rand random(seed);
  const auto one_of = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };

  std::map<std::string, int> attempts;
  std::map<std::string, std::string> last;
  std::set<std::string> may_have_arrived;
  Fixture fixture([&](const mobivate::HttpRequest& http) {
    const std::string reference = reference_of(http);
    ++attempts[reference];
    Step step;
    switch (one_of(6)) {
      case 0:
        step = status(503, one_of(2) == 0 ? "1" : "");
        may_have_arrived.insert(reference);
        break;
      case 1:
        step = failure(Kind::connect, false);
        break;
      case 2:
        step = failure(Kind::receive, true);
        may_have_arrived.insert(reference);
        break;
      case 3:
        step = {mobivate::HttpResponse{200, "541", {}}};
        break;
      default:
        step = accepted();
    }
    last[reference] = to_string(stop_state(std::visit(
        [](const auto& it) -> mobivate::UnsubscribeResult {
          if constexpr (std::is_same_v<std::decay_t<decltype(it)>, mobivate::HttpResponse>) {
            return mobivate::parse_response(it);
          } else {
            return it;
          }
        },
        step.answer)));
    step.takes = std::chrono::milliseconds(one_of(400));
    return step;
  });
  fixture.transport->only_send = one_of(3) == 0;
  fixture.options.retry.max_attempts = 1 + static_cast<int>(one_of(4));
  fixture.batch.max_in_flight = 1 + one_of(10);
  fixture.batch.max_per_second = one_of(2) == 0 ? 0 : 1 + static_cast<double>(one_of(100));
  const std::size_t count = one_of(60);
  const auto summary = fixture.run(requests(count));

  CHECK(summary.total == count);
  CHECK(summary.accepted + summary.refused + summary.not_sent + summary.unknown == count);
  std::set<std::string> reported;
  for (const auto& [reference, outcome] : fixture.outcomes) {
    CHECK(reported.insert(reference).second);
    const std::string state = outcome.substr(0, outcome.find(':'));
    const bool in_doubt = last[reference] == "not_sent" && may_have_arrived.count(reference) > 0;
    CHECK(state == (in_doubt ? "unknown" : last[reference]));
    CHECK(attempts[reference] <= fixture.options.retry.max_attempts);
  }
  CHECK(reported.size() == count);
}
