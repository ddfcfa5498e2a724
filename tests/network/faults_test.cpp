// Everything that a network and a server can do wrong: what comes of it, what is then known of the
// subscriber, and whether it is tried again. docs/reliability.md is this table in words.

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const std::string success = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"200\":\"MT-1\"}";

/// {"200":"MT-1"}, compressed.
const std::string gzip =
    "\037\213\010\000\000\000\000\000\002\003\253\126\062\062\060\120\262\122\362\015\321\065\124\252\005\000\027\140\317\177\016\000\000\000"s;

std::string gzipped_success(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

enum class Tls { no, yes, only_client };

struct Fault {
  const char* name;
  MisbehavingServer::Serve serve;
  const char* result;  ///< How the result in words begins.
  bool retried;
  Tls tls = Tls::no;
  unsigned since = 0;  ///< The oldest libcurl that notices it.
};

/// Reads a request and answers it with these bytes, then closes.
MisbehavingServer::Serve answer(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& client) {
    client.read_request();
    client.send(bytes);
  };
}

/// Answers each request with these bytes.
MisbehavingServer::Serve answer_all(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& client) {
    while (!client.read_request().empty() && client.send(bytes)) {
    }
  };
}

/// Reads a request, answers it with the first bytes, then sends the second for ever.
MisbehavingServer::Serve answer_without_end(std::string first, std::string again,
                                            std::chrono::milliseconds pause = {}) {
  return [first = std::move(first), again = std::move(again), pause](Connection& client) {
    client.read_request();
    client.send(first);
    client.send_without_end(again, pause);
  };
}

unsigned libcurl_version() {
  return curl_version_info(CURLVERSION_NOW)->version_num;
}

/// Whether a connection that ends without TLS's own end is an error: OpenSSL 3 says so, but libcurl
/// 7.87 to 8.14.0 did not ask.
bool notices_cut_tls() {
  if (libcurl_version() >= 0x075700) return libcurl_version() >= 0x080E01;
  return OpenSSL_version_num() >= 0x30000000;
}

