// testing::MockTransport, as unit tests of programs use it.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <mobivate/testing/mock_transport.hpp>

#include "catch.hpp"
#include "support.hpp"

using mobivate::Accepted;
using mobivate::TransportError;
using mobivate::testing::query;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

mobivate::HttpRequest request_with(std::chrono::milliseconds timeout) {
  return {"https://hostname/?x", {}, timeout, timeout, {}};
}

}  // namespace

TEST_CASE("Answers of the mock are handed out in the order they were queued") {
  const auto gateway = support::mock();
  gateway->reply(200, R"({"200": "MT-1"})").reply(200, R"({"200": "MT-2"})");
  const mobivate::DoiClient client(support::options(), gateway);
  CHECK(client.unsubscribe(support::ndoi_request()) == Accepted{"MT-1"});
  CHECK(client.unsubscribe(support::ndoi_request()) == Accepted{"MT-2"});
  CHECK_THROWS_WITH(
      client.unsubscribe(support::ndoi_request()),
      "MockTransport: request 3 was sent, but 2 answers were queued; queue another with reply() "
      "or fail(), or set answer()");
}

TEST_CASE("The mock names the request that was one too many, and keeps it") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1");
  const mobivate::DoiClient client(support::options(), gateway);
  static_cast<void>(client.unsubscribe(support::ndoi_request()));
  CHECK_THROWS_WITH(client.unsubscribe(support::kenya_request()),
                    "MockTransport: request 2 was sent, but 1 answer was queued; queue another "
                    "with reply() or fail(), or set answer()");
  REQUIRE(gateway->requests().size() == 2);
  CHECK_THAT(gateway->requests()[1].url, Catch::Matchers::EndsWith("&stop=1"));
}

TEST_CASE("A late answer of the mock comes when it is due") {
  const auto gateway = support::mock();
  gateway->after(400ms).reply(200, "MT-1").reply(200, "MT-2");
  const auto start = Clock::now();
  CHECK(std::get<mobivate::HttpResponse>(gateway->send(request_with(10s))).body == "MT-1");
  CHECK(Clock::now() - start >= 400ms);
  const auto second = Clock::now();
  CHECK(std::get<mobivate::HttpResponse>(gateway->send(request_with(10s))).body == "MT-2");
  CHECK(Clock::now() - second < 300ms);
}

TEST_CASE("An answer of the mock that comes after the timeout is a timeout") {
  const auto gateway = support::mock();
  gateway->after(1h).reply(200, "MT-1").after(20ms).reply(200, "MT-2");
  const auto start = Clock::now();
  CHECK(std::get<TransportError>(gateway->send(request_with(10ms))) ==
        TransportError{TransportError::Kind::timeout, true, "no answer within 10 ms"});
  CHECK(Clock::now() - start < 5s);
  CHECK(std::holds_alternative<mobivate::HttpResponse>(gateway->send(request_with(20ms))));

  auto options = support::without_retries(support::options());
  options.attempt_timeout = 10ms;
  gateway->after(1h).fail(TransportError{});
  const auto result = mobivate::DoiClient(options, gateway).unsubscribe(support::ndoi_request());
  CHECK(result == TransportError{TransportError::Kind::timeout, true, "no answer within 10 ms"});
}

TEST_CASE("A request that you make yourself has no timeout, and an answer no status") {
  CHECK(mobivate::HttpRequest().connect_timeout == 0ms);
  CHECK(mobivate::HttpRequest().timeout == 0ms);
  CHECK(mobivate::HttpResponse().status == 0);
}

TEST_CASE("A request to the mock without a timeout waits for a late answer") {
  const auto gateway = support::mock();
  gateway->after(5ms).reply(200, "MT-1");
  CHECK(std::get<mobivate::HttpResponse>(gateway->send(request_with(0ms))).body == "MT-1");
}

TEST_CASE("An answer of the mock that is due when the timeout ends still comes") {
  const auto gateway = support::mock();
  gateway->after(1ms).reply(200, "MT-1");
  CHECK(std::get<mobivate::HttpResponse>(gateway->send(request_with(1ms))).body == "MT-1");
  gateway->after(2ms).reply(200, "MT-1");
  CHECK(std::get<TransportError>(gateway->send(request_with(1ms))).kind ==
        TransportError::Kind::timeout);
}

