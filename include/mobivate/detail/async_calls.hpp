#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <mobivate/client_options.hpp>
#include <mobivate/detail/attempts.hpp>
#include <mobivate/detail/call_loop.hpp>
#include <mobivate/detail/engine.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Calls whose results are waited for elsewhere: one thread, started with the first, serves all.
/// Destroyed, it cancels those that have not ended.
template <class Clock>
class AsyncCalls {
 public:
  explicit AsyncCalls(std::shared_ptr<const Engine<Clock>> engine)
      : engine_(std::move(engine)), inbox_(std::make_shared<Inbox>()) {}

  ~AsyncCalls() {
    if (!thread_.joinable()) return;
    inbox_->stop();
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();  // a callback let go of the last client
    } else {
      thread_.join();
    }
  }

  AsyncCalls(const AsyncCalls&) = delete;
  AsyncCalls& operator=(const AsyncCalls&) = delete;
  AsyncCalls(AsyncCalls&&) = delete;
  AsyncCalls& operator=(AsyncCalls&&) = delete;

  [[nodiscard]] std::future<UnsubscribeResult> start(UnsubscribeRequest request,
                                                     CallOptions options) {
    std::promise<UnsubscribeResult> promise;
    auto future = promise.get_future();
    if (auto refusal = engine_->account().refusal(request, options.headers)) {
      promise.set_value(std::move(*refusal));
    } else if (!is_running()) {
      promise.set_value(TransportError{TransportError::Kind::other, false,
                                       "no thread could be started for asynchronous calls; use "
                                       "unsubscribe, or end some threads"});
    } else {
      options.cancelled = [inbox = inbox_.get(), cancelled = std::move(options.cancelled)] {
        return inbox->is_stopping() || (cancelled && cancelled());
      };
      inbox_->put(
          {{std::move(request), std::move(promise)}, std::move(options), engine_->clock().now()});
    }
    return future;
  }

 private:
  using Job = typename CallLoop<Clock>::Job;

  struct Arrival {
    Job job{};
    CallOptions options{};
    Attempts::Time start{};
  };

  /// What the thread is told.
  class Inbox {
   public:
    void put(Arrival arrival) {
      const std::lock_guard lock(mutex_);
      arrivals_.push_back(std::move(arrival));
      if (arrivals_.size() == 1) wake();  // told before, if there are more
    }

    void stop() {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      wake();
    }

    [[nodiscard]] bool is_stopping() const noexcept { return stopping_; }

    /// Who is to be woken beside the one that waits in `take`.
    void also_wake(std::shared_ptr<Exchanges> exchanges) {
      const std::lock_guard lock(mutex_);
      exchanges_ = std::move(exchanges);
      if (exchanges_ && (stopping_ || !arrivals_.empty())) exchanges_->wake();
    }

    /// Moves what arrived. Returns false when it is time to stop.
    bool take(std::vector<Arrival>& arrivals, bool wait_for_some) {
      std::unique_lock lock(mutex_);
      if (wait_for_some) changed_.wait(lock, [this] { return stopping_ || !arrivals_.empty(); });
      arrivals.clear();
      arrivals.swap(arrivals_);
      return !stopping_;
    }

   private:
    void wake() {
      changed_.notify_one();
      if (exchanges_) exchanges_->wake();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Arrival> arrivals_;
    std::shared_ptr<Exchanges> exchanges_;
    std::atomic<bool> stopping_{false};
  };

  [[nodiscard]] bool is_running() {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) return true;
    try {
      thread_ = std::thread(&AsyncCalls::run, engine_, inbox_);
    } catch (const std::system_error&) {
      return false;
    }
    return true;
  }

  static void run(const std::shared_ptr<const Engine<Clock>>& engine,
                  const std::shared_ptr<Inbox>& inbox) {
    constexpr std::size_t most_under_way = 128;  // and so many connections, at most
    const auto done = [](Job& job, UnsubscribeResult& result, const std::exception_ptr& thrown) {
      if (thrown) {
        job.promise->set_exception(thrown);
      } else {
        job.promise->set_value(std::move(result));
      }
    };
    std::optional<CallLoop<Clock>> loop;
    std::vector<Arrival> arrivals;
    bool goes_on = true;
    while (goes_on) {
      goes_on = inbox->take(arrivals, !loop || loop->size() == 0);
      try {
        if (!loop) {
          loop.emplace(engine->account(), engine->transport(), engine->clock(), most_under_way, 0,
                       done);
          inbox->also_wake(loop->exchanges());
        }
      } catch (...) {  // of the transport's `open_exchanges`, which the next call may try again
        for (Arrival& it : arrivals) it.job.promise->set_exception(std::current_exception());
        continue;
      }
      try {
        for (Arrival& it : arrivals) loop->add(std::move(it.job), it.start, it.options);
        if (goes_on) loop->step((Attempts::Duration::max)());
      } catch (...) {
        loop->fail_all(std::current_exception());
      }
    }
    if (loop) loop->cancel_all();
    inbox->also_wake(nullptr);
  }

  std::shared_ptr<const Engine<Clock>> engine_;
  std::shared_ptr<Inbox> inbox_;
  std::mutex mutex_;
  std::thread thread_;
};

}}}  // namespace mobivate::v0::detail
