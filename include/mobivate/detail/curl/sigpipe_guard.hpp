#pragma once

#include <csignal>
#include <ctime>

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

#if defined(_WIN32) || !defined(SIGPIPE)  // Windows may name the signal, but has none.
  SigpipeGuard() noexcept {}
  ~SigpipeGuard() {}
};
#else
  SigpipeGuard() noexcept : sigpipe_(only_sigpipe()) {
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &mask_before_);
  }

  ~SigpipeGuard() {
    if (sigismember(&mask_before_, SIGPIPE) == 1) return;  // held back already: not ours to take
    take_sigpipe();
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

 private:
  static sigset_t only_sigpipe() noexcept {
    sigset_t only{};
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
    return only;
  }

  void take_sigpipe() const noexcept {
#ifdef __APPLE__  // has no sigtimedwait
    sigset_t pending{};
    int taken = 0;
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) == 1) sigwait(&sigpipe_, &taken);
#else
    const timespec no_wait{};
    sigtimedwait(&sigpipe_, nullptr, &no_wait);
#endif
  }

  sigset_t sigpipe_;
  sigset_t mask_before_{};
};
#endif

}  // namespace mobivate::detail
