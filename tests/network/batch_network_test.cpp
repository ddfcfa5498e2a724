// Batches over real sockets.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "gateway/local_gateway.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

using State = mobivate::StopState;

std::vector<mobivate::UnsubscribeRequest> requests(std::size_t count) {
  std::vector<mobivate::UnsubscribeRequest> requests(count, support::ndoi_request());
  for (std::size_t i = 0; i < count; ++i) {
    requests[i].reference = "ref-" + std::to_string(i);
    requests[i].destination = std::to_string(254'000'000'000 + i);
  }
  return requests;
}

std::string reference_in(std::string_view request) {
  const std::string_view name = "&reference=";
  const std::size_t value = request.find(name) + name.size();
  return std::string(request.substr(value, request.find_first_of("& ", value) - value));
}

std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void subscribe_all(local_gateway::LocalGateway& gateway,
                   const std::vector<mobivate::UnsubscribeRequest>& requests) {
  for (const auto& request : requests) {
    local_gateway::Subscription subscription;
    subscription.source = request.source;
    subscription.keyword = request.keyword;
    subscription.destination = request.destination;
    gateway.subscriptions().add(std::move(subscription));
  }
}

/// Answers, refuses, resets, stalls, tears its answers and sends others away, at random; and keeps
/// a log of what it did with each reference.
class RandomServer {
 public:
  const std::string& base_url() const { return server_.base_url(); }

  /// The last that was done with a request; empty if none was read.
  std::string last(const std::string& reference) const {
    const std::lock_guard lock(mutex_);
    const auto found = log_.find(reference);
    return found == log_.end() ? "" : found->second;
  }

 private:
  unsigned roll() {
    const std::lock_guard lock(mutex_);
    return static_cast<unsigned>(random_() % 100);
  }

  void note(const std::string& reference, const char* what) {
    const std::lock_guard lock(mutex_);
    log_[reference] = what;
  }

  void serve(Connection& client) {
    if (roll() < 5) return client.reset();
    while (true) {
      const std::string request = client.read_request();
      if (request.empty() || !answer(client, reference_in(request))) return;
    }
  }

  /// False if that was the connection's last.
  bool answer(Connection& client, const std::string& reference) {
    const unsigned number = roll();
    if (number < 60) {
      note(reference, "accepted");
      return client.send(http(200, "{\"200\": \"MT-" + reference + "\",}"));
    }
    if (number < 75) {
      note(reference, "refused");
      return client.send(http(200, number < 70 ? R"({"error": "541"})" : R"({"590": "no"})"));
    }
    if (number < 90) {
      note(reference, "503");
      return client.send(http(503, "later"));
    }
    if (number < 91) {
      note(reference, "stalled");
      client.wait_for_client_to_go();
      return false;
    }
    if (number < 95) {
      note(reference, "reset");
      client.reset();
      return false;
    }
    note(reference, "torn");
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"200\":");
    return false;
  }

  mutable std::mutex mutex_;
  std::minstd_rand random_{1};
  std::map<std::string, std::string> log_;
  MisbehavingServer server_{[this](Connection& client) { serve(client); }};
};

}  // namespace

TEST_CASE("A batch stops everybody, over as many connections as are in flight") {
  local_gateway::Options gateway_options;
  if (GENERATE(false, true)) gateway_options.certificate = local_gateway::make_certificate();
  local_gateway::LocalGateway gateway(gateway_options);
  const auto all = requests(500);
  subscribe_all(gateway, all);
  const support::TemporaryFile ca(
      gateway_options.certificate ? gateway_options.certificate->certificate : "");
  const mobivate::DoiClient client(support::options(gateway.base_url()),
                                   support::trusting(ca.path()));
  mobivate::BatchOptions batch;
  batch.max_in_flight = 8;
  std::set<std::string> reported;
  const auto summary = client.unsubscribe_all(
      all,
      [&](const auto& request, const auto& result) {
        CAPTURE(to_string(result));
        CHECK(stop_state(result) == State::accepted);
        CHECK(reported.insert(request.reference).second);
      },
      batch);
  CHECK(summary.accepted == 500);
  CHECK(reported.size() == 500);
  CHECK(gateway.connections() <= 8);
  CHECK(gateway.requests() == 500);
  for (const auto& subscription : gateway.subscriptions().all()) {
    CHECK(subscription.state == local_gateway::Subscription::State::stopped);
    CHECK(subscription.billed_cents == 0);
  }
  CHECK(stop_state(client.unsubscribe(all[0])) == State::accepted);
  CHECK(gateway.connections() <= 8);
}

TEST_CASE("A batch keeps its connections, also where many requests end at the same time") {
  constexpr int in_flight = 8;
  std::mutex mutex;
  std::condition_variable another_asked;
  int asked = 0;
  int connections = 0;
  const MisbehavingServer server([&](Connection& client) {
    std::unique_lock lock(mutex);
    ++connections;
    while (true) {
      lock.unlock();
      if (client.read_request().empty()) return;
      lock.lock();
      const int all = (asked++ / in_flight + 1) * in_flight;
      another_asked.notify_all();
      another_asked.wait_for(lock, 5s, [&] { return asked >= all; });
      client.send(http(200, R"({"200": "MT-1"})"));
    }
  });
  const mobivate::DoiClient client(support::options(server.base_url()));
  mobivate::BatchOptions batch;
  batch.max_in_flight = in_flight;
  const auto summary = client.unsubscribe_all(
      requests(in_flight * 10), [](const auto&, const auto&) { std::this_thread::sleep_for(2ms); },
      batch);
  CHECK(summary.accepted == in_flight * 10);
  const std::lock_guard lock(mutex);
  CHECK(connections == in_flight);
}

