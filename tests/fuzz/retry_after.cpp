// Any bytes as a Retry-After field.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <mobivate/detail/calling/retry.hpp>

#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string field(reinterpret_cast<const char*>(data), size);
  for (const std::time_t date : {std::time_t{0}, std::time_t{784'111'777}, std::time_t{1} << 40}) {
    const auto wait = mobivate::detail::retry_after(field, date);
    if (!wait) continue;
    check(wait->count() >= 0, "no wait is negative");
    check(*wait <= std::chrono::hours(24 * 365), "no wait is longer than a year");
  }
  return 0;
}
