#pragma once

#include <chrono>

namespace mobivate { inline namespace v0 {

/// When a call tries again: after a network failure other than `tls`, `cancelled` and `too_large`,
/// and after an undocumented answer with HTTP 408, 425, 429, 500, 502, 503 or 504. A stop is
/// idempotent, so that is safe. A gateway's refusal is an answer, and never retried.
///
/// The wait before attempt n + 1 is random, between 0 and `initial_backoff` times `multiplier` to
/// the power of n - 1, at most `max_backoff`; a `Retry-After` field overrides it. A wait that would
/// pass the call's `total_timeout` is not begun.
struct RetryPolicy {
  int max_attempts = 3;                            ///< 1 or more; 1: never again.
  std::chrono::milliseconds initial_backoff{250};  ///< 0 ms or more.
  std::chrono::milliseconds max_backoff{10'000};   ///< 0 ms or more.
  double multiplier = 2.0;                         ///< 1 or more.
};

}}  // namespace mobivate::v0
