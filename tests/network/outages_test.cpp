// Outages that were seen, on real sockets: connections that go silent, certificates that change,
// and a process that runs out of descriptors.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#include "catch.hpp"
#include "gateway/certificate.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using mobivate::StopState;
using Kind = mobivate::TransportError::Kind;
using support::TemporaryFile;

namespace {

const std::string success = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMT-1";

void answer_one(Connection& client) {
  client.read_request();
  client.send(success);
}

/// Answers a connection's requests only while `count` of them are there, or were.
class Meeting {
 public:
  explicit Meeting(int count) : count_(count) {}

  void wait() {
    std::unique_lock lock(mutex_);
    if (++there_ >= count_) all_there_.notify_all();
    all_there_.wait_for(lock, 20s, [this] { return there_ >= count_ && is_open_; });
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    all_there_.wait_for(lock, 20s, [this] { return there_ >= count_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    all_there_.notify_all();
  }

 private:
  const int count_;
  std::mutex mutex_;
  std::condition_variable all_there_;
  int there_ = 0;
  bool is_open_ = false;
};

std::ptrdiff_t descriptors() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return std::distance(begin(files), end(files)) - 1;  // without the directory
}

/// Waits for up to five seconds.
template <class Condition>
bool becomes_true(Condition condition) {
  for (int i = 0; i < 1'000 && !condition(); ++i) std::this_thread::sleep_for(5ms);
  return condition();
}

int port_of(const sockaddr_in& address) {
  return ntohs(address.sin_port);
}

/// The descriptor, in this process, of the client's end of a connection; -1 if there is none.
int client_end_of(const Connection& connection) {
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  getpeername(connection.socket(), reinterpret_cast<sockaddr*>(&peer), &length);
  for (int file = 0; file < 1'024; ++file) {
    sockaddr_in own{};
    length = sizeof own;
    if (getsockname(file, reinterpret_cast<sockaddr*>(&own), &length) != 0) continue;
    if (own.sin_family == AF_INET && port_of(own) == port_of(peer)) return file;
  }
  return -1;
}

mobivate::UnsubscribeResult call(const std::string& base_url, const mobivate::CurlOptions& curl,
                                 std::atomic<int>& attempts) {
  auto options = support::options(base_url);
  options.retry.initial_backoff = 0ms;
  options.on_attempt = [&](const mobivate::Attempt&) { ++attempts; };
  return mobivate::DoiClient(options, std::make_shared<mobivate::CurlTransport>(curl))
      .unsubscribe(support::ndoi_request());
}

std::string encrypted(const std::string& private_key, const std::string& passphrase) {
  BIO* memory = BIO_new_mem_buf(private_key.data(), -1);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  memory = BIO_new(BIO_s_mem());
  std::string copy = passphrase;
  PEM_write_bio_PrivateKey(memory, key, EVP_aes_256_cbc(),
                           reinterpret_cast<unsigned char*>(copy.data()),
                           static_cast<int>(copy.size()), nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string result(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  EVP_PKEY_free(key);
  return result;
}

}  // namespace

TEST_CASE("Four kept connections go silent: the second attempt of a call opens a new one") {
  std::atomic<int> connections{0};
  Meeting meeting(4);
  const MisbehavingServer server([&](Connection& client) {
    if (++connections > 4) return answer_one(client);
    client.read_request();
    meeting.wait();
    client.send(success);
    client.read_request();
    client.wait_for_client_to_go();
  });
  auto options = support::options(server.base_url());
  options.attempt_timeout = 200ms;
  options.retry.initial_backoff = 0ms;
  const mobivate::DoiClient client(options);
  meeting.open();
  REQUIRE(
      client
          .unsubscribe_all(std::vector(4, support::ndoi_request()), [](const auto&, const auto&) {})
          .accepted == 4);
  REQUIRE(connections == 4);
  CHECK(to_string(client.unsubscribe(support::ndoi_request())) == "accepted: MT-1");
  CHECK(connections == 5);
}

TEST_CASE(
    "An attempt is one request on the wire, and the next begins at once on a new connection") {
  std::atomic<int> requests{0};
  std::atomic<int> connections{0};
  const MisbehavingServer server([&](Connection& client) {
    ++connections;
    client.read_request();
    ++requests;
    client.send(success);
    if (!client.read_request().empty()) ++requests;  // and closes in place of an answer
  });
  auto options = support::options(server.base_url());
  options.retry.initial_backoff = 60s;
  options.total_timeout = 30s;
  std::atomic<int> attempts{0};
  options.on_attempt = [&](const mobivate::Attempt& attempt) {
    ++attempts;
    if (stop_state(*attempt.result) == StopState::accepted) return;
    CHECK_THAT(to_string(*attempt.result), Catch::Matchers::StartsWith("unknown: receive: "));
  };
  const mobivate::DoiClient client(options);
  for (int i = 1; i <= 5; ++i) {
    CHECK(to_string(client.unsubscribe(support::ndoi_request())) == "accepted: MT-1");
    CHECK(attempts == 2 * i - 1);
    CHECK(requests == attempts);
    CHECK(connections == i);
  }
}

TEST_CASE("A CA bundle that is replaced on disk counts from the next connection on") {
  const auto old_certificate = local_gateway::make_certificate();
  const auto new_certificate = local_gateway::make_certificate();
  MisbehavingServer server(answer_one, old_certificate);
  const TemporaryFile ca(old_certificate.certificate);
  const mobivate::DoiClient client(support::without_retries(support::options(server.base_url())),
                                   support::trusting(ca.path()));
  REQUIRE(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);

  std::ofstream(ca.path()) << new_certificate.certificate;
  const auto withdrawn = client.unsubscribe(support::ndoi_request());
  CHECK_THAT(to_string(withdrawn), Catch::Matchers::StartsWith("not_sent: tls: "));
  server.use(new_certificate);
  CHECK(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
}

TEST_CASE("A gateway that misses a client certificate, or refuses it, is not asked again") {
  const auto certificate = local_gateway::make_certificate();
  const auto trusted = local_gateway::make_certificate({"client.example"});
  const auto other = local_gateway::make_certificate({"client.example"});
  MisbehavingServer server(answer_one, certificate);
  server.trust_clients(trusted.certificate);
  const bool tls13 = GENERATE(false, true);
  SSL_CTX_set_max_proto_version(server.tls(), tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  const TemporaryFile ca(certificate.certificate);
  const TemporaryFile other_file(other.certificate + other.private_key);
  mobivate::CurlOptions curl;
  curl.ca_bundle = ca.path();
  if (GENERATE(false, true)) curl.client_certificate = other_file.path();
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> attempts{0};
    const auto result = call(server.base_url(), curl, attempts);
    CAPTURE(to_string(result), tls13, curl.client_certificate);
    CHECK(std::get<mobivate::TransportError>(result).kind == Kind::tls);
    if (!tls13) CHECK(stop_state(result) == StopState::not_sent);
    CHECK(attempts == 1);
    if (tls13)
      CHECK_THAT(to_string(result),
                 Catch::Matchers::EndsWith("set CurlOptions::client_certificate"));
  }
}

TEST_CASE("An encrypted client key takes its passphrase, and is never asked for") {
  const auto certificate = local_gateway::make_certificate();
  const auto client_certificate = local_gateway::make_certificate({"client.example"});
  MisbehavingServer server(answer_one, certificate);
  server.trust_clients(client_certificate.certificate);
  const TemporaryFile ca(certificate.certificate);
  const TemporaryFile own(client_certificate.certificate);
  const TemporaryFile key(encrypted(client_certificate.private_key, "open sesame"));
  mobivate::CurlOptions curl;
  curl.ca_bundle = ca.path();
  curl.client_certificate = own.path();
  curl.client_key = key.path();
  std::atomic<int> attempts{0};

  SECTION("the right one") {
    curl.client_key_passphrase = mobivate::Secret("open sesame");
    CHECK(to_string(call(server.base_url(), curl, attempts)) == "accepted: MT-1");
  }
  SECTION("none, or a wrong one") {
    curl.client_key_passphrase = mobivate::Secret(GENERATE("", "open barley"));
    const auto result = call(server.base_url(), curl, attempts);
    CHECK_THAT(to_string(result), Catch::Matchers::StartsWith("not_sent: tls: "));
    CHECK_THAT(to_string(result), Catch::Matchers::ContainsSubstring("client_key_passphrase"));
    CHECK_THAT(to_string(result), !Catch::Matchers::ContainsSubstring("barley"));
    CHECK(attempts == 1);
  }
}

TEST_CASE("A call takes three descriptors at most, and what a burst opened is given back") {
  constexpr int calls = 60;
  constexpr int kept = 8;
  Meeting meeting(calls);
  const MisbehavingServer server([&](Connection& client) {
    while (!client.read_request().empty()) {
      meeting.wait();
      client.send(success);
    }
  });
  auto options = support::options(server.base_url());
  options.max_in_flight = calls;
  const mobivate::DoiClient client(options);
  const auto before = descriptors();
  const auto of_server = calls;  // its ends of the connections are in this process, too

  SECTION("of threads") {
    std::atomic<int> accepted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < calls; ++i) {
      threads.emplace_back([&] {
        const auto result = client.unsubscribe(support::ndoi_request());
        if (stop_state(result) == StopState::accepted) ++accepted;
      });
    }
    meeting.wait_for_all();
    CHECK(descriptors() - before <= 3 * calls + of_server);
    meeting.open();
    for (auto& thread : threads) thread.join();
    CHECK(accepted == calls);
  }
  SECTION("of a batch") {
    meeting.open();
    mobivate::BatchOptions batch;
    batch.max_in_flight = calls;
    CHECK(
        client
            .unsubscribe_all(
                std::vector(calls, support::ndoi_request()), [](const auto&, const auto&) {}, batch)
            .accepted == calls);
  }
  SECTION("of asynchronous calls") {
    std::vector<std::future<mobivate::UnsubscribeResult>> futures;
    for (int i = 0; i < calls; ++i) {
      futures.push_back(client.unsubscribe_async(support::ndoi_request()));
    }
    meeting.wait_for_all();
    CHECK(descriptors() - before <= calls + 2 + of_server);
    meeting.open();
    for (auto& future : futures) CHECK(stop_state(future.get()) == StopState::accepted);
  }
  CHECK(becomes_true([&] { return descriptors() - before <= kept * (3 + 1); }));
}

TEST_CASE("A batch of 32 in flight uses the connections of the batch before it") {
  constexpr int in_flight = 32;
  std::atomic<int> connections{0};
  Meeting meeting(in_flight);
  const MisbehavingServer server([&](Connection& client) {
    ++connections;
    while (!client.read_request().empty()) {
      meeting.wait();
      client.send(success);
    }
  });
  const mobivate::DoiClient client(support::options(server.base_url()));
  mobivate::BatchOptions batch;
  batch.max_in_flight = in_flight;
  meeting.open();
  for (int i = 0; i < 3; ++i) {
    const auto summary = client.unsubscribe_all(
        std::vector(in_flight, support::ndoi_request()), [](const auto&, const auto&) {}, batch);
    CHECK(summary.accepted == in_flight);
    CHECK(connections == in_flight);
  }
}

TEST_CASE("Programs that are started meanwhile inherit no connection") {
  std::atomic<int> flags{-1};
  const MisbehavingServer server([&](Connection& client) {
    client.read_request();
    flags = fcntl(client_end_of(client), F_GETFD);
    client.send(success);
  });
  const mobivate::DoiClient client(support::options(server.base_url()));
  REQUIRE(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
  CHECK(flags == FD_CLOEXEC);
}

TEST_CASE(
    "Without a descriptor for a socket or a CA file, a call is not sent, and may be repeated") {
  const auto certificate = local_gateway::make_certificate();
  const MisbehavingServer server(answer_one, certificate);
  const TemporaryFile ca(certificate.certificate);
  const pid_t child = fork();
  if (child == 0) {
    const mobivate::DoiClient client(support::without_retries(support::options(server.base_url())),
                                     support::trusting(ca.path()));
    // UndefinedBehaviorSanitizer needs a pipe when it sees a type for the first time.
    int unlike = stop_state(client.unsubscribe(support::ndoi_request())) != StopState::accepted;
    std::vector<int> files;
    for (int file = open("/dev/null", O_RDONLY); file >= 0; file = open("/dev/null", O_RDONLY)) {
      files.push_back(file);
    }
    int named = 0;
    int accepted = 0;
    for (int free = 0; free < 10; ++free) {
      const auto result = client.unsubscribe(support::ndoi_request());
      if (stop_state(result) == StopState::accepted) {
        ++accepted;
      } else if (stop_state(result) != StopState::not_sent || !is_retryable(result) ||
                 std::get<mobivate::TransportError>(result).kind != Kind::connect) {
        std::fprintf(stderr, "%d free: %s\n", free, to_string(result).c_str());
        ++unlike;
      } else if (to_string(result).find("no file descriptor is left") != std::string::npos) {
        ++named;
      }
      close(files.back());
      files.pop_back();
    }
    _exit(unlike == 0 && named > 0 && accepted > 0 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}
