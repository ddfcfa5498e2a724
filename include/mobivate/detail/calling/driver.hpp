#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <mobivate/detail/account/account.hpp>
#include <mobivate/detail/calling/call.hpp>
#include <mobivate/detail/calling/slots.hpp>
#include <mobivate/detail/calling/waiting_calls.hpp>
#include <mobivate/detail/exit.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/rate_limit.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// Calls, driven by the one thread that steps it: a single one, a batch, or a client's asynchronous
/// ones. Some are in flight, the others wait to be sent.
class Driver {
 public:
  struct Setup {
    std::size_t max_in_flight = 1;
    /// Whether what a callback or the transport throws comes out of `step`. Otherwise it ends the
    /// call as `Kind::other`.
    bool throws = true;
    RateLimit* rate_limit = nullptr;    ///< Beside `ClientOptions::rate_limit`.
    std::function<bool()> cancelled{};  ///< Cancels all calls. Only a transport's `send` asks it.
    std::function<void(const std::shared_ptr<Multi>&)> on_open{};  ///< With null: it is closed.
    std::function<void(Call&)> on_end{};                           ///< Once for each call.
  };

  Driver(const Account& account, Transport& transport, const Clock& clock, Setup setup)
      : account_(account),
        transport_(transport),
        clock_(clock),
        setup_(std::move(setup)),
        turns_{account.options().rate_limit.get(), setup_.rate_limit},
        slots_(account.headers()),
        tended_(clock.now()) {}

  ~Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  Driver(Driver&&) = delete;
  Driver& operator=(Driver&&) = delete;

  /// The calls that `on_end` has not been told of.
  [[nodiscard]] std::size_t size() const noexcept {
    return waiting_.size() + slots_.taken() + done_.size();
  }

  /// True if a call that is added now can be sent at once, as far as the last `step` knew.
  [[nodiscard]] bool has_room() const noexcept {
    return !held_until_ && slots_.taken() < setup_.max_in_flight;
  }

  void add(std::unique_ptr<Call> call) {
    if (call->can_be_cancelled()) ++cancellable_;
    if (call->is_refused(account_)) return done_.push_back(std::move(call));
    waiting_.add(clock_.now(), std::move(call));
  }

  /// Sends what is due; then takes in one thing that has ended, or waits for something to end.
  void step(Duration longest) {
    Exit::park_if_begun();
    const bool had_room = has_room();
    send_due();
    if (!had_room && has_room()) return;  // for more to be added
    // Callbacks may take their time: between any two of them, what is in flight is looked after.
    constexpr std::chrono::milliseconds longest_neglect{1};
    const bool neglected = slots_.taken() > 0 && clock_.now() - tended_ >= longest_neglect;
    if (neglected) tend(Duration(0));
    if (finish_one() || longest == Duration(0)) return;
    // Once only: the first may have used up a `wake`, and the caller has to see what it was for.
    if (!neglected) tend((std::min)(longest, until_something()));
  }

  /// Gives back what a burst of calls took. Only while there are no calls.
  void shrink() {
    if (!multi_ || !multi_->is_overgrown()) return;
    if (setup_.on_open) setup_.on_open(nullptr);
    multi_.reset();
  }

  /// Ends all calls as cancelled.
  void cancel_all() {
    stop_all(nullptr);
    while (has_ended()) take_ended();
    while (!waiting_.empty()) {
      waiting_.first().cancel();
      finish_first();
    }
    while (finish_one()) {
    }
  }

 private:
  void send_due() {
    held_until_.reset();
    while (!held_until_ && !waiting_.empty()) {
      const Time now = clock_.now();
      if (waiting_.first_due() > now) return;
      held_until_ = send_or_end(waiting_.first(), now);
    }
  }

  /// Sends the first call, which is due, or ends it. If it has to wait, returns when to try again;
  /// the largest time if all slots are taken.
  std::optional<Time> send_or_end(Call& call, Time now) {
    if (call.end_if_over(now)) return finish_first();
    if (slots_.taken() >= setup_.max_in_flight) return (Time::max)();
    if (end_if_cancelled(call)) return finish_first();
    const Duration wait = turns_.wait(now);
    if (call.is_over(now + wait)) {
      call.end_in_time("total_timeout ends before the rate limit lets the request be sent");
      return finish_first();
    }
    if (wait > Duration(0) || !turns_.take(now)) return now + wait;
    start(call, now);
    return std::nullopt;
  }

  /// The first call that waits has its result. Returns that nothing has to wait.
  std::optional<Time> finish_first() {
    done_.push_back(waiting_.take_first());
    return std::nullopt;
  }

  void start(Call& call, Time now) {
    const std::size_t id = slots_.next_free();
    Slots::Slot& slot = slots_[id];
    call.begin_attempt(account_, now, slot.http);
    if (setup_.cancelled || call.can_be_cancelled()) {
      slot.http.cancelled = [this, &call] {
        return (setup_.cancelled && setup_.cancelled()) || call.is_cancelled();
      };
    }
    slots_.take(waiting_.take_first());
    try {
      if (!multi_) open();
      multi_->start(id, slot.http, call.wants_new_connection());
      slot.is_under_way = true;
    } catch (...) {
      ended_.push_back({id, cancelled(false), std::current_exception()});
    }
  }

  void open() {
    multi_ = open_multi(transport_);
    if (!multi_) {
      multi_ = std::make_shared<SendMulti>(transport_, clock_);
      setup_.max_in_flight = 1;
    }
    if (setup_.on_open) setup_.on_open(multi_);
  }

