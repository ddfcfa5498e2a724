#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

TEST_CASE("A request carries the documented header fields, then the caller's own") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1");
  auto options = support::options();
  options.headers = {{"X-Trace-Id", "1"}, {"X-Trace-Id", "2"}};
  CHECK(stop_state(mobivate::DoiClient(options, gateway).unsubscribe(support::ndoi_request())) ==
        mobivate::StopState::accepted);
  const mobivate::Headers expected{{"Content-Type", "application/json"},
                                   {"Accept", "application/json"},
                                   {"User-Agent", "mobivate-cpp/" + std::string(mobivate::version)},
                                   {"X-Trace-Id", "1"},
                                   {"X-Trace-Id", "2"}};
  CHECK(gateway->requests().at(0).headers == expected);
}

TEST_CASE("No timeout is longer than the one around it") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1").reply(200, "MT-2");
  auto options = support::options();
  options.connect_timeout = 5s;
  options.attempt_timeout = 15s;
  options.total_timeout = 60s;
  const mobivate::DoiClient client(options, gateway);

  CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == mobivate::StopState::accepted);
  CHECK(gateway->requests().at(0).connect_timeout == 5s);
  CHECK(gateway->requests().at(0).timeout == 15s);

  mobivate::CallOptions call;
  call.total_timeout = 2s;
  CHECK(stop_state(client.unsubscribe(support::ndoi_request(), call)) ==
        mobivate::StopState::accepted);
  CHECK(gateway->requests().at(1).connect_timeout == 2s);
  CHECK(gateway->requests().at(1).timeout == 2s);
}

TEST_CASE("A call without any time sends nothing and says so") {
  const auto gateway = support::mock();
  const mobivate::DoiClient client(support::options(), gateway);
  mobivate::CallOptions call;
  call.total_timeout =
      GENERATE(as<std::chrono::milliseconds>{}, 0ms, -1ms, std::chrono::milliseconds::min());
  const auto result = client.unsubscribe(support::ndoi_request(), call);
  CHECK(std::get<mobivate::TransportError>(result).kind == mobivate::TransportError::Kind::timeout);
  CHECK(stop_state(result) == mobivate::StopState::not_sent);
  CHECK(gateway->requests().empty());
}

TEST_CASE("What the transport reports is the result") {
  using Kind = mobivate::TransportError::Kind;
  const auto gateway = support::mock();
  gateway->fail({Kind::resolve, false, "no such host"}).fail({Kind::receive, true, "reset"});
  const mobivate::DoiClient client(support::without_retries(support::options()), gateway);
  CHECK(to_string(client.unsubscribe(support::ndoi_request())) ==
        "not_sent: resolve: no such host");
  CHECK(to_string(client.unsubscribe(support::ndoi_request())) == "unknown: receive: reset");
}

TEST_CASE("A result shows neither the account nor the key, whoever repeats them") {
  using Kind = mobivate::TransportError::Kind;
  const auto gateway = support::mock();
  auto options = support::without_retries(support::options());
  options.account_id = "254743210492";
  const std::string& key = support::api_key;
  gateway->reply(502, "<p>/254743210492/" + key + "</p>");
  gateway->reply(200, R"({"error":"bad key )" + key + "\"}");
  gateway->fail({Kind::other, true, "to " + key});
  const mobivate::DoiClient client(options, gateway);
  auto request = support::ndoi_request();
  CHECK(client.unsubscribe(request) ==
        mobivate::UnexpectedResponse{502, "not a documented answer; send again later",
                                     "<p>/***/***</p>"});
  CHECK(client.unsubscribe(request) == mobivate::GatewayError{std::nullopt, "bad key ***"});
  CHECK(client.unsubscribe(request) == mobivate::TransportError{Kind::other, true, "to ***"});
  request.destination = "+254743210492";
  CHECK(client.unsubscribe(request) ==
        mobivate::InvalidRequest{"destination", "write ***, without the leading +"});
}

TEST_CASE("Each attempt is reported, with a masked URL") {
  const auto gateway = support::mock();
  gateway->reply(200, R"({"error": "541"})");
  auto options = support::options();
  std::vector<std::string> reports;
  options.on_attempt = [&](const mobivate::Attempt& attempt) {
    CHECK(attempt.elapsed >= 0ms);
    reports.push_back(std::to_string(attempt.number) + " " + attempt.url + " " +
                      to_string(*attempt.result).substr(0, 12));
  };
  const mobivate::DoiClient client(options, gateway);
  CHECK(stop_state(client.unsubscribe(support::kenya_request())) == mobivate::StopState::refused);
  CHECK(reports ==
        std::vector<std::string>{
            "1 https://hostname/api/doi/***/***/?source=12345&destination=XX7432104492&keyword="
            "mv-100620006&frequency=7&campaign=TestCampaign&reference=MyRef&stop=1 refused: 541"});

  SECTION("a request that is not sent is no attempt") {
    static_cast<void>(client.unsubscribe({}));
    CHECK(reports.size() == 1);
  }
}

