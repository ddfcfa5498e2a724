#pragma once

#include <chrono>

#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

/// When a call repeats a failed attempt, and how long it waits first. It repeats the results for
/// which `is_retryable` is true.
///
/// The wait is random. After the first attempt it is between 0 and `initial_backoff`. After each
/// further attempt, this limit is multiplied by `multiplier`, up to `max_backoff`. If the answer
/// has a `Retry-After` field, the wait is what the field says. If the next wait would end after the
/// call's `total_timeout`, the call returns the last result at once.
struct RetryPolicy {
  int max_attempts = 3;                            ///< 1 or more. 1: no retries.
  std::chrono::milliseconds initial_backoff{250};  ///< 0 ms or more.
  std::chrono::milliseconds max_backoff{10'000};   ///< 0 ms or more.
  double multiplier = 2.0;                         ///< 1 or more.
};

/// Whether the same request may succeed later. True for a `TransportError`, unless its kind is
/// `tls`, `cancelled` or `too_large`. True for an `UnexpectedResponse` with HTTP status 408, 425,
/// 429, 500, 502, 503 or 504. False for any other result: a refusal is never repeated. Sending the
/// same stop twice is safe: it bills nobody.
[[nodiscard]] inline bool is_retryable(const UnsubscribeResult& result) noexcept {
  if (const auto* error = std::get_if<TransportError>(&result)) {
    return error->kind != TransportError::Kind::tls &&
           error->kind != TransportError::Kind::cancelled &&
           error->kind != TransportError::Kind::too_large;
  }
  const auto* response = std::get_if<UnexpectedResponse>(&result);
  if (response == nullptr) return false;
  switch (response->http_status) {
    case 408:  // Request Timeout
    case 425:  // Too Early
    case 429:  // Too Many Requests
    case 500:  // Internal Server Error
    case 502:  // Bad Gateway
    case 503:  // Service Unavailable
    case 504:  // Gateway Timeout
      return true;
    default:
      return false;
  }
}

}  // namespace mobivate
