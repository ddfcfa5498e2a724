#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <mobivate/detail/percent_encoding.hpp>
#include <mobivate/unsubscribe_request.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

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

/// The query in the order of the NDOI page. Whatever the request holds, it ends in a stop.
inline void append_query(std::string& url, const UnsubscribeRequest& request) {
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

}}}  // namespace mobivate::v0::detail
