// A name server that never answers. It takes a mount namespace of its own, and so root, to put one
// in place; without, there is nothing to see here.

#include <chrono>
#include <cstdlib>
#include <string>

#include <arpa/inet.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

enum Outcome { ended_in_time, not_possible_here, ended_late, ended_otherwise };

bool serve_names_without_answer(const std::string& resolv_conf) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  inet_pton(AF_INET, "127.0.0.53", &address.sin_addr);
  const int silent = socket(AF_INET, SOCK_DGRAM, 0);
  return bind(silent, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
         unshare(CLONE_NEWNS) == 0 &&
         mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount(resolv_conf.c_str(), "/etc/resolv.conf", "none", MS_BIND, nullptr) == 0;
}

template <class Call>
Outcome in_a_child(const std::string& resolv_conf, Call call) {
  const pid_t child = fork();
  if (child == 0) {
    if (!serve_names_without_answer(resolv_conf)) _exit(not_possible_here);
    _exit(call());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? static_cast<Outcome>(WEXITSTATUS(status)) : ended_otherwise;
}

Outcome judge(const mobivate::UnsubscribeResult& result, const char* words,
              std::chrono::steady_clock::duration late) {
  if (to_string(result).rfind(words, 0) != 0) return ended_otherwise;
  return late < 100ms ? ended_in_time : ended_late;
}

}  // namespace

TEST_CASE("A call ends in time, or when it is cancelled, while a name is being resolved") {
  const support::TemporaryFile resolv_conf("nameserver 127.0.0.53\n");
  const bool cancel = GENERATE(false, true);
  const auto outcome = in_a_child(resolv_conf.path(), [&] {
    auto options = support::options("https://gateway.example");
    options.total_timeout = cancel ? 60s : 300ms;
    const mobivate::DoiClient client(options);
    const auto end = std::chrono::steady_clock::now() + 300ms;
    mobivate::CallOptions call;
    if (cancel) call.cancelled = [&] { return std::chrono::steady_clock::now() >= end; };
    const auto result = client.unsubscribe(support::ndoi_request(), call);
    return judge(result, cancel ? "not_sent: cancelled: " : "not_sent: timeout: ",
                 std::chrono::steady_clock::now() - end);
  });
  if (outcome == not_possible_here) {
    WARN("this takes root and a mount namespace: nothing was tested");
  } else {
    CHECK(outcome == ended_in_time);
  }
}
