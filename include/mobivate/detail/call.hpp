#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include <mobivate/detail/account.hpp>
#include <mobivate/detail/attempts.hpp>
#include <mobivate/detail/cancelled.hpp>
#include <mobivate/detail/retry_after.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// One request on its way through its attempts: what is to be sent, and what follows. It sends and
/// waits for nothing itself. Used for one request after the other.
template <class Clock>
class Call {
 public:
  using Time = Attempts::Time;
  using Duration = Attempts::Duration;

  Call(const Account& account, const Clock& clock) : account_(&account), clock_(&clock) {
    http_.headers = account.headers();
  }

  /// The request outlives the call.
  void begin(const UnsubscribeRequest& request, Time start, const CallOptions& options) {
    request_ = &request;
    account_->set_url(http_.url, request);
    http_.headers.resize(account_->headers().size());
    http_.headers.insert(http_.headers.end(), options.headers.begin(), options.headers.end());
    http_.cancelled = options.cancelled;
    attempts_ = Attempts(account_->options().retry, start,
                         options.total_timeout.value_or(account_->options().total_timeout));
  }

  [[nodiscard]] const HttpRequest& http() const noexcept { return http_; }

  [[nodiscard]] bool is_cancelled() const { return http_.cancelled && http_.cancelled(); }

  /// True if there is no time for another attempt: the call has ended.
  [[nodiscard]] bool is_out_of_time() {
    if (attempts_.left(clock_->now()).count() >= 1) return false;
    if (attempts_.number() == 1) {
      result_ = TransportError{TransportError::Kind::timeout, false,
                               "total_timeout was over before the request could be sent"};
    }
    return true;
  }

  void start_attempt() {
    attempt_start_ = clock_->now();
    const ClientOptions& options = account_->options();
    http_.timeout = (std::min)(options.attempt_timeout, attempts_.left(attempt_start_));
    http_.connect_timeout = (std::min)(options.connect_timeout, http_.timeout);
  }

  /// Takes in how the attempt ended. Returns how long to wait before the next; or nothing: the call
  /// has ended. Throws what `on_attempt` does.
  [[nodiscard]] std::optional<Duration> end_attempt(const TransportResult& sent) {
    result_ = account_->read(sent);
    if (account_->options().on_attempt) account_->report(attempt(sent));
    return attempts_.wait_after(result_, retry_after_of(sent), clock_->now(),
                                [this] { return clock_->random(); });
  }

  /// Ends the call between two attempts.
  void cancel() { result_ = cancelled(false); }

  /// Of a call that has ended.
  [[nodiscard]] UnsubscribeResult result() { return attempts_.joined(std::move(result_)); }

 private:
  /// The attempt that has just ended.
  [[nodiscard]] Attempt attempt(const TransportResult& sent) const {
    const auto elapsed = clock_->now() - attempt_start_;
    Attempt attempt;
    attempt.number = attempts_.number();
    attempt.url = http_.url;
    attempt.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed);
    attempt.result = &result_;
    attempt.request = request_;
    attempt.start = std::chrono::system_clock::now() -
                    std::chrono::duration_cast<std::chrono::system_clock::duration>(elapsed);
    const auto call_headers = static_cast<std::ptrdiff_t>(account_->headers().size());
    attempt.headers.assign(http_.headers.begin() + call_headers, http_.headers.end());
    if (const auto* failed = std::get_if<SendFailed>(&result_)) attempt.gateway_code = failed->code;
    if (const auto* error = std::get_if<GatewayError>(&result_)) attempt.gateway_code = error->code;
    if (const auto* response = std::get_if<HttpResponse>(&sent)) {
      attempt.http_status = response->status;
      attempt.body_bytes = response->body.size();
      attempt.connect_time = response->connect_time;
      attempt.connection_reused = response->connection_reused;
    }
    return attempt;
  }

  [[nodiscard]] std::optional<std::chrono::seconds> retry_after_of(
      const TransportResult& sent) const {
    const auto* response = std::get_if<HttpResponse>(&sent);
    if (response == nullptr || response->retry_after.empty()) return std::nullopt;
    return retry_after(response->retry_after, clock_->date());
  }

  const Account* account_;
  const Clock* clock_;
  const UnsubscribeRequest* request_ = nullptr;
  HttpRequest http_;
  Attempts attempts_{{}, {}, {}};
  Time attempt_start_{};
  UnsubscribeResult result_;
};

}}}  // namespace mobivate::v0::detail
