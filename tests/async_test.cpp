// unsubscribe_async: futures, the one thread behind them, and how it ends.

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gateway/local_gateway.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

using Future = std::future<mobivate::UnsubscribeResult>;

std::ptrdiff_t threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

mobivate::UnsubscribeRequest request(int number) {
  auto request = support::ndoi_request();
  request.reference = std::to_string(number);
  return request;
}

/// Never answers.
void stall(Connection& client) {
  client.read_request();
  client.wait_for_client_to_go();
}

/// A transport of a user's that has only `send`.
class SlowTransport : public mobivate::Transport {
 public:
  mobivate::TransportResult send(const mobivate::HttpRequest& request) override {
    ++sent;
    for (int i = 0; i < 1'000; ++i) {
      if (request.cancelled && request.cancelled()) {
        return mobivate::TransportError{mobivate::TransportError::Kind::cancelled, true, "x"};
      }
      if (!stalls) return mobivate::HttpResponse{200, "MT-1", {}};
      std::this_thread::sleep_for(10ms);
    }
    return mobivate::HttpResponse{200, "MT-late", {}};
  }

  std::atomic<int> sent{0};
  std::atomic<bool> stalls{false};
};

}  // namespace

TEST_CASE("Asynchronous calls are answered, by one thread that starts with the first") {
  local_gateway::LocalGateway gateway;
  local_gateway::Subscription subscription;
  subscription.source = support::ndoi_request().source;
  subscription.keyword = support::ndoi_request().keyword;
  subscription.destination = support::ndoi_request().destination;
  gateway.subscriptions().add(subscription);
  const mobivate::DoiClient client(support::options(gateway.base_url()));
  const mobivate::DoiClient copy = client;
  CHECK(stop_state(client.unsubscribe(request(0))) == mobivate::StopState::accepted);

  const auto before = threads();
  std::vector<Future> futures;
  for (int i = 0; i < 200; ++i) {
    futures.push_back((i % 2 == 0 ? client : copy).unsubscribe_async(request(0)));
  }
  for (auto& future : futures) {
    CHECK(stop_state(future.get()) == mobivate::StopState::accepted);
  }
  CHECK(threads() == before + 1);
  CHECK(gateway.requests() == 201);
}

TEST_CASE("Threads may start asynchronous calls at once") {
  const auto transport = std::make_shared<SlowTransport>();
  const mobivate::DoiClient client(support::options(), transport);
  std::vector<std::thread> callers;
  std::atomic<int> accepted{0};
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int call = 0; call < 50; ++call) {
        const auto result = client.unsubscribe_async(request(call)).get();
        if (stop_state(result) == mobivate::StopState::accepted) ++accepted;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(accepted == 200);
}

TEST_CASE("An invalid request needs no thread") {
  const mobivate::DoiClient client(support::options(), support::mock());
  const auto before = threads();
  auto invalid = support::ndoi_request();
  invalid.reference.clear();
  auto future = client.unsubscribe_async(invalid);
  REQUIRE(future.wait_for(0s) == std::future_status::ready);
  CHECK(std::get<mobivate::InvalidRequest>(future.get()).field == "reference");
  CHECK(threads() == before);
}

TEST_CASE("The end of the client ends all asynchronous calls, at once") {
  std::vector<Future> futures;
  std::string result = "unknown: cancelled: cancelled by the caller";
  std::chrono::steady_clock::time_point end;
  SECTION("that wait for an answer") {
    const MisbehavingServer server(stall);
    {
      const mobivate::DoiClient client(support::options(server.base_url()));
      for (int i = 0; i < 20; ++i) futures.push_back(client.unsubscribe_async(request(i)));
      std::this_thread::sleep_for(200ms);
      end = std::chrono::steady_clock::now();
    }
    CHECK(std::chrono::steady_clock::now() - end < 1s);
  }
  SECTION("that wait for their next attempt") {
    const auto gateway = support::mock();
    for (int i = 0; i < 3; ++i) gateway->reply(503, "", "30");
    {
      const mobivate::DoiClient client(support::options(), gateway);
      for (int i = 0; i < 3; ++i) futures.push_back(client.unsubscribe_async(request(i)));
      std::this_thread::sleep_for(200ms);
      end = std::chrono::steady_clock::now();
    }
    CHECK(std::chrono::steady_clock::now() - end < 1s);
  }
  SECTION("that have not begun") {
    const auto transport = std::make_shared<SlowTransport>();
    transport->stalls = true;
    {
      const mobivate::DoiClient client(support::options(), transport);
      for (int i = 0; i < 20; ++i) futures.push_back(client.unsubscribe_async(request(i)));
      std::this_thread::sleep_for(100ms);
      end = std::chrono::steady_clock::now();
    }
    CHECK(std::chrono::steady_clock::now() - end < 1s);
    CHECK(transport->sent == 1);
    CHECK(to_string(futures[0].get()) == "unknown: cancelled: x");
    futures.erase(futures.begin());
    result = "not_sent: cancelled: cancelled by the caller";
  }
  for (auto& future : futures) {
    REQUIRE(future.wait_for(0s) == std::future_status::ready);
    CHECK(to_string(future.get()) == result);
  }
}

TEST_CASE("A copy of the client keeps asynchronous calls going") {
  const auto transport = std::make_shared<SlowTransport>();
  auto client = std::make_unique<mobivate::DoiClient>(support::options(), transport);
  const mobivate::DoiClient copy = *client;
  transport->stalls = true;
  auto future = client->unsubscribe_async(request(1));
  client.reset();
  transport->stalls = false;
  CHECK(to_string(future.get()) == "accepted: MT-1");
}

