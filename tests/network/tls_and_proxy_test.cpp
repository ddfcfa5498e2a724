// Certificates and proxies, over real sockets.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "catch.hpp"
#include "gateway/local_gateway.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using local_gateway::LocalGateway;
using mobivate::StopState;
using Kind = mobivate::TransportError::Kind;
using support::TemporaryFile;

namespace {

mobivate::UnsubscribeResult call(const std::string& base_url, const mobivate::CurlOptions& curl) {
  const mobivate::DoiClient client(support::without_retries(support::options(base_url)),
                                   std::make_shared<mobivate::CurlTransport>(curl));
  return client.unsubscribe(support::ndoi_request());
}

bool is(const mobivate::UnsubscribeResult& result, Kind kind, StopState state) {
  const auto* error = std::get_if<mobivate::TransportError>(&result);
  return error != nullptr && error->kind == kind && stop_state(result) == state;
}

void accept_stop(Connection& client) {
  client.read_request();
  client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMT-1");
}

int connect_to_loopback(int port) {
  const int target = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  static_cast<void>(connect(target, reinterpret_cast<sockaddr*>(&address), sizeof address));
  return target;
}

/// A proxy for HTTP tunnels and for SOCKS5 that keeps what it was sent before the tunnel stood.
class Proxy {
 public:
  /// `answer` is given to CONNECT in place of a tunnel, unless it is empty.
  explicit Proxy(std::string answer = {})
      : answer_(std::move(answer)), server_([this](Connection& client) { serve(client); }) {}

  std::string address() const { return server_.base_url().substr(std::string("http://").size()); }
  std::string seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void serve(Connection& client) {
    const std::string first = client.read_some();
    if (first.empty()) return;
    if (first.front() == '\x05') return serve_socks(client);
    note(first);
    if (!answer_.empty()) {
      client.send(answer_);
    } else if (first.rfind("CONNECT 127.0.0.1:", 0) == 0) {
      client.send("HTTP/1.1 200 Connection established\r\n\r\n");
      relay(client, std::stoi(first.substr(std::string("CONNECT 127.0.0.1:").size())));
    } else {
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMT-1");
    }
  }

  void serve_socks(Connection& client) {
    client.send(std::string_view("\x05\x00", 2));
    const std::string request = client.read_some();  // version, CONNECT, 0, kind, address, port
    note("SOCKS5");
    if (!answer_.empty() || request.size() < 10) {
      client.send(std::string_view("\x05\x02\x00\x01\0\0\0\0\0\0", 10));  // not allowed
      return;
    }
    client.send(std::string_view("\x05\x00\x00\x01\0\0\0\0\0\0", 10));
    const auto* const port = reinterpret_cast<const unsigned char*>(&request[request.size() - 2]);
    relay(client, port[0] * 256 + port[1]);
  }

  static void relay(Connection& client, int port) {
    const int target = connect_to_loopback(port);
    std::array<pollfd, 2> ends{{{client.socket(), POLLIN, 0}, {target, POLLIN, 0}}};
    while (poll(ends.data(), ends.size(), -1) > 0) {
      std::array<char, 4096> buffer{};
      const bool from_client = ends[0].revents != 0;
      const auto count =
          recv(from_client ? client.socket() : target, buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      ::send(from_client ? target : client.socket(), buffer.data(), static_cast<std::size_t>(count),
             0);
    }
    close(target);
  }

  void note(const std::string& text) {
    const std::lock_guard lock(mutex_);
    seen_ += text;
  }

  std::string answer_;
  mutable std::mutex mutex_;
  std::string seen_;
  MisbehavingServer server_;
};

/// The local gateway over TLS, with the subscriber whom the requests are about.
struct TlsGateway {
  TlsGateway() { gateway.subscriptions().add({12345, "mv-100620006", "XX7432104492"}); }

  static local_gateway::Options options(const local_gateway::Certificate& certificate) {
    local_gateway::Options options;
    options.certificate = certificate;
    return options;
  }

