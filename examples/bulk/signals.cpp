#include "signals.hpp"

#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "options.hpp"

namespace bulk {

namespace {

volatile std::sig_atomic_t caught = 0;

void count(int signal) {
  if (signal == SIGHUP && caught > 0) return;
  caught = caught + 1;
}

}  // namespace

void open_standard_streams() {
  int file = 0;
  do {
    file = ::open("/dev/null", O_RDWR);
    if (file < 0) std::_Exit(nothing_can_be_sent);
  } while (file <= 2);
  ::close(file);
}

void catch_signals() {
  struct sigaction action {};  // without SA_RESTART: a call that waits is to notice
  action.sa_handler = count;
  ::sigfillset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up {};
  ::sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int signals_caught() {
  return caught;
}

}  // namespace bulk
