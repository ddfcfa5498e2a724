// Cancelling, in each stage of a call, over real sockets.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

/// Cancels a call after a while; what came of it, and how long after.
struct Cancelled {
  std::string result;
  std::chrono::steady_clock::duration late;
};

Cancelled cancel_after(std::chrono::milliseconds delay, const std::string& base_url,
                       std::shared_ptr<mobivate::Transport> transport = nullptr) {
  const mobivate::DoiClient client(support::options(base_url), std::move(transport));
  const auto moment = std::chrono::steady_clock::now() + delay;
  mobivate::CallOptions call;
  call.cancelled = [&] { return std::chrono::steady_clock::now() >= moment; };
  const auto result = client.unsubscribe(support::ndoi_request(), call);
  return {to_string(result), std::chrono::steady_clock::now() - moment};
}

/// A port whose queue of connections is full, so that connecting to it takes for ever.
class FullPort {
 public:
  FullPort() {
    socklen_t length = sizeof address_;
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address_);
    REQUIRE(bind(listener_, generic, length) == 0);
    REQUIRE(listen(listener_, 0) == 0);
    REQUIRE(getsockname(listener_, generic, &length) == 0);
    for (int& client : clients_) {
      client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      static_cast<void>(connect(client, generic, length));
    }
  }
  ~FullPort() {
    for (const int client : clients_) close(client);
    close(listener_);
  }
  FullPort(const FullPort&) = delete;
  FullPort& operator=(const FullPort&) = delete;

  std::string base_url() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port));
  }

 private:
  int listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address_{};
  int clients_[4];
};

}  // namespace

TEST_CASE("A call ends within 100 ms of being cancelled") {
  SECTION("while connecting") {
    const FullPort port;
    const auto cancelled = cancel_after(120ms, port.base_url());
    CHECK(cancelled.result == "not_sent: cancelled: cancelled by the caller");
    CHECK(cancelled.late < 100ms);
  }
  SECTION("in the TLS handshake") {
    const MisbehavingServer server([](Connection& client) { client.wait_for_client_to_go(); });
    const support::TemporaryFile ca(local_gateway::make_certificate().certificate);
    const auto cancelled =
        cancel_after(120ms, "https" + server.base_url().substr(4), support::trusting(ca.path()));
    CHECK(cancelled.result == "not_sent: cancelled: cancelled by the caller");
    CHECK(cancelled.late < 100ms);
  }
  SECTION("while waiting for the answer") {
    const MisbehavingServer server([](Connection& client) { client.wait_for_client_to_go(); });
    const auto cancelled = cancel_after(120ms, server.base_url());
    CHECK(cancelled.result == "unknown: cancelled: cancelled by the caller");
    CHECK(cancelled.late < 100ms);
  }
  SECTION("in the middle of the answer") {
    const MisbehavingServer server([](Connection& client) {
      client.read_request();
      client.send("HTTP/1.1 200 OK\r\n\r\n{");
      client.send_without_end(" ", 1ms);
    });
    const auto cancelled = cancel_after(120ms, server.base_url());
    CHECK(cancelled.result == "unknown: cancelled: cancelled by the caller");
    CHECK(cancelled.late < 100ms);
  }
  SECTION("in the wait before the next attempt") {
    const MisbehavingServer server([](Connection& client) {
      client.read_request();
      client.send("HTTP/1.1 503 X\r\nContent-Length: 0\r\nRetry-After: 30\r\n\r\n");
    });
    const auto cancelled = cancel_after(120ms, server.base_url());
    CHECK(cancelled.result == "unknown: cancelled: cancelled by the caller");
    CHECK(cancelled.late < 100ms);
  }
  SECTION("before it began") {
    const auto cancelled = cancel_after(0ms, "http://127.0.0.1:1");
    CHECK(cancelled.result == "not_sent: cancelled: cancelled by the caller");
  }
}

TEST_CASE("Connecting takes no longer than connect_timeout") {
  const FullPort port;
  auto options = support::without_retries(support::options(port.base_url()));
  options.connect_timeout = 150ms;
  const auto start = std::chrono::steady_clock::now();
  const auto result = mobivate::DoiClient(options).unsubscribe(support::ndoi_request());
  CHECK(stop_state(result) == mobivate::StopState::not_sent);
  CHECK(std::get<mobivate::TransportError>(result).kind == mobivate::TransportError::Kind::timeout);
  CHECK(std::chrono::steady_clock::now() - start < 400ms);
}

TEST_CASE("What the cancelled callback throws comes out, and the client can be used again") {
  std::atomic<bool> answering{false};
  const MisbehavingServer server([&](Connection& client) {
    client.read_request();
    if (!answering) return client.wait_for_client_to_go();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMT-1");
  });
  const mobivate::DoiClient client(support::options(server.base_url()));
  mobivate::CallOptions call;
  int asked = 0;
  call.cancelled = [&]() -> bool {
    if (++asked > 2) throw std::domain_error("mine");
    return false;
  };
  CHECK_THROWS_AS(client.unsubscribe(support::ndoi_request(), call), std::domain_error);
  answering = true;
  CHECK(to_string(client.unsubscribe(support::ndoi_request())) == "accepted: MT-1");
}
