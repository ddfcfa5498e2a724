#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <mobivate/build_url.hpp>
#include <mobivate/detail/protocol/base_url.hpp>
#include <mobivate/detail/text.hpp>

namespace mobivate {

namespace detail {

inline void append_number(std::string& url, std::string_view name, std::uint32_t value) {
  std::array<char, std::numeric_limits<std::uint32_t>::digits10 + 1> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  url += name;
  url.append(digits.data(), end);
}

inline void append_text(std::string& url, std::string_view name, std::string_view value) {
  url += name;
  append_percent_encoded(url, value);
}

/// Writes the parameters in the order of the NDOI page. The query always ends in `stop`.
MOBIVATE_INLINE void append_query(std::string& url, const UnsubscribeRequest& request) {
  append_number(url, "source=", request.source);
  append_text(url, "&destination=", request.destination);
  append_text(url, "&keyword=", request.keyword);
  if (request.frequency) append_number(url, "&frequency=", *request.frequency);
  if (request.amount) append_number(url, "&amount=", *request.amount);
  if (!request.campaign.empty()) append_text(url, "&campaign=", request.campaign);
  if (!request.provider.empty()) append_text(url, "&provider=", request.provider);
  append_text(url, "&reference=", request.reference);
  url += request.stop == Stop::one ? "&stop=1" : "&stop";
}

}  // namespace detail

MOBIVATE_INLINE std::string build_url(std::string_view base_url, std::string_view account_id,
                                      std::string_view api_key, const UnsubscribeRequest& request) {
  std::string url = detail::endpoint(base_url, account_id, api_key);
  detail::append_query(url, request);
  return url;
}

}  // namespace mobivate
