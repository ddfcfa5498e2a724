#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <mobivate/detail/ascii.hpp>

namespace mobivate::detail {

/// The Kenya page's own sample ends in `",}`: one comma before the last brace is blanked out.
inline void blank_trailing_comma(std::string& json) {
  if (json.empty() || json.back() != '}') return;
  const std::string_view inside = trim(std::string_view(json).substr(0, json.size() - 1));
  if (!inside.empty() && inside.back() == ',') json[json.rfind(',')] = ' ';
}

/// Cuts each number outside strings short, so that none is too large for a double: nlohmann/json
/// takes such a number for an error, JSON does not. Valid JSON stays valid, invalid JSON invalid,
/// and no number becomes one of three digits.
inline void shorten_numbers(std::string& json) {
  constexpr std::size_t longest_run_of_digits = 4;
  constexpr std::size_t longest_exponent = 2;
  bool in_string = false;
  bool in_exponent = false;
  std::size_t run = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\' && i + 1 < json.size()) {
      json[kept++] = c;
      json[kept++] = json[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (!in_string && is_digit(c)) {
      if (++run > (in_exponent ? longest_exponent : longest_run_of_digits)) continue;
    } else {
      const bool sign_of_exponent = in_exponent && run == 0 && (c == '+' || c == '-');
      in_exponent = c == 'e' || c == 'E' || sign_of_exponent;
      run = 0;
    }
    json[kept++] = c;
  }
  json.resize(kept);
}

}  // namespace mobivate::detail
