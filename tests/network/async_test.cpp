// unsubscribe_async: callbacks, futures, the one thread behind them, and how it ends.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <mobivate/detail/multi.hpp>

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

/// Answers the first two requests once both are there.
class WakeableTransport : public mobivate::Transport {
 public:
  std::function<void()> on_first_start;

  mobivate::TransportResult send(const mobivate::HttpRequest& /*request*/) override { return {}; }

 private:
  class Wakeable : public mobivate::detail::Multi {
   public:
    explicit Wakeable(WakeableTransport& transport) : transport_(transport) {}

    void start(std::size_t id, const mobivate::HttpRequest& /*request*/, bool /*anew*/) override {
      ids_.push_back(id);
      if (ids_.size() == 1) transport_.on_first_start();
    }

    void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) override {
      if (ids_.size() == 2) {
        for (const std::size_t id : ids_)
          ended.push_back({id, mobivate::HttpResponse{200, "MT-1", {}}});
        ids_.clear();
        return;
      }
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, longest, [this] { return woken_; });
      woken_ = false;
    }

    mobivate::TransportError stop(std::size_t /*id*/) override {
      return mobivate::detail::cancelled(true);
    }

    void wake() noexcept override {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_one();
    }

   private:
    WakeableTransport& transport_;
    std::vector<std::size_t> ids_{};
    std::mutex mutex_{};
    std::condition_variable changed_{};
    bool woken_ = false;
  };

  std::shared_ptr<mobivate::detail::Multi> open_multi() override {
    return std::make_shared<Wakeable>(*this);
  }
};

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

TEST_CASE("A callback is called once, on the client's thread, never from inside the call") {
  const auto transport = std::make_shared<SlowTransport>();
  const mobivate::DoiClient client(support::options(), transport);
  std::atomic<int> called{0};
  std::promise<std::thread::id> thread;
  std::string result;
  auto wanted = request(1);
  mobivate::CallOptions call;
  const auto start = [&] {
    client.unsubscribe_async(
        wanted,
        // Movable, and not copyable.
        [&, only = std::make_unique<int>(1)](mobivate::UnsubscribeResult got) {
          called += *only;
          result = to_string(got);
          thread.set_value(std::this_thread::get_id());
        },
        call);
  };
  SECTION("with an answer") {
    start();
    CHECK(thread.get_future().get() != std::this_thread::get_id());
    CHECK(result == "accepted: MT-1");
  }
  SECTION("for a request that is invalid") {
    wanted.reference.clear();
    start();
    CHECK(thread.get_future().get() != std::this_thread::get_id());
    CHECK(result.substr(0, 20) == "not_sent: reference:");
  }
  SECTION("for a call that is cancelled before it begins") {
    call.cancelled = [] { return true; };
    start();
    CHECK(thread.get_future().get() != std::this_thread::get_id());
    CHECK(result == "not_sent: cancelled: cancelled by the caller");
  }
  std::this_thread::sleep_for(20ms);
  CHECK(called == 1);
}

