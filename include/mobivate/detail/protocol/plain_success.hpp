#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <mobivate/detail/text.hpp>

namespace mobivate::detail {

constexpr bool is_id_character(char c) noexcept {
  return is_alphanumeric(c) || c == '-';
}

/// Returns the id if the text is the documented success and nothing else, as nearly all answers
/// are. `read_document` would return the same, ten times slower.
inline std::optional<std::string> id_of_plain_success(std::string_view text) {
  const auto skip = [&text](std::string_view token) {
    if (!starts_with(text, token)) return false;
    text.remove_prefix((std::min)(text.find_first_not_of(" \t\r\n", token.size()), text.size()));
    return true;
  };
  if (!skip("{") || !skip("\"200\"") || !skip(":") || !starts_with(text, "\"")) return std::nullopt;
  const auto end = std::find_if_not(text.begin() + 1, text.end(), is_id_character);
  std::string id(text.begin() + 1, end);
  text.remove_prefix(1 + id.size());
  if (id.empty() || !skip("\"")) return std::nullopt;
  skip(",");
  if (text != "}") return std::nullopt;
  return id;
}

}  // namespace mobivate::detail
