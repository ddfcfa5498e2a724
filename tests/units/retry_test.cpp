// Attempts, waits and deadlines, on a clock that is set by hand.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <mobivate/detail/calling/run_call.hpp>

#include "catch.hpp"
#include "support.hpp"
#include "timeline.hpp"

using namespace std::chrono_literals;
using namespace support;

namespace {

using Kind = mobivate::TransportError::Kind;

/// A call on a fake clock, with the answers it will get.
struct Fixture {
  explicit Fixture(std::vector<Step> script)
      : transport(std::make_shared<ScriptedTransport>(timeline, std::move(script))) {}

  mobivate::UnsubscribeResult call(const mobivate::CallOptions& call = {}) const {
    const mobivate::detail::Account account(options);
    return mobivate::detail::run_call(account, *transport, FakeClock(timeline),
                                      support::ndoi_request(), call);
  }

  std::shared_ptr<Timeline> timeline = std::make_shared<Timeline>();
  std::shared_ptr<ScriptedTransport> transport;
  mobivate::ClientOptions options = support::options();
};

}  // namespace

TEST_CASE("A refusal after an attempt that may have been taken is after_unknown") {
  const Step lost{mobivate::TransportError{Kind::timeout, true, "no answer"}};
  const Step not_connected{mobivate::TransportError{Kind::connect, false, "no connection"}};
  const Step failed{mobivate::HttpResponse{200, R"({"590": "not found"})", {}}};
  const Step error{mobivate::HttpResponse{200, R"({"error": "541"})", {}}};
  using mobivate::GatewayError;
  using mobivate::SendFailed;
  const std::string meaning(mobivate::describe(541));

  CHECK(Fixture({lost, failed}).call() == SendFailed{590, "not found", true});
  CHECK(Fixture({lost, not_connected, error}).call() == GatewayError{541, meaning, true});
  CHECK(Fixture({status(503), failed}).call() == SendFailed{590, "not found", true});
  CHECK(Fixture({not_connected, failed}).call() == SendFailed{590, "not found", false});
  CHECK(Fixture({not_connected, error}).call() == GatewayError{541, meaning, false});
  CHECK(Fixture({failed}).call() == SendFailed{590, "not found", false});
  CHECK(Fixture({lost, accepted()}).call() == mobivate::Accepted{"MT-1"});
}

TEST_CASE("A request that an earlier process may have sent is as one that this process sent") {
  const Step not_connected{mobivate::TransportError{Kind::connect, false, "no connection"}};
  mobivate::CallOptions sent_before;
  sent_before.maybe_sent_before = true;
  using mobivate::TransportError;

  const Step failed{mobivate::HttpResponse{200, R"({"590": "not found"})", {}}};
  CHECK(Fixture({failed}).call(sent_before) == mobivate::SendFailed{590, "not found", true});
  const Step error{mobivate::HttpResponse{200, R"({"error": "x"})", {}}};
  CHECK(Fixture({error}).call(sent_before) == mobivate::GatewayError{std::nullopt, "x", true});
  CHECK(Fixture({accepted()}).call(sent_before) == mobivate::Accepted{"MT-1"});

  Fixture never_connected({not_connected, not_connected, not_connected});
  CHECK(never_connected.call(sent_before) == TransportError{Kind::connect, true, "no connection"});
  sent_before.cancelled = [] { return true; };
  CHECK(stop_state(Fixture({}).call(sent_before)) == mobivate::StopState::unknown);
}

