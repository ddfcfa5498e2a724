#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mobivate/detail/ascii.hpp>
#include <mobivate/secret.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Replaces secrets in text that came from outside: servers and proxies echo the URL they were
/// asked for, as it was sent, decoded, encoded once more, or escaped for JSON or HTML. Each byte of
/// a secret may be written in its own way.
class SecretMask {
 public:
  explicit SecretMask(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}

  /// The first `limit` bytes of `text`, each secret that begins in them replaced by `***`.
  [[nodiscard]] std::string operator()(std::string_view text,
                                       std::size_t limit = std::string_view::npos) const {
    limit = (std::min)(limit, text.size());
    std::string shown;
    shown.reserve(limit);
    std::size_t hidden_until = 0;
    for (std::size_t at = 0; at < limit; ++at) {
      const std::size_t end = end_of_secret(text, at);
      if (end > at && (hidden_until == 0 || at > hidden_until)) shown += Secret::mask;
      hidden_until = (std::max)(hidden_until, end);
      if (at >= hidden_until) shown += text[at];
    }
    return shown;
  }

 private:
  struct Unescaped {
    char byte;
    std::size_t length;
  };

  /// The end of the longest spelling of a secret that begins at `at`, or `at`.
  [[nodiscard]] std::size_t end_of_secret(std::string_view text, std::size_t at) const {
    std::size_t end = at;
    for (const auto& secret : secrets_) {
      if (may_begin(text.substr(at), secret)) end = (std::max)(end, end_of(secret, text, at));
    }
    return end;
  }

  /// Spares most of the text the closer look.
  static bool may_begin(std::string_view text, std::string_view secret) {
    for (std::size_t i = 0; i < 2 && i < secret.size(); ++i) {
      if (i == text.size()) return false;
      if (is_escape(text[i])) return true;
      if (to_lower(text[i]) != to_lower(secret[i])) return false;
    }
    return !secret.empty();
  }

  /// What the spelling of a byte other than the byte itself begins with.
  static bool is_escape(char c) { return c == '%' || c == '\\' || c == '&' || c == '+'; }

  static std::size_t end_of(std::string_view secret, std::string_view text, std::size_t at) {
    std::vector<std::size_t> ends{at};  // of all that spells the secret so far
    std::vector<std::size_t> next;
    for (const char byte : secret) {
      next.clear();
      for (const std::size_t end : ends) {
        for_each_spelling(byte, text.substr(end),
                          [&](std::size_t length) { next.push_back(end + length); });
      }
      if (next.empty()) return at;
      if (next.size() > 1) {
        std::sort(next.begin(), next.end());
        next.erase(std::unique(next.begin(), next.end()), next.end());
      }
      ends.swap(next);
    }
    return ends.back();
  }

  /// Calls `visit` with each number of characters at the beginning of `text` that spell `byte`.
  template <class Visit>
  static void for_each_spelling(char byte, std::string_view text, Visit visit) {
    if (text.empty()) return;
    const auto same = [&](char c) { return to_lower(c) == to_lower(byte); };
    if (same(text.front()) || (byte == ' ' && text.front() == '+')) visit(std::size_t{1});
    if (text.front() == '%') {  // %2F, and %252F and so on if encoded again
      for (std::size_t digits = 1;; digits += 2) {
        const int code = hex_byte(text, digits);
        if (code >= 0 && same(static_cast<char>(code))) visit(digits + 2);
        if (code != '%') break;
      }
    }
    const Unescaped first = unescape(text);
    if (first.length > 1 && same(first.byte)) visit(first.length);
  }

  /// The value of two hexadecimal digits, or -1.
  static int hex_byte(std::string_view text, std::size_t at) {
    if (at + 2 > text.size()) return -1;
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }

  /// Takes one byte off the text, escaped as in JSON (\/, \u002F, both also within a string within
  /// a string) or in HTML (&amp;, &#47;, &#x2F;), or as it is.
  static Unescaped unescape(std::string_view text) {
    const std::size_t run = (std::min)(text.find_first_not_of('\\'), text.size());
    const std::string_view escaped = text.substr(run);
    if (run > 0 && starts_with(escaped, "u00")) {
      if (const int code = hex_byte(escaped, 3); code >= 0)
        return {static_cast<char>(code), run + 5};
    }
    if (run > 1 && !escaped.empty() && (escaped[0] == '/' || escaped[0] == '"')) {
      return {escaped[0], run + 1};
    }
    if (text.size() > 1 && text[0] == '\\' &&
        (text[1] == '/' || text[1] == '"' || text[1] == '\\')) {
      return {text[1], 2};
    }
    if (text.front() == '&') return unescape_html(text);
    return {text.front(), 1};
  }

  static Unescaped unescape_html(std::string_view text) {
    constexpr std::pair<std::string_view, char> named[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (const auto& [name, byte] : named) {
      if (starts_with(text, name)) return {byte, name.size()};
    }
    constexpr std::size_t longest_reference = 10;
    const std::size_t end = text.substr(0, longest_reference).find(';');
    if (!starts_with(text, "&#") || end == std::string_view::npos) return {text.front(), 1};
    const bool hexadecimal = to_lower(text[2]) == 'x';
    const std::size_t digits = hexadecimal ? 3 : 2;
    const int base = hexadecimal ? 16 : 10;
    int code = 0;
    for (const char c : text.substr(digits, end - digits)) {
      const int digit = hex_value(c);
      if (digit < 0 || digit >= base) return {text.front(), 1};
      code = code * base + digit;
    }
    return {static_cast<char>(code), end + 1};
  }

  std::vector<std::string> secrets_;
};

}}}  // namespace mobivate::v0::detail