  /// How long to wait for an end: until the next call is due, within limits.
  [[nodiscard]] Duration until_something() {
    const Duration longest = has_to_look() ? cancellation_interval : std::chrono::minutes(1);
    Time next = (Time::max)();
    if (!waiting_.empty()) next = held_until_.value_or(waiting_.first_due());
    return std::clamp(next - clock_.now(), Duration(0), longest);
  }

  /// Lets the requests in flight go on, until one has ended or the time is over.
  void tend(Duration longest) {
    const std::size_t before = ended_.size();
    std::exception_ptr thrown;
    try {
      if (!multi_) open();
      multi_->wait(std::chrono::ceil<std::chrono::milliseconds>(longest), ended_);
    } catch (...) {
      if (setup_.throws) throw;
      thrown = std::current_exception();
    }
    tended_ = clock_.now();
    for (std::size_t i = before; i < ended_.size(); ++i) {
      slots_[ended_[i].id].is_under_way = false;
      slots_[ended_[i].id].call->note_end(tended_);
    }
    if (thrown) return fail_all(thrown);
    if (has_to_look() && tended_ - looked_ >= cancellation_interval) look();
  }

  /// True if a call may have to end without anything having happened to it.
  [[nodiscard]] bool has_to_look() const noexcept { return cancellable_ > 0 || held_until_; }

  /// Ends what was cancelled, and what ran out of time while it waited for others.
  void look() {
    looked_ = clock_.now();
    waiting_.look(looked_, [this](std::unique_ptr<Call>& call) {
      if (!call->end_if_over(looked_) && !end_if_cancelled(*call)) return false;
      done_.push_back(std::move(call));
      return true;
    });
    for (std::size_t id = 0; id < slots_.size(); ++id) {
      if (!slots_[id].is_under_way) continue;
      try {
        if (slots_[id].call->is_cancelled()) stop(id, nullptr);
      } catch (...) {
        stop(id, std::current_exception());
      }
    }
  }

  /// Of a call that waits. It then has its result.
  [[nodiscard]] bool end_if_cancelled(Call& call) {
    try {
      if (!call.is_cancelled()) return false;
      call.cancel();
    } catch (...) {
      if (setup_.throws) throw;
      call.fail(account_, std::current_exception(), nullptr);
    }
    return true;
  }

  /// Gives up a request that is under way. How it ended is taken in as any other end.
  void stop(std::size_t id, std::exception_ptr thrown) {
    Multi::Ended ended{id, cancelled(true), std::move(thrown)};
    slots_[id].is_under_way = false;
    slots_[id].call->note_end(clock_.now());
    try {
      ended.result = multi_->stop(id);
    } catch (...) {  // the first is told
      if (!ended.thrown) ended.thrown = std::current_exception();
    }
    ended_.push_back(std::move(ended));
  }

  void stop_all(const std::exception_ptr& thrown) {
    for (std::size_t id = 0; id < slots_.size(); ++id) {
      if (slots_[id].is_under_way) stop(id, thrown);
    }
  }

  void fail_all(const std::exception_ptr& thrown) {
    stop_all(thrown);
    while (!waiting_.empty()) {
      waiting_.first().fail(account_, thrown, nullptr);
      finish_first();
    }
  }

  [[nodiscard]] bool has_ended() const noexcept { return next_ended_ < ended_.size(); }

  /// Takes in how one attempt ended.
  void take_ended() {
    Multi::Ended ended = std::move(ended_[next_ended_++]);
    if (!has_ended()) {
      ended_.clear();
      next_ended_ = 0;
    }
    auto call = slots_.give_back(ended.id);
    std::optional<Duration> wait;
    try {
      if (ended.thrown) std::rethrow_exception(ended.thrown);
      wait = call->end_attempt(account_, clock_, slots_[ended.id].http.url, ended);
    } catch (...) {
      if (setup_.throws) throw;
      call->fail(account_, std::current_exception(), &ended.result);
    }
    if (wait) {
      waiting_.add(clock_.now() + *wait, std::move(call));
    } else {
      done_.push_back(std::move(call));
    }
  }

  /// Tells of one call that has ended, or takes in one attempt that has. False if there is none.
  bool finish_one() {
    if (done_.empty()) {
      if (!has_ended()) return false;
      take_ended();
      return true;
    }
    const auto call = std::move(done_.front());
    done_.pop_front();
    if (call->can_be_cancelled()) --cancellable_;
    setup_.on_end(*call);
    return true;
  }

  const Account& account_;
  Transport& transport_;
  const Clock& clock_;
  Setup setup_;
  Turns turns_;
  WaitingCalls waiting_{};
  std::optional<Time> held_until_{};  ///< Set if a call that is due has to wait.
  Slots slots_;
  std::vector<Multi::Ended> ended_{};         ///< Attempts; those before `next_ended_` are done.
  std::size_t next_ended_ = 0;                ///< The first that has not been taken in.
  std::deque<std::unique_ptr<Call>> done_{};  ///< Calls that `on_end` is to be told of.
  std::size_t cancellable_ = 0;               ///< How many calls may be cancelled by themselves.
  Time tended_;                               ///< When `tend` ended last.
  Time looked_{};
  std::shared_ptr<Multi> multi_{};  ///< Destroyed first: it uses `slots_`.
};

}  // namespace mobivate::detail
