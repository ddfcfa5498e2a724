#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace mobivate { inline namespace v0 { namespace detail {

/// The member of a JSON object that has only one.
struct PlainMember {
  std::string_view name{};
  std::string_view value{};
};

constexpr bool is_json_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Takes one character and the white space before it off the text; false if another one comes.
constexpr bool take(std::string_view& text, char expected) noexcept {
  std::size_t at = 0;
  while (at < text.size() && is_json_space(text[at])) ++at;
  if (at == text.size() || text[at] != expected) return false;
  text.remove_prefix(at + 1);
  return true;
}

/// Takes a JSON string of printable ASCII without escapes, and the white space before it, off the
/// text.
inline std::optional<std::string_view> take_plain_string(std::string_view& text) {
  if (!take(text, '"')) return std::nullopt;
  const std::size_t end = text.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view string = text.substr(0, end);
  const bool is_plain = std::all_of(string.begin(), string.end(),
                                    [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
  if (!is_plain) return std::nullopt;
  text.remove_prefix(end + 1);
  return string;
}

/// Reads an answer as the pages show them, `{"200": "MT-…"}`, perhaps with a comma behind; that is
/// most of them, and much faster than with a JSON parser. Nothing if the text is anything else: it
/// may be valid JSON or not.
inline std::optional<PlainMember> single_plain_member(std::string_view text) {
  if (!take(text, '{')) return std::nullopt;
  const auto name = take_plain_string(text);
  if (!name || !take(text, ':')) return std::nullopt;
  const auto value = take_plain_string(text);
  if (!value) return std::nullopt;
  take(text, ',');
  if (!take(text, '}') || !text.empty()) return std::nullopt;
  return PlainMember{*name, *value};
}

}}}  // namespace mobivate::v0::detail
