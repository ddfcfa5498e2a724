// Real calls through Windows' sockets and Schannel. tests/windows.sh starts the gateways, and
// checks afterwards that they billed nobody.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using mobivate::StopState;
using Kind = mobivate::TransportError::Kind;
using Clock = std::chrono::steady_clock;

namespace {

std::string environment(const char* variable) {
  const char* const value = std::getenv(variable);
  REQUIRE(value != nullptr);
  return value;
}

mobivate::DoiClient plain_client() {
  return mobivate::DoiClient(support::options(environment("PLAIN_GATEWAY")));
}

mobivate::ClientOptions tls_options() {
  return support::without_retries(support::options(environment("TLS_GATEWAY")));
}

mobivate::DoiClient tls_client(const std::string& ca_bundle) {
  return mobivate::DoiClient(tls_options(), support::trusting(ca_bundle));
}

/// Of a gateway that answers after two seconds.
mobivate::DoiClient slow_client(std::chrono::milliseconds attempt_timeout = 15s) {
  auto options = support::without_retries(support::options(environment("SLOW_GATEWAY")));
  options.attempt_timeout = attempt_timeout;
  return mobivate::DoiClient(options, support::trusting("slow.pem"));
}

/// The gateways know subscribers with the numbers 0 to 1999.
mobivate::UnsubscribeRequest subscriber(std::size_t number) {
  auto request = support::ndoi_request();
  request.destination = std::to_string(254743000000 + number);
  request.reference = "closed-" + std::to_string(number);
  return request;
}

std::vector<mobivate::UnsubscribeRequest> subscribers(std::size_t count) {
  std::vector<mobivate::UnsubscribeRequest> all;
  for (std::size_t number = 0; number < count; ++number) all.push_back(subscriber(number));
  return all;
}

bool is(const mobivate::UnsubscribeResult& result, Kind kind, StopState state) {
  const auto* error = std::get_if<mobivate::TransportError>(&result);
  return error != nullptr && error->kind == kind && stop_state(result) == state;
}

/// Stops all of them with so many in flight, each reported once.
void stop_all(const mobivate::DoiClient& client, std::size_t count, std::size_t in_flight) {
  std::set<std::string> reported;
  mobivate::BatchOptions batch;
  batch.max_in_flight = in_flight;
  const auto summary = client.unsubscribe_all(
      subscribers(count),
      [&](const auto& request, const auto& result) {
        CAPTURE(request.destination, result);
        CHECK(stop_state(result) == StopState::accepted);
        CHECK(reported.insert(request.destination).second);
      },
      batch);
  CHECK(summary.accepted == count);
  CHECK(reported.size() == count);
}

}  // namespace

TEST_CASE("Windows: one call") {
  const auto client = plain_client();
  const auto result = client.unsubscribe(subscriber(0));
  INFO(result);
  CHECK(stop_state(result) == StopState::accepted);

  auto nobody = subscriber(0);
  nobody.destination = "254700000000";
  CHECK(stop_state(client.unsubscribe(nobody)) == StopState::refused);
}

TEST_CASE("Windows: a batch of 2,000") {
  stop_all(plain_client(), 2000, 32);
}

TEST_CASE("Windows: more in flight than Windows waits for at once, 64") {
  stop_all(plain_client(), 500, 100);
}

TEST_CASE("Windows: futures") {
  const auto client = plain_client();
  std::vector<std::future<mobivate::UnsubscribeResult>> results;
  for (const auto& request : subscribers(200)) results.push_back(client.unsubscribe_async(request));
  for (auto& result : results) CHECK(stop_state(result.get()) == StopState::accepted);
}

TEST_CASE("Windows: many threads share a client") {
  const auto client = plain_client();
  std::atomic<std::size_t> accepted{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (std::size_t number = 0; number < 25; ++number) {
        if (stop_state(client.unsubscribe(subscriber(number))) == StopState::accepted) ++accepted;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(accepted == 200);
}

TEST_CASE("Windows: a ca_bundle with the gateway's certificate is trusted") {
  const auto client = tls_client("tls.pem");
  const auto result = client.unsubscribe(subscriber(0));
  INFO(result);
  CHECK(stop_state(result) == StopState::accepted);
  stop_all(client, 500, 32);
}

TEST_CASE("Windows: a ca_bundle with another certificate is not") {
  const auto result = tls_client("slow.pem").unsubscribe(subscriber(0));
  INFO(result);
  CHECK(is(result, Kind::tls, StopState::not_sent));
  CHECK_THAT(to_string(result), Catch::Matchers::ContainsSubstring("CurlOptions::ca_bundle"));
}

TEST_CASE("Windows: a ca_bundle that is not there, or holds no certificate, trusts nobody") {
  const support::TemporaryFile text("no certificate\n");
  for (const std::string& path : {std::string("missing.pem"), text.path()}) {
    const auto result = tls_client(path).unsubscribe(subscriber(0));
    INFO(result);
    CHECK(is(result, Kind::tls, StopState::not_sent));
  }
}

TEST_CASE("Windows: a call ends within 100 ms of being cancelled") {
  const auto client = slow_client();
  const auto moment = Clock::now() + 300ms;
  mobivate::CallOptions options;
  options.cancelled = [&] { return Clock::now() >= moment; };
  const auto result = client.unsubscribe(subscriber(0), options);
  const auto end = Clock::now();
  INFO(result);
  CHECK(is(result, Kind::cancelled, StopState::unknown));
  CHECK(end >= moment);
  CHECK(end - moment < 100ms);
}

TEST_CASE("Windows: a batch ends within 100 ms of being cancelled") {
  const auto client = slow_client();
  const auto moment = Clock::now() + 300ms;
  mobivate::BatchOptions batch;
  batch.max_in_flight = 4;
  batch.cancelled = [&] { return Clock::now() >= moment; };
  std::size_t cancelled = 0;
  const auto summary = client.unsubscribe_all(
      subscribers(100),
      [&](const auto& /*request*/, const auto& result) {
        if (is(result, Kind::cancelled, StopState::unknown)) ++cancelled;
      },
      batch);
  CHECK(Clock::now() - moment < 100ms);
  CHECK(summary.total == 4);
  CHECK(cancelled == 4);
}

TEST_CASE("Windows: calls that have not ended end with the last copy of the client") {
  std::vector<std::future<mobivate::UnsubscribeResult>> results;
  {
    const auto client = slow_client();
    for (const auto& request : subscribers(4)) {
      results.push_back(client.unsubscribe_async(request));
    }
    std::this_thread::sleep_for(300ms);
  }
  for (auto& result : results) CHECK(is(result.get(), Kind::cancelled, StopState::unknown));
}

TEST_CASE("Windows: an answer that is late, and a port that nobody listens on") {
  CHECK(is(slow_client(500ms).unsubscribe(subscriber(0)), Kind::timeout, StopState::unknown));

  const auto nobody = support::without_retries(support::options("http://127.0.0.1:1"));
  CHECK(is(mobivate::DoiClient(nobody).unsubscribe(subscriber(0)), Kind::connect,
           StopState::not_sent));
}
