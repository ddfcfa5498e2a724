#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include <mobivate/detail/text.hpp>
#include <mobivate/retry_policy.hpp>

namespace mobivate::detail {

inline constexpr std::chrono::hours longest_time{24 * 365};  ///< Longer times would overflow.

/// Returns the wait that a `Retry-After` field asks for, counted from `date`. Returns nothing if
/// the field is invalid. RFC 9110, section 10.2.3: seconds, or an HTTP date. A date in the past
/// means no wait.
inline std::optional<std::chrono::seconds> retry_after(const std::string& field, std::time_t date) {
  constexpr std::chrono::seconds longest = longest_time;
  const std::string_view text = trim(field);
  if (text.empty()) return std::nullopt;
  if (std::all_of(text.begin(), text.end(), is_digit)) {
    std::chrono::seconds wait{0};
    for (const char c : text) wait = (std::min)(wait * 10 + std::chrono::seconds(c - '0'), longest);
    return wait;
  }
  const std::time_t until = curl_getdate(field.c_str(), nullptr);
  if (until == -1) return std::nullopt;
  return std::clamp(std::chrono::seconds(until) - std::chrono::seconds(date),
                    std::chrono::seconds(0), longest);
}

/// Returns the wait after an attempt. It is exponential in the number of the attempt, which counts
/// from 1, and is multiplied by `random`, from 0 to 1 (full jitter).
inline std::chrono::milliseconds backoff(const RetryPolicy& policy, int attempt, double random) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  constexpr double largest_factor = 1e15;  // infinity * 0 ms would be NaN
  const double factor = (std::min)(std::pow(policy.multiplier, attempt - 1), largest_factor);
  const Milliseconds longest = (std::min)(
      Milliseconds(policy.initial_backoff) * factor,
      Milliseconds(std::min<std::chrono::milliseconds>(policy.max_backoff, longest_time)));
  return std::chrono::duration_cast<std::chrono::milliseconds>(longest * random);
}

}  // namespace mobivate::detail
