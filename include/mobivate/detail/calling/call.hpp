#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <mobivate/batch.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/detail/account/account.hpp>
#include <mobivate/detail/calling/retry.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate::detail {

/// One request on its way through its attempts: what is to be sent, and what follows. It sends and
/// waits for nothing itself.
class Call {
 public:
  /// `on_end` is not called by the call, but kept for who waits for its end.
  Call(UnsubscribeRequest request, CallOptions options, OnEnd on_end = {})
      : request_(std::move(request)),
        options_(std::move(options)),
        on_end_(std::move(on_end)),
        maybe_delivered_(options_.maybe_sent_before) {}

  [[nodiscard]] const UnsubscribeRequest& request() const noexcept { return request_; }
  [[nodiscard]] const OnEnd& on_end() const noexcept { return on_end_; }
  [[nodiscard]] bool can_be_cancelled() const noexcept { return options_.cancelled != nullptr; }
  [[nodiscard]] bool is_cancelled() const { return can_be_cancelled() && options_.cancelled(); }

  /// Begins the call's total_timeout, unless it has begun.
  void begin(const Account& account, Time now) {
    if (deadline_) return;
    const auto total = options_.total_timeout.value_or(account.options().total_timeout);
    deadline_ = now + std::clamp<std::chrono::milliseconds>(total, {}, longest_time);
  }

  /// When its time is over; the largest time if it has not begun.
  [[nodiscard]] Time end() const noexcept { return deadline_.value_or((Time::max)()); }
  [[nodiscard]] bool is_over(Time time) const noexcept { return time >= end(); }

  /// Fills in what is to be sent now.
  void begin_attempt(const Account& account, Time now, HttpRequest& http) {
    begin(account, now);
    attempt_start_ = now;
    account.set_url(http.url, request_);
    http.headers.insert(http.headers.end(), options_.headers.begin(), options_.headers.end());
    http.timeout = (std::min)(account.options().attempt_timeout,
                              std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - now));
    http.connect_timeout = (std::min)(account.options().connect_timeout, http.timeout);
  }

  /// True if the attempt before failed so that the next should open a connection.
  [[nodiscard]] bool wants_new_connection() const noexcept { return wants_new_connection_; }

  /// The attempt's last byte came, or nothing will.
  void note_end(Time now) noexcept { attempt_end_ = now; }

  /// Takes in how the attempt ended. Returns how long to wait before the next; or nothing: the call
  /// has ended. Throws what `on_attempt` does.
  [[nodiscard]] std::optional<Duration> end_attempt(const Account& account, const Clock& clock,
                                                    const std::string& url,
                                                    const Multi::Ended& ended) {
    const RetryPolicy& policy = account.options().retry;
    result_ = account.read(ended.result);
    const auto wait_asked_for = retry_after_of(ended.result, clock);
    if (account.options().on_attempt) report(account, url, ended.result, wait_asked_for);
    wants_new_connection_ = ended.wants_new_connection;
    maybe_delivered_ = maybe_delivered_ || stop_state(result_) == StopState::unknown;
    if (!is_retryable(result_) || attempt_ >= policy.max_attempts) return std::nullopt;
    const Duration wait = wait_asked_for        ? Duration(*wait_asked_for)
                          : ended.retry_at_once ? Duration(0)
                                                : backoff(policy, attempt_, clock.random());
    if (is_over(clock.now() + wait)) return std::nullopt;
    ++attempt_;
    return wait;
  }

  // What else ends a call: each leaves its `result`.

  /// True if the request can't be sent: the call has ended.
  [[nodiscard]] bool is_refused(const Account& account) {
    auto refusal = account.refusal(request_, options_.headers);
    if (refusal) result_ = std::move(*refusal);
    return refusal.has_value();
  }

  void cancel() { result_ = cancelled(false); }

  /// Of a call that waits to be sent.
  [[nodiscard]] bool end_if_over(Time now) {
    if (is_over(now)) end_in_time("total_timeout was over before the request could be sent");
    return is_over(now);
  }

  /// Its time is over, or would be before its turn came.
  void end_in_time(const char* why) {
    if (attempt_ > 1) return;  // the last attempt's result is the call's
    result_ = TransportError{TransportError::Kind::timeout, false, why};
  }

  /// A callback or the transport threw, after `last` if an attempt was under way.
  void fail(const Account& account, const std::exception_ptr& thrown, const TransportResult* last) {
    const auto* error = last == nullptr ? nullptr : std::get_if<TransportError>(last);
    const bool maybe_delivered = last != nullptr && (error == nullptr || error->maybe_delivered);
    result_ =
        account.read(TransportError{TransportError::Kind::other, maybe_delivered, text_of(thrown)});
  }

  /// Of a call that has ended: one attempt that may have been delivered puts a later failure or
  /// refusal in doubt.
  [[nodiscard]] UnsubscribeResult& result() {
    if (!maybe_delivered_) return result_;
    if (auto* failed = std::get_if<SendFailed>(&result_)) failed->after_unknown = true;
    if (auto* error = std::get_if<GatewayError>(&result_)) error->after_unknown = true;
    if (auto* error = std::get_if<TransportError>(&result_)) error->maybe_delivered = true;
    return result_;
  }

 private:
  static std::optional<std::chrono::seconds> retry_after_of(const TransportResult& sent,
                                                            const Clock& clock) {
    const auto* response = std::get_if<HttpResponse>(&sent);
    if (response == nullptr || response->retry_after.empty()) return std::nullopt;
    return retry_after(response->retry_after, clock.date());
  }

  static std::string text_of(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      return exception.what();
    } catch (...) {
      return "an exception that is no std::exception";
    }
  }

  /// Tells on_attempt.
  void report(const Account& account, const std::string& url, const TransportResult& sent,
              std::optional<std::chrono::seconds> wait_asked_for) const {
    Attempt attempt;
    attempt.number = attempt_;
    attempt.url = url;
    attempt.elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(attempt_end_ - attempt_start_);
    attempt.result = &result_;
    attempt.request = &request_;
    if (const auto* response = std::get_if<HttpResponse>(&sent)) {
      attempt.http_status = response->status;
    }
    attempt.headers = options_.headers;
    attempt.retry_after = wait_asked_for;
    account.report(std::move(attempt));
  }

  UnsubscribeRequest request_;
  CallOptions options_;
  OnEnd on_end_;
  std::optional<Time> deadline_{};
  int attempt_ = 1;  ///< The running attempt, or the one to come: counted from 1.
  Time attempt_start_{};
  Time attempt_end_{};
  bool maybe_delivered_;
  bool wants_new_connection_ = false;
  UnsubscribeResult result_{};
};

}  // namespace mobivate::detail
