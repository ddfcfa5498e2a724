#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include <mobivate/transport.hpp>

namespace mobivate::detail {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// How often a wait checks for cancellation. The documentation promises 100 ms.
inline constexpr std::chrono::milliseconds cancellation_interval{50};

inline TransportError cancelled(bool maybe_delivered) {
  return {TransportError::Kind::cancelled, maybe_delivered, "cancelled by the caller"};
}

/// Sends many HTTP requests at once, on one thread. The destructor gives up all exchanges that are
/// under way.
class Multi {
 public:
  /// The end of one exchange (a request and its answer).
  struct Ended {
    std::size_t id{0};            ///< The `id` that was passed to `start`.
    TransportResult result{};     ///< The answer, or the reason why there is none.
    std::exception_ptr thrown{};  ///< If set, `result` only tells what may have been delivered.
    bool retry_at_once = false;   ///< A reused connection failed before any byte of the answer.
    bool wants_new_connection = false;  ///< The next attempt should open one.
  };

  virtual ~Multi() = default;

  /// Starts to send. Do not change the request until its exchange has ended or was stopped. `id` is
  /// unused, and lower than the largest number of exchanges so far. `on_new_connection`: the
  /// attempt before failed with `wants_new_connection`.
  virtual void start(std::size_t id, const HttpRequest& request, bool on_new_connection) = 0;

  /// Waits until an exchange ends, `wake` is called or the time is over. Appends the exchanges that
  /// have ended.
  virtual void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) = 0;

  /// Gives up an exchange that is under way. Returns its result: `Kind::cancelled`.
  [[nodiscard]] virtual TransportError stop(std::size_t id) = 0;

  /// True if it keeps so many connections open that it should be destroyed once nothing is under
  /// way.
  [[nodiscard]] virtual bool is_overgrown() const noexcept { return false; }

  /// Ends the current `wait`, or the next one, early. It is the only member that other threads may
  /// call.
  virtual void wake() noexcept = 0;

  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  Multi(Multi&&) = delete;
  Multi& operator=(Multi&&) = delete;

 protected:
  Multi() = default;
};

/// The clock and the random numbers that calls use. Tests derive their own.
class Clock {
 public:
  virtual ~Clock() = default;

  [[nodiscard]] virtual Time now() const { return std::chrono::steady_clock::now(); }
  [[nodiscard]] virtual std::time_t date() const { return std::time(nullptr); }

  /// Returns a number from 0 to 1, different in each thread and process (splitmix64 of the time).
  [[nodiscard]] virtual double random() const {
    const char place = 0;
    auto bits = static_cast<std::uint64_t>(now().time_since_epoch().count()) +
                std::hash<const char*>{}(&place);
    bits += 0x9E3779B97F4A7C15U;
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<double>(bits >> 11U) * 0x1p-53;
  }

  /// Waits until `woken` is notified or the time is over. May wake up for no reason.
  virtual void wait(std::condition_variable& woken, std::unique_lock<std::mutex>& lock,
                    std::chrono::milliseconds longest) const {
    woken.wait_for(lock, longest);
  }

  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  Clock(Clock&&) = delete;
  Clock& operator=(Clock&&) = delete;
};

/// A `Multi` for a transport that has only `send`. It sends one request at a time.
class SendMulti final : public Multi {
 public:
  SendMulti(Transport& transport, const Clock& clock) : transport_(transport), clock_(clock) {}

  ~SendMulti() override = default;
  SendMulti(const SendMulti&) = delete;
  SendMulti& operator=(const SendMulti&) = delete;
  SendMulti(SendMulti&&) = delete;
  SendMulti& operator=(SendMulti&&) = delete;

  void start(std::size_t id, const HttpRequest& request, bool /*on_new_connection*/) override {
    id_ = id;
    request_ = &request;
  }

  void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) override {
    if (request_ == nullptr) return sleep(longest);
    Ended& end = ended.emplace_back();
    end.id = id_;
    const HttpRequest& request = *std::exchange(request_, nullptr);
    try {
      end.result = transport_.send(request);
    } catch (...) {
      end.thrown = std::current_exception();
    }
  }

  [[nodiscard]] TransportError stop(std::size_t /*id*/) override {
    request_ = nullptr;
    return cancelled(false);
  }

  void wake() noexcept override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }

 private:
  void sleep(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    if (!woken_) clock_.wait(changed_, lock, longest);
    woken_ = false;
  }

  Transport& transport_;
  const Clock& clock_;
  const HttpRequest* request_ = nullptr;
  std::size_t id_ = 0;
  std::mutex mutex_{};
  std::condition_variable changed_{};
  bool woken_ = false;
};

}  // namespace mobivate::detail