TEST_CASE("An asynchronous call may be cancelled by itself") {
  const MisbehavingServer server(stall);
  const mobivate::DoiClient client(support::options(server.base_url()));
  std::atomic<bool> cancelled{false};
  mobivate::CallOptions call;
  call.cancelled = [&] { return cancelled.load(); };
  auto first = client.unsubscribe_async(request(1), call);
  auto second = client.unsubscribe_async(request(2));
  CHECK(first.wait_for(200ms) == std::future_status::timeout);
  const auto moment = std::chrono::steady_clock::now();
  cancelled = true;
  CHECK(to_string(first.get()) == "unknown: cancelled: cancelled by the caller");
  CHECK(std::chrono::steady_clock::now() - moment < 100ms);
  CHECK(second.wait_for(0s) == std::future_status::timeout);
}

TEST_CASE("An asynchronous call ends within its total_timeout, also if its turn never comes") {
  const MisbehavingServer server(stall);
  const mobivate::DoiClient client(support::options(server.base_url()));
  std::vector<Future> others;
  for (int i = 0; i < 128; ++i) others.push_back(client.unsubscribe_async(request(i)));
  mobivate::CallOptions call;
  call.total_timeout = 200ms;
  const auto start = std::chrono::steady_clock::now();
  auto future = client.unsubscribe_async(request(128), call);
  CHECK(to_string(future.get()) ==
        "not_sent: timeout: total_timeout was over before the request could be sent");
  CHECK(std::chrono::steady_clock::now() - start < 1s);
}

TEST_CASE("What a callback or a transport throws, the future throws, and no other") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1").reply(200, "MT-2");
  auto options = support::options();
  SECTION("the transport") {
    const mobivate::DoiClient client(options, gateway);
    CHECK(to_string(client.unsubscribe_async(request(1)).get()) == "accepted: MT-1");
    CHECK(to_string(client.unsubscribe_async(request(2)).get()) == "accepted: MT-2");
    CHECK_THROWS_AS(client.unsubscribe_async(request(3)).get(), std::logic_error);
    gateway->reply(200, "MT-4");
    CHECK(to_string(client.unsubscribe_async(request(4)).get()) == "accepted: MT-4");
  }
  SECTION("on_attempt") {
    options.on_attempt = [](const mobivate::Attempt& attempt) {
      if (attempt.url.find("reference=1&") != std::string::npos) throw std::out_of_range("x");
    };
    const mobivate::DoiClient client(options, gateway);
    auto first = client.unsubscribe_async(request(1));
    auto second = client.unsubscribe_async(request(2));
    CHECK_THROWS_AS(first.get(), std::out_of_range);
    CHECK(to_string(second.get()) == "accepted: MT-2");
  }
  SECTION("cancelled") {
    gateway->reply(503, "", "30");
    mobivate::CallOptions call;
    int asked = 0;
    call.cancelled = [&]() -> bool {
      if (++asked > 1) throw std::out_of_range("x");
      return false;
    };
    const mobivate::DoiClient client(options, gateway);
    CHECK(to_string(client.unsubscribe_async(request(1)).get()) == "accepted: MT-1");
    CHECK(to_string(client.unsubscribe_async(request(2)).get()) == "accepted: MT-2");
    CHECK_THROWS_AS(client.unsubscribe_async(request(3), call).get(), std::out_of_range);
  }
}

TEST_CASE("What a transport throws before it sends, the asynchronous call's future throws") {
  class Transport : public SlowTransport {
   public:
    std::shared_ptr<mobivate::Exchanges> open_exchanges() override {
      if (++opened == 1) throw std::runtime_error("no exchanges today");
      return nullptr;
    }

    std::atomic<int> opened{0};
  };
  const mobivate::DoiClient client(support::options(), std::make_shared<Transport>());
  CHECK_THROWS_WITH(client.unsubscribe_async(request(1)).get(), "no exchanges today");
  CHECK(stop_state(client.unsubscribe_async(request(2)).get()) == mobivate::StopState::accepted);
}

TEST_CASE("Exchanges that throw from everything end no process, and the first is told") {
  class Exchanges : public mobivate::Exchanges {
   public:
    void start(std::size_t /*id*/, const mobivate::HttpRequest& /*request*/) override {}
    void wait(std::chrono::milliseconds /*longest*/, std::vector<Ended>& /*ended*/) override {
      throw std::runtime_error("wait");
    }
    mobivate::TransportError stop(std::size_t /*id*/) override { throw std::runtime_error("stop"); }
    void wake() noexcept override {}
  };
  class Transport : public SlowTransport {
   public:
    std::shared_ptr<mobivate::Exchanges> open_exchanges() override {
      return std::make_shared<Exchanges>();
    }
  };
  const mobivate::DoiClient client(support::options(), std::make_shared<Transport>());
  CHECK_THROWS_WITH(client.unsubscribe_async(request(1)).get(), "wait");
  CHECK_THROWS_WITH(client.unsubscribe_async(request(2)).get(), "wait");
}

TEST_CASE("The last client may be let go by a callback of its own") {
  const auto transport = std::make_shared<SlowTransport>();
  std::optional<mobivate::DoiClient> client;
  std::promise<void> called;
  std::promise<void> gone;
  auto options = support::options();
  options.on_attempt = [&](const mobivate::Attempt&) {
    called.get_future().wait();
    client.reset();
    gone.set_value();
  };
  client.emplace(options, transport);
  auto future = client->unsubscribe_async(request(1));
  called.set_value();
  CHECK(gone.get_future().wait_for(5s) == std::future_status::ready);
  CHECK(to_string(future.get()) == "accepted: MT-1");
}
