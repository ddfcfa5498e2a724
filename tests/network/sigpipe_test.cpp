#include <csignal>

#include <unistd.h>
#include <mobivate/detail/curl/sigpipe_guard.hpp>

#include "catch.hpp"
#include "gateway/certificate.hpp"
#include "misbehaving_server.hpp"
#include "support.hpp"

namespace {

bool sigpipe_is_pending() {
  sigset_t pending{};
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

void write_to_closed_pipe() {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(write(ends[1], "x", 1) == -1);
  close(ends[1]);
}

}  // namespace

TEST_CASE("A broken pipe under the guard neither ends the process nor stays behind") {
  {
    const mobivate::detail::SigpipeGuard guard;
    write_to_closed_pipe();
    CHECK(sigpipe_is_pending());
  }
  CHECK_FALSE(sigpipe_is_pending());
  { const mobivate::detail::SigpipeGuard nothing_happens; }
  sigset_t mask{};
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGPIPE) == 0);
}

TEST_CASE("The guard leaves a signal alone that was held back before it") {
  sigset_t sigpipe{};
  sigemptyset(&sigpipe);
  sigaddset(&sigpipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &sigpipe, nullptr);
  write_to_closed_pipe();
  {
    const mobivate::detail::SigpipeGuard guard;
    write_to_closed_pipe();
  }
  CHECK(sigpipe_is_pending());
  int signal = 0;
  sigwait(&sigpipe, &signal);
  pthread_sigmask(SIG_UNBLOCK, &sigpipe, nullptr);
}

TEST_CASE("The process survives a peer that closes a TLS connection while it is written to") {
  std::signal(SIGPIPE, SIG_DFL);
  const auto certificate = local_gateway::make_certificate();
  const MisbehavingServer server([](Connection& client) { client.reset(); }, certificate);
  const support::TemporaryFile ca(certificate.certificate);
  for (int i = 0; i < 50; ++i) {
    const mobivate::DoiClient client(support::without_retries(support::options(server.base_url())),
                                     support::trusting(ca.path()));
    const auto result = client.unsubscribe(support::ndoi_request());
    CHECK(std::holds_alternative<mobivate::TransportError>(result));
  }
}