TEST_CASE("The mock answers with the status and the Retry-After that were queued") {
  const auto gateway = support::mock();
  gateway->reply(503, "later", "120");
  const auto response = std::get<mobivate::HttpResponse>(gateway->send(request_with(1s)));
  CHECK(response.status == 503);
  CHECK(response.body == "later");
  CHECK(response.retry_after == "120");
}

TEST_CASE("A request to the mock that is cancelled while the answer is late ends as cancelled") {
  const auto gateway = support::mock();
  gateway->after(1h).reply(200, "MT-1");
  std::atomic<bool> cancelled{false};
  auto request = request_with(2h);
  request.cancelled = [&] { return cancelled.load(); };
  std::thread canceller([&] {
    std::this_thread::sleep_for(20ms);
    cancelled = true;
  });
  const auto result = gateway->send(request);
  canceller.join();
  CHECK(std::get<TransportError>(result) ==
        TransportError{TransportError::Kind::cancelled, true, "cancelled by the caller"});
}

TEST_CASE("The requests of the mock can be read while one is answered") {
  const auto gateway = support::mock();
  SECTION("by answer()") {
    gateway->answer([&](const mobivate::HttpRequest&) -> mobivate::TransportResult {
      return mobivate::HttpResponse{200, "MT-" + std::to_string(gateway->requests().size()), {}};
    });
    CHECK(std::get<mobivate::HttpResponse>(gateway->send(request_with(1s))).body == "MT-1");
  }
  SECTION("late") {
    gateway->after(1h).reply(200, "MT-1");
    auto request = request_with(2h);
    request.cancelled = [&] { return gateway->requests().size() == 1; };
    CHECK(std::get<TransportError>(gateway->send(request)).kind == TransportError::Kind::cancelled);
  }
}

TEST_CASE("Concurrent calls are answered by what they ask") {
  const auto gateway = support::mock();
  gateway->answer([](const mobivate::HttpRequest& request) -> mobivate::TransportResult {
    return mobivate::HttpResponse{200, "MT-" + query(request, "destination").value(), {}};
  });
  const mobivate::DoiClient client(support::options(), gateway);
  constexpr int threads = 50;
  constexpr int calls = 100;
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (int thread = 0; thread < threads; ++thread) {
    callers.emplace_back([&, thread] {
      for (int call = 0; call < calls; ++call) {
        auto request = support::ndoi_request();
        request.destination = std::to_string(254'700'000'000 + thread * calls + call);
        if (client.unsubscribe(request) == Accepted{"MT-" + request.destination}) ++right;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(right == threads * calls);
  CHECK(gateway->requests().size() == threads * calls);
}

TEST_CASE("answer() is asked only when the queue is empty") {
  const auto gateway = support::mock();
  gateway->answer([](const mobivate::HttpRequest&) -> mobivate::TransportResult {
    return mobivate::HttpResponse{200, "MT-any", {}};
  });
  gateway->reply(200, "MT-queued");
  const mobivate::DoiClient client(support::options(), gateway);
  CHECK(client.unsubscribe(support::ndoi_request()) == Accepted{"MT-queued"});
  CHECK(client.unsubscribe(support::ndoi_request()) == Accepted{"MT-any"});
}

TEST_CASE("A parameter of the URL that was sent is decoded") {
  auto request = support::ndoi_request();
  request.campaign = "50% off & more = caf\u00e9+";
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1");
  static_cast<void>(mobivate::DoiClient(support::options(), gateway).unsubscribe(request));
  const auto sent = gateway->requests().at(0);
  CHECK(query(sent, "source") == "12345");
  CHECK(query(sent, "campaign") == request.campaign);
  CHECK(query(sent, "stop") == "");
  CHECK(query(sent, "top") == std::nullopt);
  CHECK(query(sent, "") == std::nullopt);

  CHECK(query({"https://h/?a=%41%4&b=%zz&c=%&stop=1", {}, {}, {}, {}}, "a") == "A%4");
  CHECK(query({"https://h/?a=1&b=%zz&c=%&stop=1", {}, {}, {}, {}}, "b") == "%zz");
  CHECK(query({"https://h/?a=1&b=%4x&c=%&stop=1", {}, {}, {}, {}}, "b") == "%4x");
  CHECK(query({"https://h/?a=1&c=%&stop=1", {}, {}, {}, {}}, "c") == "%");
  CHECK(query({"https://h/?a=1&c=%4&stop=1", {}, {}, {}, {}}, "stop") == "1");
  CHECK(query({"https://h/a=1", {}, {}, {}, {}}, "a") == std::nullopt);
}
