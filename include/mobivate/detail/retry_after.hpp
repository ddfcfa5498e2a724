#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include <mobivate/detail/ascii.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// How long a `Retry-After` field asks to wait from `date`; nothing if it makes no sense. RFC 9110,
/// section 10.2.3: seconds, or an HTTP date; a date that is past asks for no wait.
inline std::optional<std::chrono::seconds> retry_after(const std::string& field, std::time_t date) {
  constexpr std::chrono::seconds longest = std::chrono::hours(24 * 365);
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

}}}  // namespace mobivate::v0::detail