TEST_CASE(
    "3,000 at a gateway gone mad: one result for each, and it agrees with the gateway's log") {
  const RandomServer server;
  auto options = support::options(server.base_url());
  options.attempt_timeout = 1s;
  options.retry.initial_backoff = 20ms;
  const mobivate::DoiClient client(options);
  std::map<std::string, mobivate::UnsubscribeResult> results;
  const auto summary =
      client.unsubscribe_all(requests(3'000), [&](const auto& request, const auto& result) {
        CHECK(results.emplace(request.reference, result).second);
      });

  CHECK(results.size() == 3'000);
  CHECK(summary.total == 3'000);
  std::map<State, std::size_t> counted;
  for (const auto& [reference, result] : results) {
    CAPTURE(reference, to_string(result));
    const std::string last = server.last(reference);
    CAPTURE(last);
    ++counted[stop_state(result)];
    const auto* error = std::get_if<mobivate::TransportError>(&result);
    if (error != nullptr && error->kind == mobivate::TransportError::Kind::timeout) continue;
    CHECK((stop_state(result) == State::accepted) == (last == "accepted"));
    CHECK((stop_state(result) == State::refused) == (last == "refused"));
    if (stop_state(result) == State::accepted) {
      CHECK(std::get<mobivate::Accepted>(result).message_id == "MT-" + reference);
    }
    if (stop_state(result) == State::not_sent) CHECK(last.empty());
  }
  CHECK(counted[State::accepted] == summary.accepted);
  CHECK(counted[State::refused] == summary.refused);
  CHECK(counted[State::not_sent] == summary.not_sent);
  CHECK(counted[State::unknown] == summary.unknown);
  CHECK(summary.accepted > 2'000);
  CHECK(summary.refused > 300);
  CHECK(summary.unknown > 5);
}

TEST_CASE("A late answer is not taken for another request's, in a batch either") {
  const MisbehavingServer server([](Connection& client) {
    while (true) {
      const std::string request = client.read_request();
      if (request.empty()) return;
      client.send(http(200, R"({"200": "MT-)" + reference_in(request) + "\"}"));
      std::this_thread::sleep_for(5ms);
      client.send(http(200, R"({"200": "MT-late"})"));
    }
  });
  const mobivate::DoiClient client(support::options(server.base_url()));
  mobivate::BatchOptions batch;
  batch.max_in_flight = 4;
  batch.max_per_second = 5;  // the late answer is there long before the next request
  client.unsubscribe_all(
      requests(8),
      [](const auto& request, const auto& result) {
        CHECK(to_string(result) == "accepted: MT-" + request.reference);
      },
      batch);
}

TEST_CASE("Nobody listens: nothing of a batch was sent") {
  std::string base_url;
  { base_url = local_gateway::LocalGateway().base_url(); }
  auto options = support::without_retries(support::options(base_url));
  const auto summary =
      mobivate::DoiClient(options).unsubscribe_all(requests(50), [](const auto&, const auto&) {});
  CHECK(summary.not_sent == 50);
}

TEST_CASE("A batch ends within 100 ms of being cancelled, whatever it waits for") {
  std::atomic<int> asked{0};
  const MisbehavingServer server([&](Connection& client) {
    client.read_request();
    if (++asked % 2 == 0) client.send(http(503, ""));  // a retry waits
    client.wait_for_client_to_go();
  });
  auto options = support::options(server.base_url());
  options.retry.initial_backoff = 30s;
  const mobivate::DoiClient client(options);
  const auto moment = std::chrono::steady_clock::now() + 300ms;
  mobivate::BatchOptions batch;
  batch.max_in_flight = 20;
  batch.cancelled = [&] { return std::chrono::steady_clock::now() >= moment; };
  const auto summary = client.unsubscribe_all(
      requests(1'000),
      [](const auto&, const auto& result) {
        CHECK(std::get<mobivate::TransportError>(result).kind ==
              mobivate::TransportError::Kind::cancelled);
      },
      batch);
  CHECK(std::chrono::steady_clock::now() - moment < 100ms);
  CHECK(summary.total == 20);
  CHECK(summary.unknown == 20);
}

TEST_CASE("What on_result throws comes out at once, and the client can be used again") {
  std::atomic<int> asked{0};
  const MisbehavingServer server([&](Connection& client) {
    while (true) {
      if (client.read_request().empty()) return;
      if (++asked == 2) client.wait_for_client_to_go();
      client.send(http(200, R"({"200": "MT-1"})"));
    }
  });
  const mobivate::DoiClient client(support::options(server.base_url()));
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(
      client.unsubscribe_all(requests(100),
                             [](const auto&, const auto&) { throw std::out_of_range("full"); }),
      std::out_of_range);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(client.unsubscribe_all(requests(10), [](const auto&, const auto&) {}).accepted == 10);
}