  local_gateway::Certificate certificate = local_gateway::make_certificate();
  LocalGateway gateway{options(certificate)};
  TemporaryFile ca{certificate.certificate};
};

}  // namespace

TEST_CASE("A certificate that has expired is refused") {
  const auto certificate = local_gateway::make_certificate({"127.0.0.1"}, -1);
  const LocalGateway gateway(TlsGateway::options(certificate));
  const TemporaryFile ca(certificate.certificate);
  mobivate::CurlOptions curl;
  curl.ca_bundle = ca.path();
  const auto result = call(gateway.base_url(), curl);
  CHECK(is(result, Kind::tls, StopState::not_sent));
  CHECK_THAT(to_string(result), Catch::Matchers::ContainsSubstring("expired"));
  CHECK(gateway.requests() == 0);
}

TEST_CASE("TLS older than 1.2 is refused") {
  const auto certificate = local_gateway::make_certificate();
  const MisbehavingServer server(accept_stop, certificate);
  SSL_CTX_set_max_proto_version(server.tls(), TLS1_1_VERSION);
  const TemporaryFile ca(certificate.certificate);
  mobivate::CurlOptions curl;
  curl.ca_bundle = ca.path();
  CHECK(is(call(server.base_url(), curl), Kind::tls, StopState::not_sent));

  SSL_CTX_set_max_proto_version(server.tls(), TLS1_2_VERSION);
  CHECK(stop_state(call(server.base_url(), curl)) == StopState::accepted);
}

TEST_CASE("A gateway that asks for a client certificate gets it") {
  const auto certificate = local_gateway::make_certificate();
  const auto client_certificate = local_gateway::make_certificate({"client.example"});
  const MisbehavingServer server(accept_stop, certificate);
  server.trust_clients(client_certificate.certificate);
  const TemporaryFile ca(certificate.certificate);
  const TemporaryFile client_file(client_certificate.certificate);
  const TemporaryFile key_file(client_certificate.private_key);
  mobivate::CurlOptions curl;
  curl.ca_bundle = ca.path();

  SECTION("from two files") {
    curl.client_certificate = client_file.path();
    curl.client_key = key_file.path();
    CHECK(stop_state(call(server.base_url(), curl)) == StopState::accepted);
  }
  SECTION("from one file") {
    const TemporaryFile both(client_certificate.certificate + client_certificate.private_key);
    curl.client_certificate = both.path();
    CHECK(stop_state(call(server.base_url(), curl)) == StopState::accepted);
  }
  SECTION("or refuses, if there is none") {
    const auto result = call(server.base_url(), curl);
    CHECK(std::holds_alternative<mobivate::TransportError>(result));
  }
  SECTION("a file that is not there is named") {
    curl.client_certificate = "/nonexistent/client.pem";
    const auto result = call(server.base_url(), curl);
    CHECK(is(result, Kind::tls, StopState::not_sent));
    if (curl_version_info(CURLVERSION_NOW)->version_num >= 0x075400) {
      CHECK_THAT(to_string(result), Catch::Matchers::ContainsSubstring("/nonexistent/client.pem"));
    }
  }
}

TEST_CASE("Through a proxy, https is tunnelled: the proxy sees the host, not the key") {
  const TlsGateway tls;
  const Proxy proxy;
  mobivate::CurlOptions curl;
  curl.ca_bundle = tls.ca.path();
  const std::string scheme = GENERATE("http://", "socks5://", "socks5h://");
  curl.proxy = scheme + proxy.address();
  CHECK(stop_state(call(tls.gateway.base_url(), curl)) == StopState::accepted);
  CHECK_THAT(proxy.seen(), Catch::Matchers::StartsWith(scheme == "http://" ? "CONNECT" : "SOCKS5"));
  CHECK(proxy.seen().find(support::api_key) == std::string::npos);
}

TEST_CASE("A proxy that refuses is no connection, and its credentials stay secret") {
  const TlsGateway tls;
  mobivate::CurlOptions curl;
  curl.ca_bundle = tls.ca.path();
  const auto expect = [&](Kind kind, const char* text) {
    const auto result = call(tls.gateway.base_url(), curl);
    CAPTURE(result);
    CHECK(is(result, kind, StopState::not_sent));
    CHECK_THAT(to_string(result), Catch::Matchers::ContainsSubstring(text));
    CHECK(to_string(result).find("pa55") == std::string::npos);
    CHECK(tls.gateway.requests() == 0);
  };
  SECTION("other credentials wanted") {
    const Proxy proxy("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    curl.proxy = "http://user:pa55@" + proxy.address();
    expect(Kind::connect, "the proxy answered HTTP 407: it wants other credentials");
  }
  SECTION("no tunnel") {
    const Proxy proxy("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    curl.proxy = "http://user:pa55@" + proxy.address();
    expect(Kind::connect, "the proxy answered HTTP 502");
  }
  SECTION("SOCKS5, not allowed") {
    const Proxy proxy("no");
    curl.proxy = "socks5://user:pa55@" + proxy.address();
    expect(Kind::connect, "check CurlOptions::proxy");
  }
  SECTION("no proxy there") {
    curl.proxy = "http://user:pa55@127.0.0.1:1";
    expect(Kind::connect, "");
  }
  SECTION("no such proxy") {
    curl.proxy = "http://user:pa55@proxy.invalid:3128";
    expect(Kind::resolve, "check CurlOptions::proxy");
  }
  SECTION("an address that is none, from the environment") {
    curl.proxy.clear();
    setenv("https_proxy", "http://user:pa55@[bad", 1);
    setenv("no_proxy", "", 1);
    expect(Kind::resolve, "check CurlOptions::proxy");
    unsetenv("https_proxy");
    unsetenv("no_proxy");
  }
  SECTION("no such kind of proxy") {
    curl.proxy = "gopher://user:pa55@127.0.0.1:1";
    expect(Kind::connect, "");
  }
}

TEST_CASE("Plain http goes through a proxy only if the caller names one") {
  LocalGateway gateway;
  gateway.subscriptions().add({12345, "mv-100620006", "XX7432104492"});
  const Proxy proxy;
  setenv("http_proxy", ("http://" + proxy.address()).c_str(), 1);
  setenv("all_proxy", ("http://" + proxy.address()).c_str(), 1);
  CHECK(stop_state(call(gateway.base_url(), {})) == StopState::accepted);
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  CHECK(proxy.seen().empty());

  mobivate::CurlOptions curl;
  curl.proxy = "http://" + proxy.address();
  CHECK(stop_state(call(gateway.base_url(), curl)) == StopState::accepted);
  CHECK_THAT(proxy.seen(), Catch::Matchers::StartsWith("GET " + gateway.base_url()));
}
