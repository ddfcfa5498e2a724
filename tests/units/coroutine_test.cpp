// co_await unsubscribe(client, request), in C++20.

#include <mobivate/coroutine.hpp>

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "catch.hpp"
#include "support.hpp"

namespace {

/// A coroutine that begins at once and that nobody waits for.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached stop(std::optional<mobivate::DoiClient>& client, int times, bool destroys,
              std::promise<std::string>& ended) {
  std::string last = "nothing";
  for (int i = 0; i < times; ++i) {
    last = to_string(co_await unsubscribe(*client, support::ndoi_request()));
  }
  if (destroys) client.reset();
  ended.set_value(last);
}

Detached stop_invalid(const mobivate::DoiClient& client, std::promise<std::thread::id>& thread) {
  auto request = support::ndoi_request();
  request.reference.clear();
  const auto result = co_await unsubscribe(client, request);
  CHECK(std::get<mobivate::InvalidRequest>(result).field == "reference");
  thread.set_value(std::this_thread::get_id());
}

}  // namespace

TEST_CASE("A coroutine awaits one call after the other") {
  const auto gateway = support::mock();
  gateway->answer([](const auto&) { return mobivate::HttpResponse{200, "MT-1", {}}; });
  std::optional<mobivate::DoiClient> client(std::in_place, support::options(), gateway);
  std::promise<std::string> ended;
  SECTION("thousands of times") {
    stop(client, 5'000, false, ended);
    CHECK(ended.get_future().get() == "accepted: MT-1");
    CHECK(gateway->requests().size() == 5'000);
  }
  SECTION("and may destroy the last copy of the client") {
    stop(client, 2, true, ended);
    CHECK(ended.get_future().get() == "accepted: MT-1");
  }
  SECTION("and goes on when the client ends") {
    gateway->after(std::chrono::hours(1)).reply(200, "MT-late");
    stop(client, 1, false, ended);
    client.reset();
    CHECK(ended.get_future().get().find("cancelled") != std::string::npos);
  }
  SECTION("on the client's thread, for an invalid request too") {
    std::promise<std::thread::id> thread;
    stop_invalid(*client, thread);
    CHECK(thread.get_future().get() != std::this_thread::get_id());
  }
}