const std::vector<Fault>& faults() {
  static const std::vector<Fault> table{
      // Before the request
      {"closes at once", [](Connection&) {}, "unknown: ", true},
      {"resets as it is asked",
       [](Connection& client) {
         client.wait_for_first_byte();
         client.reset();
       },
       "unknown: ", true},
      {"answers before it was asked",
       [](Connection& client) {
         do {
           client.send(success);
         } while (!client.read_request().empty());
       },
       "accepted: MT-1", false},
      {"no TLS where TLS is due",
       [](Connection& client) {
         client.send("HTTP/1.1 400 Bad Request\r\n\r\n");
         client.wait_for_client_to_go();
       },
       "not_sent: tls: ", false, Tls::only_client},
      {"closes in the TLS handshake", [](Connection&) {}, "not_sent: connect: ", true,
       Tls::only_client},
      {"closes in the TLS handshake, once it has begun",
       [](Connection& client) { client.read_some(); }, "not_sent: connect: ", true,
       Tls::only_client},
      {"resets in the TLS handshake",
       [](Connection& client) {
         client.wait_for_first_byte();
         client.reset();
       },
       "not_sent: connect: ", true, Tls::only_client},
      {"never ends the TLS handshake", [](Connection& client) { client.wait_for_client_to_go(); },
       "not_sent: timeout: ", true, Tls::only_client},

      // Before the answer
      {"closes when it was asked", [](Connection& client) { client.read_request(); },
       "unknown: receive: ", true},
      {"resets when it was asked",
       [](Connection& client) {
         client.read_request();
         client.reset();
       },
       "unknown: receive: ", true},
      {"never answers",
       [](Connection& client) {
         client.read_request();
         client.wait_for_client_to_go();
       },
       "unknown: timeout: ", true},

      // In the header of the answer
      {"speaks no HTTP", answer("SSH-2.0-OpenSSH_9.2\r\n"), "unknown: receive: ", true},
      {"speaks HTTP/0.9", answer("{\"200\":\"MT-1\"}"), "unknown: receive: ", true},
      {"speaks HTTP/1.0", answer("HTTP/1.0 200 OK\r\n\r\n{\"200\":\"MT-1\"}"), "accepted: MT-1",
       false},
      {"speaks HTTP/7.0", answer("HTTP/7.0 200 OK\r\n\r\n{\"200\":\"MT-1\"}"),
       "unknown: receive: ", true, Tls::no, 0x075400},
      {"cuts the status line", answer("HTTP/1.1 2"), "unknown: receive: ", true},
      {"a status that is no number", answer("HTTP/1.1 OK 200\r\n\r\n"), "unknown: receive: ", true},
      {"cuts the header", answer("HTTP/1.1 200 OK\r\nContent-Le"),
       "unknown: HTTP 200: an empty body", false},
      {"resets in the header",
       [](Connection& client) {
         client.read_request();
         client.send("HTTP/1.1 200 OK\r\nContent-");
         std::this_thread::sleep_for(20ms);
         client.reset();
       },
       "unknown: receive: ", true},
      {"a NUL byte in the header", answer("HTTP/1.1 200 OK\r\nX: \0\r\n\r\n{\"200\":\"MT-1\"}"s),
       "unknown: receive: ", true, Tls::no, 0x075400},
      {"a length that is no number",
       answer("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{\"200\":\"MT-1\"}"),
       "unknown: receive: ", true},
      {"a negative length",
       answer("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{\"200\":\"MT-1\"}"),
       "unknown: receive: ", true},
      {"header fields without end", answer_without_end("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
       "unknown: too_large: ", false},
      {"a header line without end",
       answer_without_end("HTTP/1.1 200 OK\r\nX: ", "yyyyyyyyyyyyyyyy"),
       "unknown: too_large: ", false},
      {"a header drop by drop", answer_without_end("HTTP/1.1 200 OK\r\n", "X: y\r\n", 10ms),
       "unknown: timeout: ", true},
      {"interim responses, then success",
       answer_all("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" +
                  success),
       "accepted: MT-1", false},
      {"interim responses without end", answer_without_end("", "HTTP/1.1 102 Processing\r\n\r\n"),
       "unknown: too_large: ", false},
      {"switches protocols", answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
       "unknown: ", true},

      // In the body of the answer
      {"cuts the body", answer("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"200\":\"MT-1\"}"),
       "unknown: receive: ", true},
      {"resets in the body",
       [](Connection& client) {
         client.read_request();
         client.send("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"200\":");
         std::this_thread::sleep_for(20ms);
         client.reset();
       },
       "unknown: receive: ", true},
      {"cuts a chunk",
       answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n90\r\n{\"200\":\"MT-1\"}"),
       "unknown: receive: ", true},
      {"leaves out the last chunk",
       answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n{\"200\":\"MT-1\"}\r\n"),
       "unknown: receive: ", true},
      {"a chunk length that is no number",
       answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\"200\":\"MT-1\"}\r\n"),
       "unknown: receive: ", true},
      {"a broken compression",
       answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 14\r\n\r\n"
              "{\"200\":\"MT-1\"}"),
       "unknown: receive: ", true},
      {"bytes behind a compressed body", answer(gzipped_success(gzip + "x")),
       "unknown: receive: ", true},
      {"a body that was compressed in two parts", answer(gzipped_success(gzip + gzip)),
       "unknown: receive: ", true},
      {"an encoding that does not exist",
       answer("HTTP/1.1 200 OK\r\nContent-Encoding: UTF-8\r\nContent-Length: 14\r\n\r\n"
              "{\"200\":\"MT-1\"}"),
       "unknown: receive: ", true},
      {"a body without end", answer_without_end("HTTP/1.1 200 OK\r\n\r\n", std::string(1000, ' ')),
       "unknown: too_large: ", false},
      {"chunks without end",
       answer_without_end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\n    \r\n"),
       "unknown: too_large: ", false},
      {"trailers without end",
       answer_without_end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
       "unknown: too_large: ", false},
      {"a body drop by drop",
       answer_without_end("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", " ", 10ms),
       "unknown: timeout: ", true},
      {"more than one answer", answer_all(success + success), "accepted: MT-1", false},
      {"garbage behind the answer", answer_all(success + "\xFF\xFE garbage"), "accepted: MT-1",
       false},

      // An answer, but not one that was hoped for
      {"overloaded", answer_all("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
       "unknown: HTTP 503: ", true},
      {"no such page", answer_all("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
       "unknown: HTTP 404: ", false},
      {"no content", answer_all("HTTP/1.1 204 No Content\r\n\r\n"), "unknown: HTTP 204: ", false},
      {"a redirect", answer_all("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
       "unknown: HTTP 302: ", false},

      // Over TLS, once the connection stands
      {"closes after the TLS handshake", [](Connection&) {}, "unknown: ", true, Tls::yes},
      {"resets after the TLS handshake", [](Connection& client) { client.reset(); },
       "unknown: ", true, Tls::yes},
      {"ends the body without closing TLS", answer("HTTP/1.1 200 OK\r\n\r\n{\"200\":\"MT-1\"}"),
       notices_cut_tls() ? "unknown: receive: " : "accepted: MT-1", notices_cut_tls(), Tls::yes},
  };
  return table;
}

/// What came of a call, as the caller sees it.
struct Seen {
  std::string result;
  int attempts = 0;
  std::chrono::steady_clock::duration elapsed{};
};

class FaultyGateway {
 public:
  explicit FaultyGateway(const Fault& fault)
      : server_(fault.serve, fault.tls == Tls::yes ? std::optional(certificate()) : std::nullopt),
        ca_(certificate().certificate) {
    std::string base_url = server_.base_url();
    if (fault.tls == Tls::only_client) base_url.replace(0, 7, "https://");
    options_ = support::options(base_url);
    const bool ends_in_time = std::string(fault.result).find("timeout") == std::string::npos;
    options_.connect_timeout = ends_in_time ? 5s : 300ms;
    options_.attempt_timeout = ends_in_time ? 5s : 300ms;
    options_.total_timeout = total_timeout;
    options_.retry.max_attempts = 2;
    options_.retry.initial_backoff = 0ms;
    options_.on_attempt = [](const mobivate::Attempt&) { ++attempts; };
    client_.emplace(options_, support::trusting(ca_.path()));
  }

  Seen call() const {
    attempts = 0;
    const auto start = std::chrono::steady_clock::now();
    const auto result = client_->unsubscribe(support::ndoi_request());
    return {to_string(result), attempts, std::chrono::steady_clock::now() - start};
  }

  static constexpr auto total_timeout = 10s;

 private:
  static const local_gateway::Certificate& certificate() {
    static const auto certificate = local_gateway::make_certificate();
    return certificate;
  }

  inline static thread_local int attempts = 0;

  MisbehavingServer server_;
  support::TemporaryFile ca_;
  mobivate::ClientOptions options_;
  std::optional<mobivate::DoiClient> client_;
};

std::vector<Seen> call_from_threads(const FaultyGateway& gateway, int count) {
  std::vector<Seen> seen(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (auto& one : seen) threads.emplace_back([&] { one = gateway.call(); });
  for (auto& thread : threads) thread.join();
  return seen;
}

}  // namespace

TEST_CASE("Each fault ends as the table says, within its time, and shows no secret") {
  const int threads = GENERATE(1, 16);
  for (const auto& fault : faults()) {
    if (libcurl_version() < fault.since) continue;
    DYNAMIC_SECTION(fault.name << ", " << threads << " at once") {
      const FaultyGateway gateway(fault);
      for (const auto& seen : call_from_threads(gateway, threads)) {
        CAPTURE(seen.result);
        CHECK_THAT(seen.result, Catch::Matchers::StartsWith(fault.result));
        CHECK(seen.attempts == (fault.retried ? 2 : 1));
        CHECK(seen.elapsed <= FaultyGateway::total_timeout + 100ms);
        CHECK(seen.result.find(support::account_id) == std::string::npos);
        CHECK(seen.result.find(support::api_key) == std::string::npos);
      }
    }
  }
}

TEST_CASE("A late answer is not taken for the next request's") {
  std::atomic<int> connections{0};
  std::atomic<bool> sent_late{false};
  const MisbehavingServer server(
      [&](Connection& client) {
        const bool first = ++connections == 1;
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"error\":\"541\"}");
        if (!first) return;
        std::this_thread::sleep_for(50ms);
        client.send(success);
        sent_late = true;
        client.wait_for_client_to_go();
      },
      GENERATE(false, true) ? std::optional(local_gateway::make_certificate()) : std::nullopt);
  const support::TemporaryFile ca(server.certificate());
  const mobivate::DoiClient client(support::without_retries(support::options(server.base_url())),
                                   support::trusting(ca.path()));
  const std::string refused = to_string(client.unsubscribe(support::ndoi_request()));
  CHECK_THAT(refused, Catch::Matchers::StartsWith("refused: 541"));
  while (!sent_late) std::this_thread::yield();
  std::this_thread::sleep_for(20ms);
  CHECK(to_string(client.unsubscribe(support::ndoi_request())) == refused);
  CHECK(connections == 2);
}
