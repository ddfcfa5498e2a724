// HTTP/2, with a server that misbehaves (http2_server.py).

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <mobivate/detail/curl/multi.hpp>

#include "catch.hpp"
#include "gateway/certificate.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using mobivate::StopState;

namespace {

/// Runs http2_server.py, and counts what it tells.
class Http2Server {
 public:
  Http2Server() {
    int commands[2];
    int events[2];
    REQUIRE(pipe(commands) == 0);
    REQUIRE(pipe(events) == 0);
    child_ = fork();
    if (child_ == 0) {
      dup2(commands[0], STDIN_FILENO);
      dup2(events[1], STDOUT_FILENO);
      for (const int end : {commands[0], commands[1], events[0], events[1]}) close(end);
      execl(MOBIVATE_PYTHON, MOBIVATE_PYTHON, MOBIVATE_TEST_DIR "/network/http2_server.py",
            key_and_certificate_.path().c_str(), nullptr);
      _exit(127);
    }
    close(commands[0]);
    close(events[1]);
    commands_ = commands[1];
    events_ = fdopen(events[0], "r");
    port_ = line();
    REQUIRE_FALSE(port_.empty());
    reader_ = std::thread([this] { read_events(); });
  }
  ~Http2Server() {
    close(commands_);
    reader_.join();
    std::fclose(events_);
    waitpid(child_, nullptr, 0);
  }
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  std::string base_url() const { return "https://127.0.0.1:" + port_; }
  const std::string& ca() const { return ca_.path(); }

  /// Returns when the server does it.
  void tell(const std::string& command) {
    std::unique_lock lock(mutex_);
    const int before = done_;
    REQUIRE(write(commands_, (command + "\n").c_str(), command.size() + 1) > 0);
    REQUIRE(told_.wait_for(lock, 20s, [&] { return done_ > before; }));
  }

  int connections() { return count(connections_); }
  int requests() { return count(requests_); }
  bool wait_for_requests(int count) {
    std::unique_lock lock(mutex_);
    return told_.wait_for(lock, 20s, [&] { return requests_ >= count; });
  }

 private:
  int count(const int& events) {
    tell("count");
    const std::lock_guard lock(mutex_);
    return events;
  }

  std::string line() {
    std::string text;
    for (int c = std::fgetc(events_); c != EOF && c != '\n'; c = std::fgetc(events_)) {
      text += static_cast<char>(c);
    }
    return text;
  }

  void read_events() {
    for (std::string event = line(); !event.empty(); event = line()) {
      const std::lock_guard lock(mutex_);
      if (event == "connection") ++connections_;
      if (event == "request") ++requests_;
      if (event == "done") ++done_;
      told_.notify_all();
    }
  }

  local_gateway::Certificate certificate_ = local_gateway::make_certificate();
  support::TemporaryFile key_and_certificate_{certificate_.private_key + certificate_.certificate};
  support::TemporaryFile ca_{certificate_.certificate};
  pid_t child_ = -1;
  int commands_ = -1;
  std::FILE* events_ = nullptr;
  std::string port_;
  std::mutex mutex_;
  std::condition_variable told_;
  int connections_ = 0;
  int requests_ = 0;
  int done_ = 0;
  std::thread reader_;
};

mobivate::ClientOptions quick(const Http2Server& server, int max_attempts) {
  auto options = support::options(server.base_url());
  options.attempt_timeout = 5s;
  options.retry.max_attempts = max_attempts;
  options.retry.initial_backoff = 1ms;
  return options;
}

mobivate::DoiClient client_of(const Http2Server& server, const mobivate::ClientOptions& options) {
  return mobivate::DoiClient(options, support::trusting(server.ca()));
}

/// libcurl 7.74 does not always find a new connection that could be shared.
bool shares_at_once() {
  return curl_version_info(CURLVERSION_NOW)->version_num >= 0x075000;
}

std::vector<mobivate::UnsubscribeRequest> requests(std::size_t count) {
  return std::vector<mobivate::UnsubscribeRequest>(count, support::ndoi_request());
}

}  // namespace

TEST_CASE("Over HTTP/2, a batch shares one connection, and so do the calls after it") {
  Http2Server server;
  const auto client = client_of(server, quick(server, 1));
  CHECK(client.unsubscribe_all(requests(200), [](const auto&, const auto&) {}).accepted == 200);
  CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
  CHECK(server.connections() <= (shares_at_once() ? 1 : 32));
  CHECK(server.requests() == 201);
}