TEST_CASE("The end of the client ends all asynchronous calls, at once") {
  std::vector<Future> futures;
  std::string result = "unknown: cancelled: cancelled by the caller";
  std::chrono::steady_clock::time_point end;
  const auto wait_until = [](auto condition) {
    for (int i = 0; i < 1'000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
  };
  SECTION("that wait for an answer") {
    std::atomic<int> received{0};
    const MisbehavingServer server([&](Connection& client) {
      if (!client.read_request().empty()) ++received;
      client.wait_for_client_to_go();
    });
    {
      const mobivate::DoiClient client(support::options(server.base_url()));
      for (int i = 0; i < 20; ++i) futures.push_back(client.unsubscribe_async(request(i)));
      wait_until([&] { return received == 20; });
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
      wait_until([&] { return gateway->requests().size() == 3; });
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
      wait_until([&] { return transport->sent == 1; });
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

TEST_CASE("A call that is added while the client looks after others is sent at once") {
  const auto transport = std::make_shared<WakeableTransport>();
  const mobivate::DoiClient client(support::options(), transport);
  Future second;
  transport->on_first_start = [&] {
    second = client.unsubscribe_async(request(2));
    std::this_thread::sleep_for(2ms);  // so that the first is looked after before all else
  };
  auto first = client.unsubscribe_async(request(1));
  CHECK(first.wait_for(5s) == std::future_status::ready);
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

TEST_CASE("What a callback or a transport throws ends the call as Kind::other, masked") {
  const auto gateway = support::mock();
  gateway->reply(200, "MT-1").reply(200, "MT-2");
  auto options = support::options();
  const std::string mine = "mine: " + support::api_key;
  const mobivate::TransportError other{mobivate::TransportError::Kind::other, true, "mine: ***"};
  SECTION("the transport") {
    class Throwing : public mobivate::Transport {
     public:
      mobivate::TransportResult send(const mobivate::HttpRequest& request) override {
        if (request.url.find("reference=2&") == std::string::npos) {
          return mobivate::HttpResponse{200, "MT-1", {}};
        }
        throw std::runtime_error(request.url);
      }
    };
    const mobivate::DoiClient client(options, std::make_shared<Throwing>());
    CHECK(to_string(client.unsubscribe_async(request(1)).get()) == "accepted: MT-1");
    const auto result = client.unsubscribe_async(request(2)).get();
    CHECK_THAT(to_string(result),
               Catch::Matchers::StartsWith("unknown: other: https://hostname/api/doi/***/***/?"));
    CHECK(to_string(client.unsubscribe_async(request(3)).get()) == "accepted: MT-1");
  }
  SECTION("on_attempt") {
    options.on_attempt = [&](const mobivate::Attempt& attempt) {
      if (attempt.url.find("reference=1&") != std::string::npos) throw std::out_of_range(mine);
    };
    const mobivate::DoiClient client(options, gateway);
    auto first = client.unsubscribe_async(request(1));
    auto second = client.unsubscribe_async(request(2));
    CHECK(first.get() == other);
    CHECK(to_string(second.get()) == "accepted: MT-2");
  }
  SECTION("cancelled, in the wait before a retry") {
    gateway->reply(503, "", "30");
    mobivate::CallOptions call;
    call.cancelled = [&]() -> bool {
      if (gateway->requests().size() == 3) throw std::out_of_range(mine);
      return false;
    };
    const mobivate::DoiClient client(options, gateway);
    CHECK(to_string(client.unsubscribe_async(request(1)).get()) == "accepted: MT-1");
    CHECK(to_string(client.unsubscribe_async(request(2)).get()) == "accepted: MT-2");
    CHECK(client.unsubscribe_async(request(3), call).get() == other);
  }
  SECTION("cancelled, in flight") {
    const MisbehavingServer server(stall);
    const mobivate::DoiClient client(support::options(server.base_url()));
    mobivate::CallOptions call;
    call.cancelled = [asked = 0]() mutable -> bool {
      if (++asked == 3) throw 3;
      return false;
    };
    CHECK(to_string(client.unsubscribe_async(request(1), call).get()) ==
          "unknown: other: an exception that is no std::exception");
  }
  SECTION("cancelled, before anything was sent") {
    mobivate::CallOptions call;
    call.cancelled = [&]() -> bool { throw std::out_of_range(mine); };
    const mobivate::DoiClient client(options, gateway);
    CHECK(to_string(client.unsubscribe_async(request(1), call).get()) ==
          "not_sent: other: mine: ***");
  }
}

TEST_CASE("What a transport throws before it sends ends the call that needed it, not the next") {
  class Transport : public SlowTransport {
   public:
    std::shared_ptr<mobivate::detail::Multi> open_multi() override {
      if (++opened == 1) throw std::runtime_error("no exchanges today: " + support::api_key);
      return nullptr;
    }

    std::atomic<int> opened{0};
  };
  const mobivate::DoiClient client(support::without_retries(support::options()),
                                   std::make_shared<Transport>());
  CHECK(to_string(client.unsubscribe_async(request(1)).get()) ==
        "not_sent: other: no exchanges today: ***");
  CHECK(stop_state(client.unsubscribe_async(request(2)).get()) == mobivate::StopState::accepted);

  const mobivate::DoiClient of_one_call(support::without_retries(support::options()),
                                        std::make_shared<Transport>());
  CHECK(to_string(of_one_call.unsubscribe_async(request(1)).get()) ==
        "not_sent: other: no exchanges today: ***");  // it has nothing to give up when it goes
}

TEST_CASE("Multi that throw from everything end no process, and the first is told") {
  class Multi : public mobivate::detail::Multi {
   public:
    void start(std::size_t /*id*/, const mobivate::HttpRequest& /*request*/,
               bool /*on_new_connection*/) override {}
    void wait(std::chrono::milliseconds /*longest*/, std::vector<Ended>& /*ended*/) override {
      std::this_thread::sleep_for(5ms);  // a slow machine: what was thrown is still told
      throw std::runtime_error("wait");
    }
    mobivate::TransportError stop(std::size_t /*id*/) override { throw std::runtime_error("stop"); }
    void wake() noexcept override {}
  };
  class Transport : public SlowTransport {
   public:
    std::shared_ptr<mobivate::detail::Multi> open_multi() override {
      return std::make_shared<Multi>();
    }
  };
  const mobivate::DoiClient client(support::options(), std::make_shared<Transport>());
  CHECK(to_string(client.unsubscribe_async(request(1)).get()) == "unknown: other: wait");
  CHECK(to_string(client.unsubscribe_async(request(2)).get()) == "unknown: other: wait");
}

TEST_CASE("What had ended before a wait throws is told as it ended") {
  class Multi : public mobivate::detail::Multi {
   public:
    void start(std::size_t /*id*/, const mobivate::HttpRequest& /*request*/,
               bool /*on_new_connection*/) override {
      ++started_;
    }
    void wait(std::chrono::milliseconds /*longest*/, std::vector<Ended>& ended) override {
      if (started_ < 2) return std::this_thread::sleep_for(1ms);
      started_ = 0;
      ended.push_back({0, mobivate::HttpResponse{200, "MT-1", {}}});
      throw std::runtime_error("wait");
    }
    mobivate::TransportError stop(std::size_t id) override {
      CHECK(id == 1);
      return mobivate::detail::cancelled(true);
    }
    void wake() noexcept override {}

   private:
    int started_ = 0;
  };
  class Transport : public SlowTransport {
   public:
    std::shared_ptr<mobivate::detail::Multi> open_multi() override {
      return std::make_shared<Multi>();
    }
  };
  const mobivate::DoiClient client(support::options(), std::make_shared<Transport>());
  auto first = client.unsubscribe_async(request(1));
  auto second = client.unsubscribe_async(request(2));
  CHECK(to_string(first.get()) == "accepted: MT-1");
  CHECK(to_string(second.get()) == "unknown: other: wait");
}

TEST_CASE("The last client may be let go by a callback of its own") {
  const auto transport = std::make_shared<SlowTransport>();
  std::optional<mobivate::DoiClient> client;
  std::promise<void> called;
  std::promise<void> gone;
  auto options = support::options();
  SECTION("by on_attempt") {
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
  SECTION("by on_result, and the remaining callbacks run right after it") {
    client.emplace(options, transport);
    std::vector<std::string> results;
    client->unsubscribe_async(request(1), [&](const mobivate::UnsubscribeResult& result) {
      called.get_future().wait();
      results.push_back(to_string(result));
      client.reset();
    });
    for (int i = 2; i < 10; ++i) {
      client->unsubscribe_async(request(i), [&](const mobivate::UnsubscribeResult& result) {
        results.push_back(to_string(result));
        if (results.size() == 9) gone.set_value();
      });
    }
    called.set_value();
    REQUIRE(gone.get_future().wait_for(5s) == std::future_status::ready);
    CHECK(results.front() == "accepted: MT-1");
    for (std::size_t i = 1; i < results.size(); ++i) {
      CHECK(results[i] == "not_sent: cancelled: cancelled by the caller");
    }
  }
  SECTION("by the end of a callback that holds it") {
    client.emplace(options, transport);
    auto& starts = *client;
    starts.unsubscribe_async(request(1),
                             [&gone, copy = *client](const auto&) { gone.set_value(); });
    client.reset();
    CHECK(gone.get_future().wait_for(5s) == std::future_status::ready);
  }
}

namespace {

/// Calls, each started by the callback of the one before.
struct Chain {
  const mobivate::DoiClient& client;
  int left;
  std::promise<void> ended{};

  void next() {
    if (left-- == 0) return ended.set_value();
    client.unsubscribe_async(request(left), [this](const auto&) { next(); });
  }
};

}  // namespace

TEST_CASE("A callback may start the next call, thousands of times") {
  const auto transport = std::make_shared<SlowTransport>();
  const mobivate::DoiClient client(support::options(), transport);
  Chain chain{client, 20'000};
  chain.next();
  chain.ended.get_future().get();
  CHECK(transport->sent == 20'000);
}

TEST_CASE("Nothing that a finished call was given is kept") {
  const auto transport = std::make_shared<SlowTransport>();
  const mobivate::DoiClient client(support::options(), transport);
  const auto given = std::make_shared<int>(1);
  for (int i = 0; i < 10; ++i) {
    mobivate::CallOptions call;
    call.cancelled = [given] { return false; };
    client.unsubscribe_async(
        request(i), [given](const auto&) {}, call);
  }
  static_cast<void>(client.unsubscribe_async(request(10)).get());
  CHECK(given.use_count() == 1);
}

TEST_CASE("Giving up 40,000 calls takes time that grows with their number only") {
  const MisbehavingServer server(stall);
  std::optional<mobivate::DoiClient> client(support::options(server.base_url()));
  std::atomic<int> cancelled{0};
  for (int i = 0; i < 40'000; ++i) {
    client->unsubscribe_async(request(i), [&](const mobivate::UnsubscribeResult& result) {
      if (std::get<mobivate::TransportError>(result).kind ==
          mobivate::TransportError::Kind::cancelled) {
        ++cancelled;
      }
    });
  }
  const auto start = std::chrono::steady_clock::now();
  client.reset();
  CHECK(cancelled == 40'000);
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}

namespace {

/// Answers whatever is asked for at the next look, and notes what it was asked.
class InstantTransport : public mobivate::Transport {
 public:
  mobivate::TransportResult send(const mobivate::HttpRequest& /*request*/) override {
    return mobivate::HttpResponse{200, "MT-1", {}};
  }

  std::shared_ptr<mobivate::detail::Multi> open_multi() override {
    class Multi : public mobivate::detail::Multi {
     public:
      explicit Multi(InstantTransport& transport) : transport_(transport) {}
      void start(std::size_t id, const mobivate::HttpRequest& request,
                 bool /*on_new_connection*/) override {
        started_.push_back({id, transport_.send(request), nullptr});
        transport_.largest_id = std::max(transport_.largest_id.load(), id);
        transport_.most = std::max(transport_.most.load(), started_.size());
      }
      void wait(std::chrono::milliseconds /*longest*/, std::vector<Ended>& ended) override {
        ended.insert(ended.end(), started_.begin(), started_.end());
        started_.clear();
      }
      mobivate::TransportError stop(std::size_t /*id*/) override { return {}; }
      void wake() noexcept override {}

     private:
      InstantTransport& transport_;
      std::vector<Ended> started_;
    };
    return std::make_shared<Multi>(*this);
  }

  std::atomic<std::size_t> largest_id{0};
  std::atomic<std::size_t> most{0};
};

}  // namespace

TEST_CASE("Only ClientOptions::max_in_flight calls are in flight, and numbered") {
  const auto transport = std::make_shared<InstantTransport>();
  auto options = support::options();
  options.max_in_flight = 3;
  const mobivate::DoiClient client(options, transport);
  std::vector<Future> futures;
  for (int i = 0; i < 5'000; ++i) futures.push_back(client.unsubscribe_async(request(i)));
  for (auto& future : futures) CHECK(to_string(future.get()) == "accepted: MT-1");
  CHECK(transport->largest_id == 2);
  CHECK(transport->most == 3);
}

TEST_CASE("Clients that share a RateLimit keep to it together, and heed a change within 100 ms") {
  auto options = support::options();
  options.rate_limit = std::make_shared<mobivate::RateLimit>(100);
  const auto transport = std::make_shared<InstantTransport>();
  const mobivate::DoiClient one(options, transport);
  const mobivate::DoiClient other(options, transport);
  const auto start = std::chrono::steady_clock::now();
  std::vector<Future> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(one.unsubscribe_async(request(i)));
  for (int i = 0; i < 20; ++i) futures.push_back(other.unsubscribe_async(request(i)));
  for (int i = 0; i < 10; ++i) static_cast<void>(one.unsubscribe(request(i)));
  for (auto& future : futures) CHECK(to_string(future.get()) == "accepted: MT-1");
  CHECK(std::chrono::steady_clock::now() - start > 480ms);  // 49 turns

  options.rate_limit->set_per_second(0.01);
  auto slow = one.unsubscribe_async(request(1));
  CHECK(slow.wait_for(200ms) == std::future_status::ready);  // ends at once: not in total_timeout
  mobivate::CallOptions patient;
  patient.total_timeout = 1h;
  auto waits = one.unsubscribe_async(request(2), patient);
  CHECK(waits.wait_for(200ms) == std::future_status::timeout);
  options.rate_limit->set_per_second(0);
  CHECK(waits.wait_for(100ms) == std::future_status::ready);
}
