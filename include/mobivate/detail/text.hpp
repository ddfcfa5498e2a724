#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <mobivate/detail/config.hpp>

namespace mobivate::detail {

/// How many bytes of an undocumented answer `UnexpectedResponse::body` holds.
inline constexpr std::size_t longest_excerpt = 256;

// Not from <cctype>: it depends on the process's locale and is undefined for negative chars.

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr bool is_white_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Returns the value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr bool starts_with(std::string_view text, std::string_view prefix) noexcept {
  return text.substr(0, prefix.size()) == prefix;
}

constexpr bool ends_with(std::string_view text, std::string_view suffix) noexcept {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_white_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white_space(text.back())) text.remove_suffix(1);
  return text;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

/// Returns how many bytes the first character of a text has. Returns 0 if the text is empty or does
/// not begin with valid UTF-8 (RFC 3629).
constexpr std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF5   ? 0
                             : first >= 0xF0 ? 4
                             : first >= 0xE0 ? 3
                             : first >= 0xC2 ? 2
                                             : 0;
  if (length > text.size()) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0U) != 0x80) return 0;
  }
  if (length < 3) return length;
  // No overlong forms, no surrogates, nothing beyond U+10FFFF.
  const unsigned second = byte(1);
  const bool is_wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return is_wrong ? 0 : length;
}

/// Appends a byte as two hexadecimal digits, in upper case.
inline void append_hex(std::string& text, char c) {
  constexpr std::string_view digits{"0123456789ABCDEF"};
  const auto byte = static_cast<unsigned char>(c);
  text += digits[byte >> 4U];
  text += digits[byte & 0xFU];
}

/// Appends text from outside. Control characters (C0, DEL and C1) and bytes that are not UTF-8
/// become `\n`, `\r`, `\t` or `\xHH`, so that the text stays on its line and can't control a
/// terminal.
inline void append_escaped(std::string& line, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, (std::max)(length, std::size_t{1}));
    text.remove_prefix(character.size());
    const bool is_c1 = length == 2 && character < "\xC2\xA0";
    if (character == "\n") {
      line += "\\n";
    } else if (character == "\r") {
      line += "\\r";
    } else if (character == "\t") {
      line += "\\t";
    } else if (length == 0 || is_c1 || is_control(character.front())) {
      line += "\\x";
      append_hex(line, character.back());
    } else {
      line += character;
    }
  }
}

/// Whether the character is unreserved in RFC 3986, section 2.3.
constexpr bool is_unreserved(char c) noexcept {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Appends `text`. Every byte that is not unreserved becomes `%XX`, in upper case.
inline void append_percent_encoded(std::string& url, std::string_view text) {
  while (true) {
    const auto reserved = std::find_if_not(text.begin(), text.end(), is_unreserved);
    const auto plain = static_cast<std::size_t>(reserved - text.begin());
    url += text.substr(0, plain);
    if (plain == text.size()) return;
    url += '%';
    append_hex(url, *reserved);
    text.remove_prefix(plain + 1);
  }
}

/// Undoes `append_percent_encoded`. A % without two hexadecimal digits after it stays as it is.
inline std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = at + 2 < text.size() && text[at] == '%' ? hex_value(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[at + 2]) : -1;
    if (low < 0) {
      decoded += text[at];
    } else {
      decoded += static_cast<char>(high * 16 + low);
      at += 2;
    }
  }
  return decoded;
}

}  // namespace mobivate::detail
