// What hostile answers and calls that wait cost in memory, as the system sees it.

#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "catch.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_A_SANITIZERS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_IS_A_SANITIZERS
#endif
#endif

#ifndef MEMORY_IS_A_SANITIZERS
namespace {

long kibibytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(field + ":", 0) == 0) return std::stol(line.substr(field.size() + 1));
  }
  return -1;
}

void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace

TEST_CASE("Answers without end take less than 1 MiB over the idle client") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const auto [first, again] = GENERATE_COPY(table<std::string, std::string>({
      {ok, "X: y\r\n"},
      {ok + "X: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"},
      {"", "HTTP/1.1 102 Processing\r\n\r\n"},
      {ok + "\r\n", std::string(4'000, ' ')},
      {ok + "\r\n{\"x\":", std::string(4'000, '[')},
      {ok + "\r\n", std::string(4'000, '%')},
      {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"},
  }));
  bool hostile = false;
  const MisbehavingServer server([&, first = first, again = again](Connection& client) {
    client.read_request();
    if (!hostile) {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nMT-1");
      return;
    }
    client.send(first);
    client.send_without_end(again);
  });
  const mobivate::DoiClient client(support::without_retries(support::options(server.base_url())));
  REQUIRE(to_string(client.unsubscribe(support::ndoi_request())) == "accepted: MT-1");

  hostile = true;
  forget_peak();
  const long idle = kibibytes("VmRSS");
  const auto result = client.unsubscribe(support::ndoi_request());
  CHECK_THAT(to_string(result), Catch::Matchers::StartsWith("unknown: too_large: "));
  CHECK(kibibytes("VmHWM") - idle < 1024);
}

TEST_CASE("An asynchronous call that waits for its turn takes about 600 bytes of memory") {
  const MisbehavingServer server([](Connection& client) {
    client.read_request();
    client.wait_for_client_to_go();
  });
  auto options = support::options(server.base_url());
  options.max_in_flight = 1;
  std::atomic<int> ended{0};
  {
    const mobivate::DoiClient client(options);
    const auto stop = [&] {
      client.unsubscribe_async(support::ndoi_request(), [&ended](const auto&) { ++ended; });
    };
    stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const long idle = kibibytes("VmRSS");
    constexpr int calls = 50'000;
    for (int i = 0; i < calls; ++i) stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));  // until the thread has them all
    const long bytes = (kibibytes("VmRSS") - idle) * 1024 / calls;
    CHECK(bytes < 700);
    CHECK(bytes > 300);
    CHECK(ended == 0);
  }
  CHECK(ended == 50'001);
}
#endif
