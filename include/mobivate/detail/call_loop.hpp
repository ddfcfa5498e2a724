#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <mobivate/client_options.hpp>
#include <mobivate/detail/account.hpp>
#include <mobivate/detail/attempts.hpp>
#include <mobivate/detail/call.hpp>
#include <mobivate/detail/cancelled.hpp>
#include <mobivate/detail/one_by_one.hpp>
#include <mobivate/detail/rate_limit.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Many calls at once, driven by one thread: some under way, the others waiting to be sent.
template <class Clock>
class CallLoop {
 public:
  using Time = Attempts::Time;
  using Duration = Attempts::Duration;

  struct Job {
    UnsubscribeRequest request{};
    std::optional<std::promise<UnsubscribeResult>> promise{};  ///< Of an asynchronous call.
  };

  /// Told how a call ended; `thrown`, if set, is what a callback or a transport threw.
  using Done = std::function<void(Job&, UnsubscribeResult&, const std::exception_ptr& thrown)>;

  CallLoop(const Account& account, Transport& transport, const Clock& clock,
           std::size_t most_under_way, double most_per_second, Done done)
      : account_(account),
        clock_(clock),
        most_under_way_(most_under_way),
        rate_limit_(most_per_second),
        done_(std::move(done)),
        exchanges_(transport.open_exchanges()) {
    if (exchanges_) return;
    exchanges_ = std::make_shared<OneByOne<Clock>>(transport, clock);
    most_under_way_ = 1;
  }

  [[nodiscard]] std::size_t size() const noexcept { return calls_.size() - free_.size(); }
  [[nodiscard]] const std::shared_ptr<Exchanges>& exchanges() const noexcept { return exchanges_; }

  /// How long until another request could be sent: 0 for now, the maximum if one has to end first.
  [[nodiscard]] Duration wait_to_send() const {
    if (under_way_ >= most_under_way_) return (Duration::max)();
    return rate_limit_.wait(clock_.now());
  }

  /// Adds a call, of a valid request, to those that wait to be sent.
  void add(Job job, Time start, const CallOptions& options) {
    const std::size_t id = free_id();
    Entry& entry = *calls_[id];
    entry.job = std::move(job);
    free_.pop_back();
    entry.in_use = true;
    entry.call.begin(entry.job.request, start, options);
    can_be_cancelled_ = can_be_cancelled_ || options.cancelled;
    wait_until(clock_.now(), id);
  }

  void send_due() {
    while (!waiting_.empty() && waiting_.front().time <= clock_.now()) {
      if (wait_to_send() > Duration(0)) return;
      std::pop_heap(waiting_.begin(), waiting_.end());
      const std::size_t id = waiting_.back().id;
      waiting_.pop_back();
      Call<Clock>& call = calls_[id]->call;
      if (call.is_out_of_time()) {
        end(id, nullptr);
        continue;
      }
      call.start_attempt();
      rate_limit_.take(clock_.now());
      exchanges_->start(id, call.http());
      calls_[id]->under_way = true;
      ++under_way_;
    }
  }

  /// Sends what is due, then waits for something to happen.
  void step(Duration longest) {
    send_due();
    if (!waiting_.empty()) longest = (std::min)(longest, wait_for_next());
    if (has_to_look()) longest = std::min<Duration>(longest, cancellation_interval);
    longest = std::clamp<Duration>(longest, Duration(0), std::chrono::minutes(1));

    ended_.clear();
    exchanges_->wait(std::chrono::ceil<std::chrono::milliseconds>(longest), ended_);
    for (Exchanges::Ended& ended : ended_) end_attempt(ended);
    if (has_to_look() && clock_.now() - looked_ >= cancellation_interval) look();
  }

  void cancel_all() {
    for (std::size_t id = 0; id < calls_.size(); ++id) {
      if (calls_[id]->in_use) cancel(id);
    }
  }

  /// Ends all calls with an exception.
  void fail_all(const std::exception_ptr& thrown) {
    for (std::size_t id = 0; id < calls_.size(); ++id) {
      if (calls_[id]->in_use) fail(id, thrown);
    }
  }

 private:
  struct Entry {
    Entry(const Account& account, const Clock& clock) : call(account, clock) {}

    Call<Clock> call;
    Job job{};
    bool in_use = false;
    bool under_way = false;
  };

