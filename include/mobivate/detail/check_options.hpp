#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <mobivate/client_options.hpp>
#include <mobivate/detail/ascii.hpp>
#include <mobivate/detail/base_url.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

[[noreturn]] inline void refuse_option(const char* option, const char* problem) {
  throw std::invalid_argument(std::string(option) + ": " + problem);
}

inline void check_timeout(const char* option, std::chrono::milliseconds timeout) {
  if (timeout.count() < 1) refuse_option(option, "is less than 1 ms; write 1 ms or more");
}

inline void check_retry(const RetryPolicy& retry) {
  if (retry.max_attempts < 1) {
    refuse_option("retry.max_attempts", "is less than 1; write 1 for a single attempt");
  }
  if (retry.initial_backoff.count() < 0) {
    refuse_option("retry.initial_backoff", "is negative; write 0 ms or more");
  }
  if (retry.max_backoff.count() < 0) {
    refuse_option("retry.max_backoff", "is negative; write 0 ms or more");
  }
  if (!(retry.multiplier >= 1 && retry.multiplier <= (std::numeric_limits<double>::max)())) {
    refuse_option("retry.multiplier", "is no number from 1 up; write 2 to double each wait");
  }
}

/// RFC 9110, section 5.1.
inline bool is_header_name(std::string_view name) {
  constexpr std::string_view punctuation{"!#$%&'*+-.^_`|~"};
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_alphanumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

/// Why extra header fields can't be sent, and what to write instead; null if they can.
inline const char* header_problem(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_header_name(name)) {
      return "a name is no HTTP field name; write letters, digits and hyphens";
    }
    if (std::any_of(value.begin(), value.end(), is_control)) {
      return "a value has a control character in it; write it on one line";
    }
    for (const std::string_view reserved :
         {"Host", "Content-Type", "Accept", "User-Agent", "Content-Length", "Transfer-Encoding"}) {
      if (equal_ignoring_case(name, reserved)) {
        return "Host, Content-Type, Accept, User-Agent, Content-Length and Transfer-Encoding are "
               "the library's to send; leave them out";
      }
    }
  }
  return nullptr;
}

/// Throws `std::invalid_argument` naming the option, never its value: it may hold a secret.
inline void check_options(const ClientOptions& options) {
  const BaseUrl base_url = parse_base_url(options.base_url);
  if (!base_url.https && !options.allow_plain_http && !is_loopback(base_url.host)) {
    refuse_option("base_url",
                  "is http, which shows the api_key to everyone on the way; write https, "
                  "or set allow_plain_http if the way is safe");
  }
  check_path_segment("account_id", "MOBIVATE_ACCOUNT_ID", options.account_id);
  check_path_segment("api_key", "MOBIVATE_API_KEY", options.api_key.reveal());
  check_timeout("connect_timeout", options.connect_timeout);
  check_timeout("attempt_timeout", options.attempt_timeout);
  check_timeout("total_timeout", options.total_timeout);
  check_retry(options.retry);
  if (const char* problem = header_problem(options.headers)) refuse_option("headers", problem);
}

}}}  // namespace mobivate::v0::detail
