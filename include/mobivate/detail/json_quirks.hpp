#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <mobivate/detail/ascii.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// The Kenya page's own sample ends in `",}`: one comma before the last brace is blanked out.
inline void blank_trailing_comma(std::string& json) {
  if (json.empty() || json.back() != '}') return;
  const std::string_view inside = trim(std::string_view(json).substr(0, json.size() - 1));
  if (!inside.empty() && inside.back() == ',') json[json.rfind(',')] = ' ';
}

/// How many digits a text begins with.
constexpr std::size_t leading_digits(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

/// The length of the JSON number that a text begins with (RFC 8259, section 6); 0 if there is none.
constexpr std::size_t number_length(std::string_view text) noexcept {
  std::size_t length = starts_with(text, "-") ? 1 : 0;
  const std::size_t integer = leading_digits(text.substr(length));
  if (integer == 0 || (integer > 1 && text[length] == '0')) return 0;
  length += integer;
  if (starts_with(text.substr(length), ".")) {
    const std::size_t fraction = leading_digits(text.substr(length + 1));
    if (fraction == 0) return 0;
    length += 1 + fraction;
  }
  if (length < text.size() && to_lower(text[length]) == 'e') {
    const std::string_view rest = text.substr(length + 1);
    const std::size_t sign = starts_with(rest, "+") || starts_with(rest, "-") ? 1 : 0;
    const std::size_t exponent = leading_digits(rest.substr(sign));
    if (exponent == 0) return 0;
    length += 1 + sign + exponent;
  }
  return length;
}

/// Whether a number before this text would not end here: in JSON, none of these may follow it.
constexpr bool continues_number(std::string_view text) noexcept {
  constexpr std::string_view number_characters{"+-.eE"};
  if (text.empty()) return false;
  return is_digit(text.front()) || number_characters.find(text.front()) != std::string_view::npos;
}

/// Writes each number as `1e0`, but for integers of up to three digits, which may be codes.
/// nlohmann/json takes a number that is too large for a double for an error, and asks the process's
/// locale for the decimal point; JSON does neither. False if a number is malformed.
inline bool simplify_numbers(std::string& json) {
  constexpr std::string_view other_number{"1e0"};
  std::string simple;
  simple.reserve(json.size() + other_number.size());
  bool in_string = false;
  for (std::string_view rest = json; !rest.empty();) {
    std::size_t taken = 1;
    if (in_string) {
      if (rest.front() == '\\' && rest.size() > 1) taken = 2;
      if (rest.front() == '"') in_string = false;
    } else if (rest.front() == '"') {
      in_string = true;
    } else if (rest.front() == '-' || is_digit(rest.front())) {
      taken = number_length(rest);
      if (taken == 0 || continues_number(rest.substr(taken))) return false;
      if (taken > 3 || leading_digits(rest) != taken) {
        simple += other_number;
        rest.remove_prefix(taken);
        continue;
      }
    }
    simple += rest.substr(0, taken);
    rest.remove_prefix(taken);
  }
  json = std::move(simple);
  return true;
}

}}}  // namespace mobivate::v0::detail
