// The client and its process: exits, forks, signals.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "gateway/certificate.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

/// Answers each request after 20 ms; notes connections.
struct SlowServer {
  explicit SlowServer(std::optional<local_gateway::Certificate> certificate = {})
      : server(
            [this](Connection& client) {
              ++connections;
              while (!client.read_request().empty()) {
                std::this_thread::sleep_for(20ms);
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMT-1");
              }
            },
            std::move(certificate)) {}

  std::atomic<int> connections{0};
  MisbehavingServer server;
};

std::string output_of(const std::string& command, int& status) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
  status = pclose(pipe);
  return output;
}

/// The exit code of a forked child that does this, in which no test may be run.
template <class Child>
int forked(Child child) {
  const pid_t pid = fork();
  if (pid == 0) _exit(child() ? 0 : 1);
  int status = -1;
  for (int i = 0; i < 1'000 && waitpid(pid, &status, WNOHANG) == 0; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  if (status == -1) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  return status;
}

bool is_accepted(const mobivate::UnsubscribeResult& result) {
  return stop_state(result) == mobivate::StopState::accepted;
}

}  // namespace

TEST_CASE("A process may exit while calls are under way") {
  const SlowServer slow(local_gateway::make_certificate());
  const support::TemporaryFile ca(slow.server.certificate());
  const std::string scenario = GENERATE("leaked", "global", "threads", "batch", "callback",
                                        "thread", "leaked " MOBIVATE_PLUGINS);
  CAPTURE(scenario);
  int status = -1;
  const auto start = std::chrono::steady_clock::now();
  const std::string output =
      output_of(std::string(MOBIVATE_EXIT_PROGRAM) + ' ' + slow.server.base_url() + ' ' +
                    ca.path() + ' ' + scenario,
                status);
  CHECK(status == 0);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  if (scenario != "global") {
    CHECK(output ==
          "not_sent: cancelled: cancelled by the caller\n"
          "not_sent: cancelled: cancelled by the caller\n0\n0\n");
  }
}

TEST_CASE("A process that exits during many slow TLS handshakes has left libcurl before its end") {
  const SlowServer slow(local_gateway::make_certificate());
  // Each handshake reads it: this takes some milliseconds, and that of 128 longer than an exit
  // waits.
  std::string certificates;
  for (int i = 0; i < 500; ++i) certificates += slow.server.certificate();
  const support::TemporaryFile ca(certificates);
  int status = -1;
  const std::string output = output_of(std::string(MOBIVATE_EXIT_PROGRAM) + ' ' +
                                           slow.server.base_url() + ' ' + ca.path() + " handshakes",
                                       status);
  CHECK(status == 0);
  CHECK_THAT(output, Catch::Matchers::EndsWith("\n0\n0\n"));
}

TEST_CASE("After a fork, parent and child go on calling, each on its own connections and thread") {
  SlowServer slow;
  auto client = std::make_unique<mobivate::DoiClient>(support::options(slow.server.base_url()));
  REQUIRE(is_accepted(client->unsubscribe(support::ndoi_request())));
  REQUIRE(is_accepted(client->unsubscribe_async(support::ndoi_request()).get()));
  REQUIRE(is_accepted(client->unsubscribe(support::ndoi_request())));
  std::vector<std::future<mobivate::UnsubscribeResult>> pending;
  for (int i = 0; i < 20; ++i)
    pending.push_back(client->unsubscribe_async(support::ndoi_request()));
  const int before = slow.connections;
  CHECK(forked([&] {
          bool good = is_accepted(client->unsubscribe(support::ndoi_request()));
          for (int i = 0; i < 3; ++i) {
            good = good && is_accepted(client->unsubscribe_async(support::ndoi_request()).get());
          }
          client.reset();  // the parent's connections and calls are left alone
          return good;
        }) == 0);
  CHECK(slow.connections > before);
  for (auto& future : pending) CHECK(is_accepted(future.get()));
  const int after = slow.connections;
  CHECK(is_accepted(client->unsubscribe(support::ndoi_request())));
  CHECK(slow.connections == after);
}

