#pragma once

#include <csignal>

namespace mobivate::detail {

/// While it lives, writing to a connection that the peer has closed does not end the process.
/// libcurl is told to use no signals (they belong to the whole process, other threads included),
/// and then leaves SIGPIPE to its TLS library, which in some versions lets it through. So the
/// signal is held back in this thread alone, and taken away if it came.
class SigpipeGuard {
 public:
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  SigpipeGuard(SigpipeGuard&&) = delete;
  SigpipeGuard& operator=(SigpipeGuard&&) = delete;

#ifndef SIGPIPE  // Windows has no such signal.
  SigpipeGuard() noexcept {}
  ~SigpipeGuard() {}
};
#else
  SigpipeGuard() noexcept : sigpipe_(only_sigpipe()), was_pending_(is_pending()) {
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &mask_before_);
  }

  ~SigpipeGuard() {
    if (!was_pending_ && is_pending()) {
      int signal = 0;
      sigwait(&sigpipe_, &signal);
    }
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

 private:
  static sigset_t only_sigpipe() noexcept {
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    return signals;
  }

  static bool is_pending() noexcept {
    sigset_t pending{};
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
  }

  sigset_t sigpipe_;
  sigset_t mask_before_{};
  bool was_pending_;
};
#endif

}  // namespace mobivate::detail