TEST_CASE("What the caller's own code throws comes out") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1");
  auto options = support::options();
  options.on_attempt = [](const mobivate::Attempt&) { throw std::domain_error("mine"); };
  const mobivate::DoiClient client(options, gateway);
  CHECK_THROWS_AS(client.unsubscribe(support::ndoi_request()), std::domain_error);
}

TEST_CASE("A client can be copied, and what was moved from can still be called") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1").reply(200, "MT-2");
  mobivate::DoiClient client(support::options(), gateway);
  const mobivate::DoiClient moved(std::move(client));
  CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == mobivate::StopState::accepted);
  CHECK(stop_state(moved.unsubscribe(support::ndoi_request())) == mobivate::StopState::accepted);
}

TEST_CASE("An answer of more than 64 KiB is too large, whatever the transport") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1" + std::string(64 * 1024 - 4, ' '));
  gateway->reply(200, "MT-1" + std::string(64 * 1024 - 3, ' '));
  const mobivate::DoiClient client(support::options(), gateway);
  CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == mobivate::StopState::accepted);
  const auto result = client.unsubscribe(support::ndoi_request());
  REQUIRE(std::holds_alternative<mobivate::TransportError>(result));
  CHECK(result == mobivate::TransportError{mobivate::TransportError::Kind::too_large, true,
                                           "the answer is larger than 64 KiB"});
}

TEST_CASE("on_attempt is told all that logs and metrics want to know") {
  const auto gateway = support::mock();
  gateway->reply(503, "later", "0").reply(200, R"({"error": "541"})");
  auto options = support::options();
  options.retry.initial_backoff = std::chrono::milliseconds(0);
  std::vector<mobivate::Attempt> attempts;
  options.on_attempt = [&](const mobivate::Attempt& attempt) {
    CHECK(attempt.request->reference == "ABC1234");
    attempts.push_back(attempt);
  };
  options.headers = {{"X-App", "1"}};
  mobivate::CallOptions call;
  call.headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  const mobivate::DoiClient client(options, gateway);
  static_cast<void>(client.unsubscribe(support::ndoi_request(), call));
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].headers == call.headers);
  CHECK(attempts[0].number == 1);
  CHECK(attempts[0].http_status == 503);
  CHECK(attempts[0].retry_after == std::chrono::seconds(0));
  CHECK(attempts[1].number == 2);
  CHECK(attempts[1].http_status == 200);
  CHECK(attempts[1].retry_after == std::nullopt);
  CHECK(attempts[1].headers == call.headers);
}

TEST_CASE("A call may have header fields of its own, behind the client's") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1").reply(200, "MT-2");
  auto options = support::options();
  options.headers = {{"X-App", "1"}};
  const mobivate::DoiClient client(options, gateway);
  mobivate::CallOptions call;
  call.headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  SECTION("and the next has others") {
    CHECK(stop_state(client.unsubscribe(support::ndoi_request(), call)) ==
          mobivate::StopState::accepted);
    CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == mobivate::StopState::accepted);
  }
  SECTION("asynchronous ones too") {
    client.unsubscribe_async(support::ndoi_request(), call).wait();
    client.unsubscribe_async(support::ndoi_request()).wait();
  }
  const auto requests = gateway->requests();
  REQUIRE(requests.size() == 2);
  REQUIRE(requests[0].headers.size() == 5);
  CHECK(requests[0].headers[3] == options.headers[0]);
  CHECK(requests[0].headers[4] == call.headers[0]);
  CHECK(requests[1].headers.size() == 4);
}

TEST_CASE("Header fields of a call that can't be sent are a result, and nothing is sent") {
  const auto gateway = support::mock();
  const mobivate::DoiClient client(support::options(), gateway);
  mobivate::CallOptions call;
  const auto [name, value] = GENERATE(table<std::string, std::string>(
      {{"bad name", "x"}, {"X-Trace", "a\r\nHost: b"}, {"User-Agent", "mine"}}));
  call.headers = {{name, value}};
  const auto result = client.unsubscribe(support::ndoi_request(), call);
  CHECK(std::get<mobivate::InvalidRequest>(result).field == "headers");
  CHECK(stop_state(client.unsubscribe_async(support::ndoi_request(), call).get()) ==
        mobivate::StopState::not_sent);
  CHECK(gateway->requests().empty());
}
