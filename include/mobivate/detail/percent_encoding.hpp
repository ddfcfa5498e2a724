#pragma once

#include <string>
#include <string_view>

#include <mobivate/detail/ascii.hpp>

namespace mobivate::detail {

/// RFC 3986, section 2.3.
constexpr bool is_unreserved(char c) noexcept {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Appends `text` with every byte that is not unreserved written as `%XX`, in upper case.
inline void append_percent_encoded(std::string& url, std::string_view text) {
  constexpr std::string_view hex{"0123456789ABCDEF"};
  for (const char c : text) {
    if (is_unreserved(c)) {
      url += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      url += '%';
      url += hex[byte >> 4U];
      url += hex[byte & 0xFU];
    }
  }
}

}  // namespace mobivate::detail