TEST_CASE("Backoff is exponential, with full jitter, up to its limit") {
  Fixture fixture({status(503), status(503), status(503), status(503), status(503), accepted()});
  fixture.options.retry = {6, 250ms, 1'500ms, 2.0};
  SECTION("at its longest") {
    fixture.timeline->random = 1;
    CHECK(to_string(fixture.call()) == "accepted: MT-1");
    CHECK(fixture.timeline->waits == std::vector<Duration>{250ms, 500ms, 1s, 1'500ms, 1'500ms});
  }
  SECTION("half way") {
    fixture.timeline->random = 0.5;
    CHECK(to_string(fixture.call()) == "accepted: MT-1");
    CHECK(fixture.timeline->waits == std::vector<Duration>{125ms, 250ms, 500ms, 750ms, 750ms});
  }
  SECTION("at its shortest") {
    fixture.timeline->random = 0;
    CHECK(to_string(fixture.call()) == "accepted: MT-1");
    CHECK(fixture.timeline->waits.empty());
  }
}

TEST_CASE("A backoff that outgrows every number stays at its limit") {
  Fixture fixture(std::vector<Step>(40, status(503)));
  fixture.options.retry = {40, 1ms, 10ms, 1e300};
  CHECK(to_string(fixture.call()) == "unknown: HTTP 503: an empty body; send again later");
  CHECK(fixture.transport->requests.size() == 40);
  CHECK(fixture.timeline->waits.back() == 10ms);
}

TEST_CASE("No backoff times anything is no backoff") {
  Fixture fixture(std::vector<Step>(1'100, status(503)));
  fixture.options.retry = {1'100, 0ms, 10ms, 2.0};
  CHECK(to_string(fixture.call()) == "unknown: HTTP 503: an empty body; send again later");
  CHECK(fixture.transport->requests.size() == 1'100);
  CHECK(fixture.timeline->now == Timeline().now);
}

TEST_CASE("Retry-After overrides the backoff") {
  const auto [field, wait] = GENERATE(table<std::string, Duration>({
      {"0", 0s},
      {"7", 7s},
      {" 7 ", 7s},
      {"0007", 7s},
      {"Sun, 06 Nov 1994 08:49:42 GMT", 5s},
      {"Sunday, 06-Nov-94 08:49:42 GMT", 5s},
      {"Sun Nov  6 08:49:42 1994", 5s},
      {"06 Nov 1994 09:49:42 +0100", 5s},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 0s},
      {"Sun, 06 Nov 1994 08:00:00 GMT", 0s},
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0s},
  }));
  CAPTURE(field);
  Fixture fixture({status(429, field), accepted()});
  CHECK(to_string(fixture.call()) == "accepted: MT-1");
  CHECK(fixture.timeline->waits ==
        (wait == 0s ? std::vector<Duration>{} : std::vector<Duration>{wait}));
}

TEST_CASE("A Retry-After that makes no sense is as none") {
  const auto* field = GENERATE("-1", "+1", "1.5", "1e3", "0x10", "soon", "7 seconds", "7,7", " ",
                               "Sun", "08:49:42", "Sun, 99 Nov 1994 08:49:42 GMT", "\xFF");
  CAPTURE(field);
  Fixture fixture({status(503, field), accepted()});
  CHECK(to_string(fixture.call()) == "accepted: MT-1");
  CHECK(fixture.timeline->waits == std::vector<Duration>{250ms});
}

TEST_CASE("A wait that would pass total_timeout is not begun: the last result is returned") {
  const auto* field = GENERATE("60", "61", "3600", "99999999999999999999999999",
                               "Sun, 06 Nov 1994 08:50:37 GMT", "Fri, 31 Dec 9999 23:59:59 GMT");
  CAPTURE(field);
  Fixture fixture({status(503, field)});
  CHECK(to_string(fixture.call()) == "unknown: HTTP 503: an empty body; send again later");
  CHECK(fixture.timeline->waits.empty());
}

TEST_CASE("The time that on_attempt takes counts") {
  Fixture fixture({status(503, "2")});
  fixture.options.total_timeout = 3s;
  fixture.options.on_attempt = [&](const mobivate::Attempt&) { fixture.timeline->now += 1s; };
  CHECK(to_string(fixture.call()) == "unknown: HTTP 503: an empty body; send again later");
  CHECK(fixture.timeline->waits.empty());
}

TEST_CASE("Attempts and waits together stay within total_timeout") {
  Fixture fixture({{mobivate::TransportError{Kind::timeout, true, "x"}, 15s},
                   {mobivate::TransportError{Kind::timeout, true, "x"}, 15s},
                   {mobivate::TransportError{Kind::timeout, true, "x"}, 9'500ms},
                   accepted()});
  fixture.options.total_timeout = 40s;
  fixture.options.retry = {9, 250ms, 10s, 1.0};
  CHECK(to_string(fixture.call()) == "unknown: timeout: x");
  REQUIRE(fixture.transport->requests.size() == 3);
  CHECK(fixture.transport->requests[0].timeout == 15s);
  CHECK(fixture.transport->requests[1].timeout == 15s);
  CHECK(fixture.transport->requests[2].timeout == 9'500ms);
  CHECK(fixture.transport->requests[2].connect_timeout == 5s);
}

TEST_CASE("No time is too long") {
  Fixture fixture({status(503), accepted()});
  fixture.options.connect_timeout = std::chrono::milliseconds::max();
  fixture.options.attempt_timeout = std::chrono::milliseconds::max();
  fixture.options.total_timeout = std::chrono::milliseconds::max();
  fixture.options.retry.initial_backoff = std::chrono::milliseconds::max();
  fixture.options.retry.max_backoff = std::chrono::milliseconds::max();
  fixture.timeline->random = 0.5;
  CHECK(to_string(fixture.call()) == "accepted: MT-1");
}

TEST_CASE("One attempt that may have arrived makes the failure maybe_delivered") {
  SECTION("a lost answer, then no connection") {
    Fixture fixture({failure(Kind::timeout, true), failure(Kind::connect, false)});
    fixture.options.retry.max_attempts = 2;
    CHECK(to_string(fixture.call()) == "unknown: connect: x");
  }
  SECTION("an undocumented answer, then no connection") {
    Fixture fixture({status(503), failure(Kind::resolve, false)});
    fixture.options.retry.max_attempts = 2;
    CHECK(to_string(fixture.call()) == "unknown: resolve: x");
  }
  SECTION("no connection at all") {
    Fixture fixture({failure(Kind::resolve, false), failure(Kind::connect, false)});
    fixture.options.retry.max_attempts = 2;
    CHECK(to_string(fixture.call()) == "not_sent: connect: x");
  }
  SECTION("a lost answer, then success") {
    Fixture fixture({failure(Kind::timeout, true), accepted()});
    CHECK(to_string(fixture.call()) == "accepted: MT-1");
  }
}

TEST_CASE("A call that is cancelled is not sent again") {
  Fixture fixture({status(503), accepted()});
  mobivate::CallOptions call;
  SECTION("before it began") {
    call.cancelled = [] { return true; };
    CHECK(to_string(fixture.call(call)) == "not_sent: cancelled: cancelled by the caller");
    CHECK(fixture.transport->requests.empty());
  }
  SECTION("while it waited") {
    call.cancelled = [&] { return !fixture.timeline->waits.empty(); };
    CHECK(to_string(fixture.call(call)) == "unknown: cancelled: cancelled by the caller");
    CHECK(fixture.transport->requests.size() == 1);
  }
}

TEST_CASE("A call waits for its turn at the rate limit") {
  Fixture fixture({accepted(), accepted(), accepted()});
  fixture.options.rate_limit = std::make_shared<mobivate::RateLimit>(0.1);
  CHECK(to_string(fixture.call()) == "accepted: MT-1");
  const Time start = fixture.timeline->now;
  SECTION("which comes in time") {
    CHECK(to_string(fixture.call()) == "accepted: MT-1");
    CHECK(fixture.timeline->now > start + 10s);
    CHECK(fixture.timeline->now < start + 10'100ms);
  }
  SECTION("which can't come in time: then it ends at once") {
    mobivate::CallOptions call;
    call.total_timeout = 9s;
    CHECK(to_string(fixture.call(call)) ==
          "not_sent: timeout: total_timeout ends before the rate limit lets the request be sent");
    CHECK(fixture.timeline->now == start);
  }
  SECTION("which comes sooner by a change of the rate") {
    fixture.options.rate_limit->set_per_second(0.05);
    mobivate::CallOptions call;
    call.cancelled = [&] {
      if (fixture.timeline->now >= start + 3s) fixture.options.rate_limit->set_per_second(100);
      return false;
    };
    CHECK(to_string(fixture.call(call)) == "accepted: MT-1");
    CHECK(fixture.timeline->now <= start + 3'100ms);
  }
  SECTION("in vain if it is cancelled") {
    mobivate::CallOptions call;
    call.cancelled = [&] { return fixture.timeline->now >= start + 3s; };
    CHECK(to_string(fixture.call(call)) == "not_sent: cancelled: cancelled by the caller");
    CHECK(fixture.timeline->now <= start + 3'100ms);
  }
}

TEST_CASE("A retry keeps to the rate limit, and ends at once if its turn can't come in time") {
  Fixture fixture({status(503, "0"), accepted()});
  fixture.options.rate_limit = std::make_shared<mobivate::RateLimit>(0.01);
  const Time start = fixture.timeline->now;
  CHECK(to_string(fixture.call()) == "unknown: HTTP 503: an empty body; send again later");
  CHECK(fixture.timeline->now == start);
}

TEST_CASE("Each attempt is reported as it was, and counted") {
  Fixture fixture({{mobivate::TransportError{Kind::timeout, true, "x"}, 3s},
                   {mobivate::TransportError{Kind::connect, false, "y"}, 2s}});
  fixture.options.retry.max_attempts = 2;
  std::string reports;
  fixture.options.on_attempt = [&](const mobivate::Attempt& attempt) {
    reports += std::to_string(attempt.number) + " after " +
               std::to_string(attempt.elapsed.count()) + " ms: " + to_string(*attempt.result) +
               "\n";
  };
  CHECK(to_string(fixture.call()) == "unknown: connect: y");
  CHECK(reports == "1 after 3000 ms: unknown: timeout: x\n2 after 2000 ms: not_sent: connect: y\n");
}

namespace {

/// What the model needs to know of an answer, beside the answer.
struct ModelStep {
  Step step;
  bool retryable;
  bool maybe_delivered;
  std::optional<Duration> retry_after;
};

ModelStep random_step(std::mt19937& random) {
  const auto number = [&](int bound) {
    return std::uniform_int_distribution<>(0, bound - 1)(random);
  };
  const auto http = [](int status, std::string body, std::string field = {}) {
    return mobivate::TransportResult(
        mobivate::HttpResponse{status, std::move(body), std::move(field)});
  };
  const auto takes = std::chrono::milliseconds(number(4'000));
  switch (number(12)) {
    case 0:
      return {{http(200, R"({"200":"MT-1"})"), takes}, false, false, {}};
    case 1:
      return {{http(200, R"({"590":"SEND_FAILED: x"})"), takes}, false, false, {}};
    case 2:
      return {{http(503, R"({"error":"541"})"), takes}, false, false, {}};
    case 3:
      return {{http(404, "<html>"), takes}, false, true, {}};
    case 4:
      return {{http(503, R"({"200":"MT-1"})"), takes}, true, true, {}};
    case 5: {
      const int seconds = number(8);
      return {{http(429, "", std::to_string(seconds)), takes},
              true,
              true,
              std::chrono::seconds(seconds)};
    }
    case 6: {
      constexpr int statuses[] = {408, 425, 429, 500, 502, 503, 504};
      return {{http(statuses[number(7)], "<html>", "soon"), takes}, true, true, {}};
    }
    case 7:
      return {{mobivate::TransportError{Kind::tls, false, "x"}, takes}, false, false, {}};
    case 8:
      return {{mobivate::TransportError{Kind::too_large, true, "x"}, takes}, false, true, {}};
    case 9:
      return {{mobivate::TransportError{Kind::timeout, true, "x"}, takes}, true, true, {}};
    case 10:
      return {{mobivate::TransportError{Kind::receive, true, "x"}, takes}, true, true, {}};
    default:
      return {{mobivate::TransportError{Kind::connect, false, "x"}, takes}, true, false, {}};
  }
}

struct Expected {
  std::size_t attempts = 0;
  std::vector<Duration> waits;
  bool maybe_delivered = false;
};

/// Sections 3.3 and 3.4 of the contract in ten lines.
Expected model(const std::vector<ModelStep>& steps, const mobivate::ClientOptions& options,
               double random) {
  Expected expected;
  Duration spent{};
  for (double backoff = static_cast<double>(options.retry.initial_backoff.count());;
       backoff *= options.retry.multiplier) {
    const ModelStep& step = steps[expected.attempts++];
    spent += step.step.takes;
    expected.maybe_delivered = expected.maybe_delivered || step.maybe_delivered;
    if (!step.retryable || static_cast<int>(expected.attempts) == options.retry.max_attempts)
      return expected;
    const double limited =
        std::min(backoff, static_cast<double>(options.retry.max_backoff.count()));
    const Duration jittered = std::chrono::milliseconds(static_cast<int>(limited * random));
    const Duration wait = step.retry_after ? *step.retry_after : jittered;
    if (spent + wait >= options.total_timeout) return expected;
    if (wait > Duration(0)) expected.waits.push_back(wait);
    spent += wait;
  }
}

}  // namespace

TEST_CASE("Any sequence of answers and faults goes as the model says") {
  std::mt19937 random(Catch::getSeed());
  for (int run = 0; run < 5'000; ++run) {
    std::vector<ModelStep> steps;
    std::vector<Step> script;
    for (int i = 0; i < 8; ++i) {
      steps.push_back(random_step(random));
      script.push_back(steps.back().step);
    }
    Fixture fixture(script);
    fixture.timeline->random = std::uniform_real_distribution<>(0, 1)(random);
    fixture.options.retry.max_attempts = std::uniform_int_distribution<>(1, 8)(random);
    fixture.options.total_timeout =
        std::chrono::milliseconds(std::uniform_int_distribution<>(4'000, 30'000)(random));
    const Expected expected = model(steps, fixture.options, fixture.timeline->random);
    const auto result = fixture.call();

    CAPTURE(run, result);
    const auto& requests = fixture.transport->requests;
    REQUIRE(requests.size() == expected.attempts);
    REQUIRE(fixture.timeline->waits == expected.waits);
    const auto& last = steps[expected.attempts - 1].step.answer;
    if (const auto* error = std::get_if<mobivate::TransportError>(&last)) {
      REQUIRE(std::get<mobivate::TransportError>(result).kind == error->kind);
      REQUIRE(std::get<mobivate::TransportError>(result).maybe_delivered ==
              expected.maybe_delivered);
      REQUIRE(stop_state(result) == (expected.maybe_delivered ? mobivate::StopState::unknown
                                                              : mobivate::StopState::not_sent));
    } else {
      auto read = mobivate::parse_response(std::get<mobivate::HttpResponse>(last));
      if (auto* failed = std::get_if<mobivate::SendFailed>(&read)) {
        failed->after_unknown = expected.maybe_delivered;
      }
      if (auto* refused = std::get_if<mobivate::GatewayError>(&read)) {
        refused->after_unknown = expected.maybe_delivered;
      }
      REQUIRE(result == read);
    }
    for (const auto& request : requests) {
      REQUIRE(request.url == requests[0].url);
      REQUIRE(request.url.rfind("&stop") == request.url.size() - 5);
    }
  }
}
