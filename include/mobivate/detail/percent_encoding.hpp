#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <mobivate/detail/ascii.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// RFC 3986, section 2.3.
constexpr bool is_unreserved(char c) noexcept {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Appends `text` with every byte that is not unreserved written as `%XX`, in upper case.
inline void append_percent_encoded(std::string& url, std::string_view text) {
  constexpr std::string_view hex{"0123456789ABCDEF"};
  while (true) {
    const auto reserved = std::find_if_not(text.begin(), text.end(), is_unreserved);
    const auto plain = static_cast<std::size_t>(reserved - text.begin());
    url += text.substr(0, plain);
    if (plain == text.size()) return;
    const auto byte = static_cast<unsigned char>(*reserved);
    url += '%';
    url += hex[byte >> 4U];
    url += hex[byte & 0xFU];
    text.remove_prefix(plain + 1);
  }
}

}}}  // namespace mobivate::v0::detail
