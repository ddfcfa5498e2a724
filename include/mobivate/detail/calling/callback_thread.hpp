#pragma once

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <mobivate/detail/account/account.hpp>
#include <mobivate/detail/calling/call.hpp>
#include <mobivate/detail/calling/driver.hpp>
#include <mobivate/detail/exit.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/detail/per_process.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// What the calls of a client share.
struct Core {
  Core(ClientOptions options, std::shared_ptr<Transport> through)
      : account(std::move(options)), transport(std::move(through)) {}

  Account account;
  std::shared_ptr<Transport> transport;
  Clock clock{};
};

/// While it lives, threads that are started take none of the process's signals: their handlers are
/// the program's, and belong to its own threads. Not those of a fault of the thread itself, so that
/// crash reporters hear of one in a callback.
class SignalsBlocked {
 public:
#ifdef _WIN32
  SignalsBlocked() noexcept {}
  ~SignalsBlocked() {}
#else
  SignalsBlocked() noexcept {
    sigset_t blocked{};
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
      sigdelset(&blocked, fault);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  }
  ~SignalsBlocked() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
#endif
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  SignalsBlocked(SignalsBlocked&&) = delete;
  SignalsBlocked& operator=(SignalsBlocked&&) = delete;

#ifndef _WIN32
 private:
  sigset_t before_{};
#endif
};

/// A client's asynchronous calls: one thread, started with the first, serves all and calls back.
/// Destroyed, it cancels those that have not ended.
class CallbackThread {
 public:
  explicit CallbackThread(std::shared_ptr<const Core> core)
      : inbox_(std::make_shared<Inbox>(std::move(core))) {}

  ~CallbackThread() {
    if (!thread_.joinable()) return;
    inbox_->stop();
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();  // a callback destroyed the last client: the thread ends by itself
    } else {
      thread_.join();
    }
  }

  CallbackThread(const CallbackThread&) = delete;
  CallbackThread& operator=(const CallbackThread&) = delete;
  CallbackThread(CallbackThread&&) = delete;
  CallbackThread& operator=(CallbackThread&&) = delete;

  /// Throws `std::bad_alloc` if there is no memory, or no thread, for the call.
  void start(std::unique_ptr<Call> call) {
    call->begin(inbox_->core->account, inbox_->core->clock.now());
    start_thread();
    inbox_->put(std::move(call));
  }

 private:
  struct NoThread : std::bad_alloc {
    [[nodiscard]] const char* what() const noexcept override {
      return "no thread could be started for asynchronous calls; use unsubscribe, or end some "
             "threads";
    }
  };

  /// What the thread is told. It may outlive the client.
  struct Inbox {
    explicit Inbox(std::shared_ptr<const Core> of) : core(std::move(of)) {}

    void put(std::unique_ptr<Call> call) {
      const std::lock_guard lock(mutex);
      arrivals.push_back(std::move(call));
      if (arrivals.size() == 1) wake();  // told before, if there are more
    }

    void stop() {
      const std::lock_guard lock(mutex);
      is_stopping = true;
      wake();
    }

    void wake() {
      changed.notify_one();
      if (multi) multi->wake();
    }

    /// Moves what arrived. Waits for some if there is nothing else to do.
    void take(std::vector<std::unique_ptr<Call>>& into, bool waits) {
      std::unique_lock lock(mutex);
      if (waits) changed.wait(lock, [this] { return is_stopping || !arrivals.empty(); });
      into.clear();
      into.swap(arrivals);
    }

    /// Who is to be woken beside the one that waits in `take`.
    void also_wake(std::shared_ptr<Multi> other) {
      const std::lock_guard lock(mutex);
      multi = std::move(other);
      if (multi && (is_stopping || !arrivals.empty())) multi->wake();
    }

    const std::shared_ptr<const Core> core;
    std::mutex mutex{};
    std::condition_variable changed{};
    std::vector<std::unique_ptr<Call>> arrivals{};
    std::shared_ptr<Multi> multi{};
    std::atomic<bool> is_stopping{false};
  };

  void start_thread() {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) return;
    const SignalsBlocked blocked;
    try {
      thread_ = std::thread(&CallbackThread::run, inbox_);
    } catch (const std::system_error&) {
      throw NoThread();
    }
  }

  static void run(const std::shared_ptr<Inbox>& inbox) {
    const Core& core = *inbox->core;
    Driver::Setup setup;
    setup.max_in_flight = core.account.options().max_in_flight;
    setup.throws = false;
    setup.cancelled = [&inbox] { return inbox->is_stopping.load(); };
    setup.on_open = [&inbox](const std::shared_ptr<Multi>& multi) { inbox->also_wake(multi); };
    setup.on_end = [](Call& call) { call.on_end()(call.result()); };
    auto driver =
        std::make_unique<Driver>(core.account, *core.transport, core.clock, std::move(setup));

    const long process = process_id();
    std::vector<std::unique_ptr<Call>> arrivals;
    while (!inbox->is_stopping) {
      if (driver->size() == 0) driver->shrink();
      inbox->take(arrivals, driver->size() == 0);
      for (auto& call : arrivals) driver->add(std::move(call));
      driver->step((Duration::max)());
      if (process_id() != process) {  // a callback forked: the calls are the parent's
        static_cast<void>(driver.release());
        return;
      }
    }
    inbox->take(arrivals, false);
    for (auto& call : arrivals) driver->add(std::move(call));
    driver->cancel_all();
    inbox->also_wake(nullptr);
  }

  const std::shared_ptr<Inbox> inbox_;
  std::mutex mutex_{};
  std::thread thread_{};
};

}  // namespace mobivate::detail
