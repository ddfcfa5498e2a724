#include "signals.hpp"

#include <csignal>

#include <signal.h>

namespace bulk {

namespace {

volatile std::sig_atomic_t caught = 0;

void count(int) {
  caught = caught + 1;
}

}  // namespace

void catch_signals() {
  struct sigaction action {};  // without SA_RESTART: a call that waits is to notice
  action.sa_handler = count;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

int signals_caught() {
  return caught;
}

}  // namespace bulk
