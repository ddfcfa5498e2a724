// The calls that wait to be sent: in which order, and which of them are looked at meanwhile.

#include <mobivate/detail/calling/waiting_calls.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using mobivate::detail::Call;
using mobivate::detail::Time;
using mobivate::detail::WaitingCalls;

namespace {

const Time start{1h};

mobivate::UnsubscribeRequest request(const std::string& name) {
  auto request = support::ndoi_request();
  request.reference = name;
  return request;
}

/// A call whose time begins at `start`.
std::unique_ptr<Call> call(const std::string& name, std::chrono::milliseconds total_timeout) {
  const mobivate::detail::Account account(support::options());
  mobivate::CallOptions options;
  options.total_timeout = total_timeout;
  auto call = std::make_unique<Call>(request(name), options);
  call->begin(account, start);
  return call;
}

std::unique_ptr<Call> cancellable(const std::string& name) {
  mobivate::CallOptions options;
  options.cancelled = [] { return false; };
  return std::make_unique<Call>(request(name), options);
}

/// Those that `look` hands out; takes away the calls named.
std::string looked_at(WaitingCalls& waiting, Time now, const std::string& taken = {}) {
  std::string names;
  waiting.look(now, [&](std::unique_ptr<Call>& call) {
    const std::string name = call->request().reference;
    names += name;
    if (taken.find(name) == std::string::npos) return false;
    call.reset();
    return true;
  });
  return names;
}

std::string all(WaitingCalls& waiting) {
  std::string names;
  while (!waiting.empty()) names += waiting.take_first()->request().reference;
  return names;
}

}  // namespace

TEST_CASE("Calls are sent as they are due, the oldest first") {
  WaitingCalls waiting;
  CHECK(waiting.empty());
  waiting.add(start + 2s, call("d", 1h));
  waiting.add(start + 1s, call("b", 1h));
  waiting.add(start + 1s, call("c", 1h));
  waiting.add(start, cancellable("a"));
  waiting.add(start + 3s, cancellable("e"));
  CHECK(waiting.size() == 5);
  CHECK_FALSE(waiting.empty());
  CHECK(waiting.first_due() == start);
  CHECK(waiting.first().request().reference == "a");
  CHECK(waiting.take_first()->request().reference == "a");
  CHECK(waiting.size() == 4);
  CHECK(waiting.first_due() == start + 1s);
  CHECK(waiting.first().request().reference == "b");
  CHECK(all(waiting) == "bcde");
}

TEST_CASE("Only calls that can be cancelled, or whose time is over, are looked at") {
  WaitingCalls waiting;
  waiting.add(start, call("a", 10s));
  waiting.add(start, call("b", 5s));
  waiting.add(start, call("c", 20s));
  waiting.add(start, cancellable("x"));
  CHECK(looked_at(waiting, start + 4'999ms) == "x");
  CHECK(looked_at(waiting, start + 5s, "b") == "xabc");
  CHECK(looked_at(waiting, start + 9'999ms, "x") == "x");
  CHECK(looked_at(waiting, start + 10s, "a") == "ac");
  CHECK(looked_at(waiting, start + 19'999ms).empty());
  waiting.add(start, call("d", 15s));
  CHECK(looked_at(waiting, start + 16s) == "cd");
  CHECK(waiting.size() == 2);
  CHECK(all(waiting) == "cd");
}

TEST_CASE("A call whose time has not begun is never over") {
  WaitingCalls waiting;
  waiting.add(start, std::make_unique<Call>(request("a"), mobivate::CallOptions{}));
  CHECK(looked_at(waiting, start + 24h).empty());
  CHECK(waiting.first().end() == (Time::max)());
}