  /// A call to be sent; in a heap, the first at its front.
  struct Waiting {
    Time time{};
    std::uint64_t order = 0;  ///< Among those of the same time.
    std::size_t id = 0;

    bool operator<(const Waiting& other) const noexcept {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  /// The one that was freed last is taken first: its connection is the likeliest to be open.
  [[nodiscard]] std::size_t free_id() {
    if (free_.empty()) {
      free_.reserve(calls_.size() + 1);
      calls_.push_back(std::make_unique<Entry>(account_, clock_));
      free_.push_back(calls_.size() - 1);
    }
    return free_.back();
  }

  void wait_until(Time time, std::size_t id) {
    waiting_.push_back({time, ++order_, id});
    std::push_heap(waiting_.begin(), waiting_.end());
  }

  void stop_waiting(std::size_t id) {
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                  [id](const Waiting& it) { return it.id == id; }),
                   waiting_.end());
    std::make_heap(waiting_.begin(), waiting_.end());
  }

  /// How long until a call that waits can be sent.
  [[nodiscard]] Duration wait_for_next() const {
    const Duration until_due = waiting_.front().time - clock_.now();
    return until_due > Duration(0) ? until_due : wait_to_send();
  }

  void end_attempt(Exchanges::Ended& ended) {
    Entry& entry = *calls_[ended.id];
    entry.under_way = false;
    --under_way_;
    if (ended.thrown) return end(ended.id, ended.thrown);
    std::optional<Duration> wait;
    try {
      wait = entry.call.end_attempt(ended.result);
    } catch (...) {
      return end(ended.id, std::current_exception());
    }
    if (!wait) return end(ended.id, nullptr);
    wait_until(clock_.now() + *wait, ended.id);
  }

  void end(std::size_t id, const std::exception_ptr& thrown) {
    Entry& entry = *calls_[id];
    Job job = std::move(entry.job);
    UnsubscribeResult result = entry.call.result();
    entry.in_use = false;
    free_.push_back(id);
    done_(job, result, thrown);
  }

  void cancel(std::size_t id) {
    if (calls_[id]->under_way) {
      Exchanges::Ended ended{id, {}, nullptr};
      try {
        ended.result = exchanges_->stop(id);
      } catch (...) {
        ended.thrown = std::current_exception();
      }
      return end_attempt(ended);
    }
    stop_waiting(id);
    calls_[id]->call.cancel();
    end(id, nullptr);
  }

  void fail(std::size_t id, const std::exception_ptr& thrown) {
    if (calls_[id]->under_way) {
      try {
        static_cast<void>(exchanges_->stop(id));
      } catch (...) {  // what was thrown first is told
      }
      calls_[id]->under_way = false;
      --under_way_;
    } else {
      stop_waiting(id);
    }
    end(id, thrown);
  }

  /// True if a call may end without anything having happened to it.
  [[nodiscard]] bool has_to_look() const {
    return can_be_cancelled_ || (!waiting_.empty() && waiting_.front().time <= clock_.now());
  }

  /// Ends what was cancelled, and what ran out of time while it waited for others.
  void look() {
    looked_ = clock_.now();
    for (std::size_t id = 0; id < calls_.size(); ++id) {
      Entry& entry = *calls_[id];
      if (!entry.in_use) continue;
      bool is_cancelled = false;
      try {
        is_cancelled = entry.call.is_cancelled();
      } catch (...) {
        fail(id, std::current_exception());
        continue;
      }
      if (is_cancelled) {
        cancel(id);
      } else if (!entry.under_way && entry.call.is_out_of_time()) {
        stop_waiting(id);
        end(id, nullptr);
      }
    }
  }

  const Account& account_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Entry>> calls_;  ///< By id.
  std::vector<std::size_t> free_;              ///< Ids of calls that have ended.
  std::vector<Waiting> waiting_;
  std::uint64_t order_ = 0;
  std::size_t under_way_ = 0;
  std::size_t most_under_way_;
  RateLimit rate_limit_;
  Done done_;
  bool can_be_cancelled_ = false;
  Time looked_{};
  std::shared_ptr<Exchanges> exchanges_;
  std::vector<Exchanges::Ended> ended_;
};

}}}  // namespace mobivate::v0::detail
