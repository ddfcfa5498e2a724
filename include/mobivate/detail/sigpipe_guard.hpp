#pragma once

#include <csignal>

namespace mobivate::detail {

/// While it lives, writing to a connection that the peer has closed does not end the process.
/// libcurl is told to use no signals (they belong to the whole process, and other threads), and
/// then leaves SIGPIPE to its TLS library, which in some versions lets it through. So the signal
/// is held back in this thread alone, and taken away if it came.
class SigpipeGuard {
 public:
#ifdef SIGPIPE
  SigpipeGuard() noexcept {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    was_pending_ = is_pending();
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }

  ~SigpipeGuard() {
    if (!was_pending_ && is_pending()) {
      int signal = 0;
      sigwait(&sigpipe_, &signal);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  static bool is_pending() noexcept {
    sigset_t pending{};
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
  }

  sigset_t sigpipe_{};
  sigset_t before_{};
  bool was_pending_ = false;

 public:
#else
  SigpipeGuard() noexcept = default;
  ~SigpipeGuard() = default;
#endif
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;
  SigpipeGuard(SigpipeGuard&&) = delete;
  SigpipeGuard& operator=(SigpipeGuard&&) = delete;
};

}  // namespace mobivate::detail