TEST_CASE("A child that a callback forks leaves the calls under way to the parent") {
  SlowServer slow;
  const mobivate::DoiClient client(support::options(slow.server.base_url()));
  std::promise<int> status;
  client.unsubscribe_async(support::ndoi_request(), [&](const auto&) {
    status.set_value(forked([&] {
      return is_accepted(client.unsubscribe(support::ndoi_request())) &&
             is_accepted(client.unsubscribe_async(support::ndoi_request()).get());
    }));
  });
  CHECK(status.get_future().get() == 0);
  CHECK(is_accepted(client.unsubscribe_async(support::ndoi_request()).get()));
}

TEST_CASE(
    "A child that comes back from a callback ends, and the calls under way go on in the parent") {
  const SlowServer slow(local_gateway::make_certificate());
  const support::TemporaryFile ca(slow.server.certificate());
  const mobivate::DoiClient client(support::options(slow.server.base_url()),
                                   support::trusting(ca.path()));
  std::promise<pid_t> child;
  client.unsubscribe_async(support::ndoi_request(), [&](const auto&) {
    const pid_t pid = fork();
    if (pid == 0) {
      std::atexit([] { _exit(0); });  // this thread is the child's only one
    } else {
      child.set_value(pid);
    }
  });
  auto pending = client.unsubscribe_async(support::ndoi_request());
  int status = -1;
  waitpid(child.get_future().get(), &status, 0);
  CHECK(status == 0);
  CHECK(is_accepted(pending.get()));
  const int before = slow.connections;
  CHECK(is_accepted(client.unsubscribe_async(support::ndoi_request()).get()));
  CHECK(slow.connections == before);
}

TEST_CASE("Forks while threads call leave no lock behind") {
  SlowServer slow;
  auto options = support::options(slow.server.base_url());
  options.rate_limit = std::make_shared<mobivate::RateLimit>(1e6);
  const mobivate::DoiClient client(options);
  std::atomic<bool> ends{false};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!ends) {
        static_cast<void>(client.unsubscribe(support::ndoi_request()));
        static_cast<void>(client.unsubscribe_async(support::ndoi_request()).get());
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    CHECK(forked([&] {
            return is_accepted(client.unsubscribe(support::ndoi_request())) &&
                   is_accepted(client.unsubscribe_async(support::ndoi_request()).get());
          }) == 0);
  }
  ends = true;
  for (auto& caller : callers) caller.join();
}

namespace {

std::atomic<int> signals_taken{0};

}  // namespace

TEST_CASE("The client's own thread takes none of the process's signals") {
  const auto handler_before = std::signal(SIGUSR1, [](int) { ++signals_taken; });
  const auto transport = support::mock();
  transport->reply(200, "MT-1");
  const mobivate::DoiClient client(support::options(), transport);
  sigset_t usr1{};
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  sigset_t mask{};
  std::promise<bool> blocks;
  client.unsubscribe_async(support::ndoi_request(), [&](const auto&) {
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    bool all = true;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGPIPE,
                             SIGPROF, SIGRTMIN, SIGRTMAX}) {
      all = all && sigismember(&mask, signal) == 1;
    }
    blocks.set_value(all && sigismember(&mask, SIGSEGV) == 0);
  });
  CHECK(blocks.get_future().get());

  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGUSR1) == 0);  // nothing is changed in the thread that called
  pthread_sigmask(SIG_BLOCK, &usr1, &mask);
  kill(getpid(), SIGUSR1);
  std::this_thread::sleep_for(50ms);
  CHECK(signals_taken == 0);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  CHECK(signals_taken == 1);
  std::signal(SIGUSR1, handler_before);
}

TEST_CASE("A request after a failed one on the same client has its whole time") {
  std::atomic<bool> answers{false};
  const MisbehavingServer server(
      [&](Connection& client) {
        if (!answers) return;
        client.read_request();
        std::this_thread::sleep_for(400ms);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMT-1");
      },
      local_gateway::make_certificate());
  const support::TemporaryFile ca(server.certificate());
  auto options = support::without_retries(support::options(server.base_url()));
  options.attempt_timeout = 1s;
  const mobivate::DoiClient client(options, support::trusting(support::account_id));
  CHECK_FALSE(is_accepted(client.unsubscribe(support::ndoi_request())));
  const mobivate::DoiClient good(options, support::trusting(ca.path()));
  CHECK_FALSE(is_accepted(good.unsubscribe(support::ndoi_request())));
  answers = true;
  std::this_thread::sleep_for(800ms);
  CHECK(is_accepted(good.unsubscribe(support::ndoi_request())));
}