TEST_CASE("An HTTP/2 connection that went silent takes no new request after a timeout") {
  Http2Server server;
  auto options = quick(server, 2);
  options.attempt_timeout = 1s;
  const auto client = client_of(server, options);

  SECTION("of one call") {
    REQUIRE(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
    server.tell("silence");
    CHECK(to_string(client.unsubscribe(support::ndoi_request())) == "accepted: MT-1");
    CHECK(to_string(client.unsubscribe(support::ndoi_request())) == "accepted: MT-1");
    CHECK(server.connections() == 2);
  }
  SECTION("of many, which all go on over the same new one") {
    REQUIRE(client.unsubscribe_all(requests(8), [](const auto&, const auto&) {}).accepted == 8);
    server.tell("silence");
    CHECK(client.unsubscribe_all(requests(100), [](const auto&, const auto&) {}).accepted == 100);
    CHECK(server.connections() <= (shares_at_once() ? 2 : 8 + 32));
  }
}

TEST_CASE("A request that times out leaves the others on its HTTP/2 connection their time") {
  Http2Server server;
  auto options = quick(server, 1);
  options.attempt_timeout = 15s;
  const auto client = client_of(server, options);
  REQUIRE(client.unsubscribe_async(support::ndoi_request()).get() ==
          mobivate::UnsubscribeResult(mobivate::Accepted{"MT-1"}));
  server.tell("hold");
  auto patient = client.unsubscribe_async(support::ndoi_request());
  REQUIRE(server.wait_for_requests(2));
  mobivate::CallOptions impatient;
  impatient.total_timeout = 200ms;
  mobivate::UnsubscribeResult timed_out;
  do {  // on a slow machine, it may time out before it is sent
    timed_out = client.unsubscribe_async(support::ndoi_request(), impatient).get();
  } while (stop_state(timed_out) == StopState::not_sent);
  CHECK_THAT(to_string(timed_out), Catch::Matchers::StartsWith("unknown: timeout: "));
  server.tell("answer");
  CHECK(to_string(client.unsubscribe_async(support::ndoi_request()).get()) == "accepted: MT-1");
  CHECK(to_string(patient.get()) == "accepted: MT-1");
  CHECK(server.connections() == 2);
}

TEST_CASE("An attempt is one request on the wire, also where the server refuses every stream") {
  Http2Server server;
  server.tell("refuse");
  std::atomic<int> attempts{0};
  auto options = quick(server, 4);
  options.on_attempt = [&](const mobivate::Attempt& attempt) {
    ++attempts;
    CHECK_THAT(to_string(*attempt.result), Catch::Matchers::StartsWith("unknown: receive: "));
  };
  const auto client = client_of(server, options);
  SECTION("one call") {
    CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::unknown);
    CHECK(attempts == 4);
  }
  SECTION("a batch") {
    CHECK(client.unsubscribe_all(requests(10), [](const auto&, const auto&) {}).unknown == 10);
    CHECK(attempts == 40);
  }
  CHECK(server.requests() == attempts);
}

TEST_CASE("After a failure on a used HTTP/2 connection, the next attempt opens a new one") {
  Http2Server server;
  const auto client = client_of(server, quick(server, 3));
  REQUIRE(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
  server.tell(GENERATE("reset", "cut"));
  CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::unknown);
  CHECK(server.requests() == 4);
  server.tell("answer");
  CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
  CHECK(server.connections() >= 3);
}

TEST_CASE("After GOAWAY, requests go over a new connection") {
  Http2Server server;
  server.tell("goaway");
  const auto client = client_of(server, quick(server, 1));
  for (int i = 1; i <= 3; ++i) {
    CHECK(to_string(client.unsubscribe(support::ndoi_request())) == "accepted: MT-1");
    CHECK(server.connections() == i);
  }
}

TEST_CASE("Once its HTTP/2 connection is closed, a batch shares one new connection") {
  Http2Server server;
  const auto client = client_of(server, quick(server, 1));
  server.tell("goaway");
  REQUIRE(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
  server.tell("answer");
  CHECK(client.unsubscribe_all(requests(100), [](const auto&, const auto&) {}).accepted == 100);
  CHECK(server.connections() <= (shares_at_once() ? 2 : 1 + 32));
}

TEST_CASE("No request begins on a connection older than the longest life") {
  Http2Server server;
  mobivate::CurlOptions curl;
  curl.ca_bundle = server.ca();
  const mobivate::detail::CurlShare share;
  mobivate::detail::CurlMulti multi(curl, share, 100ms);
  mobivate::HttpRequest request{server.base_url() + "/", {}, 5s, 5s, {}};
  const auto send = [&] {
    std::vector<mobivate::detail::Multi::Ended> ended;
    multi.start(0, request, false);
    while (ended.empty()) multi.wait(5s, ended);
    CHECK(std::holds_alternative<mobivate::HttpResponse>(ended[0].result));
  };
  send();
  send();
  CHECK(server.connections() == 1);
  std::this_thread::sleep_for(100ms);
  send();
  CHECK(server.connections() == 2);
}
