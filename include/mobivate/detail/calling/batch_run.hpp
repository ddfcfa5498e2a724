#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <mobivate/batch.hpp>
#include <mobivate/detail/account/account.hpp>
#include <mobivate/detail/calling/call.hpp>
#include <mobivate/detail/calling/driver.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/rate_limit.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// Throws `std::invalid_argument` if an option is invalid. The message names the option.
inline void check_batch(const BatchOptions& options) {
  check_max_in_flight(options.max_in_flight);
  if (!(options.max_per_second >= 0)) {
    refuse_option("max_per_second",
                  "is NaN or negative; write how many requests a second may begin, 0 for no limit");
  }
}

/// One batch. It calls `next` only when a slot is free, and `on_result` with each result. The
/// `total_timeout` of a request starts with its first attempt.
class BatchRun {
 public:
  BatchRun(const Account& account, Transport& transport, const Clock& clock,
           const NextRequest& next, const OnResult& on_result, const BatchOptions& options)
      : next_(next),
        on_result_(on_result),
        options_(options),
        rate_limit_(options.max_per_second),
        driver_(account, transport, clock, setup()) {}

  BatchSummary run() {
    const Duration longest = options_.cancelled ? cancellation_interval : (Duration::max)();
    while (!is_cancelled()) {
      const bool pulls = has_more_ && driver_.has_room() && driver_.size() < options_.max_in_flight;
      if (pulls) pull();
      if (!has_more_ && driver_.size() == 0) return summary_;
      driver_.step(pulls ? Duration(0) : longest);
    }
    driver_.cancel_all();
    return summary_;
  }

  ~BatchRun() = default;
  BatchRun(const BatchRun&) = delete;
  BatchRun& operator=(const BatchRun&) = delete;
  BatchRun(BatchRun&&) = delete;
  BatchRun& operator=(BatchRun&&) = delete;

 private:
  Driver::Setup setup() {
    Driver::Setup setup;
    setup.max_in_flight = options_.max_in_flight;
    setup.rate_limit = &rate_limit_;
    if (options_.cancelled) setup.cancelled = [this] { return is_cancelled(); };
    setup.on_end = [this](Call& call) { report(call); };
    return setup;
  }

  /// Whether the user's `cancelled` has ever returned true.
  [[nodiscard]] bool is_cancelled() {
    was_cancelled_ = was_cancelled_ || (options_.cancelled && options_.cancelled());
    return was_cancelled_;
  }

  void pull() {
    auto request = next_();
    has_more_ = request.has_value();
    if (has_more_) driver_.add(std::make_unique<Call>(std::move(*request), CallOptions{}));
  }

  void report(Call& call) {
    const UnsubscribeResult& result = call.result();
    ++summary_.total;
    ++count_of(stop_state(result));
    on_result_(call.request(), result);
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

  const NextRequest& next_;
  const OnResult& on_result_;
  const BatchOptions& options_;
  RateLimit rate_limit_;
  bool was_cancelled_ = false;
  bool has_more_ = true;
  BatchSummary summary_{};
  Driver driver_;
};

}  // namespace mobivate::detail
