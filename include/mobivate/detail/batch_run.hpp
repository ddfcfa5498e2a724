#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include <mobivate/batch.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/detail/account.hpp>
#include <mobivate/detail/attempts.hpp>
#include <mobivate/detail/batch_source.hpp>
#include <mobivate/detail/call_loop.hpp>
#include <mobivate/detail/cancelled.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// One batch: pulls requests as they can be sent, and reports how each ended.
template <class Clock>
class BatchRun {
 public:
  BatchRun(const Account& account, Transport& transport, const Clock& clock,
           const NextRequest& next, const OnResult& on_result, const BatchOptions& options)
      : account_(account),
        clock_(clock),
        next_(next),
        on_result_(on_result),
        max_in_flight_(std::max<std::size_t>(options.max_in_flight, 1)),
        loop_(account, transport, clock, max_in_flight_, options.max_per_second,
              [this](const Job& job, const UnsubscribeResult& result,
                     const std::exception_ptr& thrown) {
                if (thrown) std::rethrow_exception(thrown);
                report(job.request, result);
              }) {
    if (!options.cancelled) return;
    call_.cancelled = [this, &options] {
      return was_cancelled_ = was_cancelled_ || options.cancelled();
    };
  }

  BatchSummary run() {
    while (true) {
      loop_.send_due();
      while (!is_cancelled() && pull()) {
        if (loop_.wait_to_send() > Duration(0)) break;
        add_pulled();
        loop_.send_due();
      }
      if (is_cancelled()) {
        loop_.cancel_all();
        if (pulled_) report(*pulled_, cancelled(false));
        return summary_;
      }
      if (loop_.size() == 0 && !pulled_) return summary_;
      loop_.step(pulled_ ? loop_.wait_to_send() : (Duration::max)());
    }
  }

  ~BatchRun() = default;
  BatchRun(const BatchRun&) = delete;
  BatchRun& operator=(const BatchRun&) = delete;
  BatchRun(BatchRun&&) = delete;
  BatchRun& operator=(BatchRun&&) = delete;

 private:
  using Duration = Attempts::Duration;
  using Job = typename CallLoop<Clock>::Job;

  [[nodiscard]] bool is_cancelled() const { return call_.cancelled && call_.cancelled(); }

  /// True if there is a request that has been pulled and not been added.
  bool pull() {
    while (!pulled_ && has_more_ && loop_.size() < max_in_flight_ && !is_cancelled()) {
      pulled_ = next_();
      has_more_ = pulled_.has_value();
      if (!has_more_) break;
      if (const auto refusal = account_.refusal(*pulled_, {})) {
        report(*pulled_, *refusal);
        pulled_.reset();
      }
    }
    return pulled_.has_value();
  }

  /// The request's time begins now, when it can be sent.
  void add_pulled() {
    loop_.add({std::move(*pulled_), std::nullopt}, clock_.now(), call_);
    pulled_.reset();
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
  const NextRequest& next_;
  const OnResult& on_result_;
  std::size_t max_in_flight_;
  CallOptions call_;  ///< Of all requests.
  bool was_cancelled_ = false;
  bool has_more_ = true;
  std::optional<UnsubscribeRequest> pulled_;  ///< Waits until it can be sent.
  BatchSummary summary_;
  CallLoop<Clock> loop_;
};

}}}  // namespace mobivate::v0::detail
