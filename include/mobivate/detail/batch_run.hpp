#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include <mobivate/batch.hpp>
#include <mobivate/detail/account.hpp>
#include <mobivate/detail/attempts.hpp>
#include <mobivate/detail/call_loop.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate::detail {

/// One batch: pulls requests as they can be sent, and reports how each ended.
template <class Clock, class Next, class OnResult>
class BatchRun {
 public:
  BatchRun(const Account& account, Transport& transport, const Clock& clock, Next& next,
           OnResult& on_result, const BatchOptions& options)
      : account_(account),
        clock_(clock),
        next_(next),
        on_result_(on_result),
        max_in_flight_(std::max<std::size_t>(options.max_in_flight, 1)),
        loop_(account, transport, clock, max_in_flight_, options.max_per_second) {
    if (!options.cancelled) return;
    cancelled_ = [this, &options] { return is_cancelled_ = is_cancelled_ || options.cancelled(); };
  }

  BatchSummary run() {
    const auto done = [this](const Pulled& pulled, const UnsubscribeResult& result,
                             const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
      report(pulled.request, result);
    };
    while (true) {
      loop_.send_due(done);
      while (!is_cancelled() && can_pull()) {
        pull();
        loop_.send_due(done);
      }
      if (is_cancelled()) {
        loop_.cancel_all(done);
        return summary_;
      }
      if (loop_.size() == 0 && !has_more_) return summary_;
      const bool waits_to_pull = has_more_ && loop_.size() < max_in_flight_;
      loop_.step(waits_to_pull ? loop_.wait_to_send() : Duration::max(), done);
    }
  }

  ~BatchRun() = default;
  BatchRun(const BatchRun&) = delete;
  BatchRun& operator=(const BatchRun&) = delete;
  BatchRun(BatchRun&&) = delete;
  BatchRun& operator=(BatchRun&&) = delete;

 private:
  using Duration = Attempts::Duration;

  struct Pulled {
    UnsubscribeRequest request{};
  };

  [[nodiscard]] bool is_cancelled() const { return cancelled_ && cancelled_(); }

  [[nodiscard]] bool can_pull() const {
    return has_more_ && loop_.size() < max_in_flight_ && loop_.wait_to_send() == Duration(0);
  }

  void pull() {
    std::optional<UnsubscribeRequest> request = next_();
    has_more_ = request.has_value();
    if (!has_more_) return;
    if (const auto refusal = account_.refusal(*request)) return report(*request, *refusal);
    loop_.add({std::move(*request)}, clock_.now(), account_.options().total_timeout, cancelled_);
  }

  void report(const UnsubscribeRequest& request, const UnsubscribeResult& result) {
    ++summary_.total;
    ++count_of(stop_state(result));
    on_result_(request, result);
  }

  std::size_t& count_of(StopState state) noexcept {
    switch (state) {
      case StopState::accepted:
        return summary_.accepted;
      case StopState::refused:
        return summary_.refused;
      case StopState::not_sent:
        return summary_.not_sent;
      case StopState::unknown:
        break;
    }
    return summary_.unknown;
  }

  const Account& account_;
  const Clock& clock_;
  Next& next_;
  OnResult& on_result_;
  std::size_t max_in_flight_;
  std::function<bool()> cancelled_;  ///< Stays true once it was; empty if the batch has none.
  bool is_cancelled_ = false;
  bool has_more_ = true;
  BatchSummary summary_;
  CallLoop<Clock, Pulled> loop_;
};

}  // namespace mobivate::detail
