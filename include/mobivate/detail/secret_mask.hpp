#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mobivate/detail/ascii.hpp>
#include <mobivate/secret.hpp>

namespace mobivate::detail {

/// Replaces secrets in text that came from outside: servers and proxies echo the URL they were
/// asked for, as it was sent, decoded, encoded once more, or escaped for JSON or HTML.
class SecretMask {
 public:
  explicit SecretMask(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}

  /// The first `limit` bytes of `text` with each secret that begins in them replaced by `***`.
  [[nodiscard]] std::string operator()(std::string_view text,
                                       std::size_t limit = std::string_view::npos) const {
    limit = std::min(limit, text.size());
    const auto hidden = hidden_bytes(text.substr(0, limit + reach()));
    std::string shown;
    shown.reserve(limit);
    for (std::size_t i = 0; i < limit; ++i) {
      if (!hidden[i]) {
        shown += text[i];
      } else if (i == 0 || !hidden[i - 1]) {
        shown += Secret::mask;
      }
    }
    return shown;
  }

 private:
  /// Text with its escapes undone, and where in the original each of its bytes begins.
  struct Reading {
    std::string bytes;
    std::vector<std::size_t> begins;  ///< One more than bytes: the last is the original's end.
  };

  struct Unescaped {
    char byte;
    std::size_t length;
  };

  /// The longest spelling of a secret looked for: twelve characters for each of its bytes.
  [[nodiscard]] std::size_t reach() const {
    std::size_t longest = 0;
    for (const auto& secret : secrets_) longest = std::max(longest, secret.size());
    return 12 * longest;
  }

  [[nodiscard]] std::vector<bool> hidden_bytes(std::string_view text) const {
    std::vector<bool> hidden(text.size());
    hide(hidden, text, [](std::size_t i) { return i; });
    if (text.find_first_of("%\\&") == std::string_view::npos) return hidden;

    Reading reading{std::string(text), std::vector<std::size_t>(text.size() + 1)};
    for (std::size_t i = 0; i <= text.size(); ++i) reading.begins[i] = i;
    for (int level = 0; level < 2; ++level) {
      reading = unescape(reading);
      hide(hidden, reading.bytes, [&](std::size_t i) { return reading.begins[i]; });
    }
    return hidden;
  }

  template <class OriginalPosition>
  void hide(std::vector<bool>& hidden, std::string_view text, OriginalPosition original) const {
    const auto same = [](char a, char b) { return to_lower(a) == to_lower(b); };
    for (const auto& secret : secrets_) {
      auto from = text.begin();
      while ((from = std::search(from, text.end(), secret.begin(), secret.end(), same)) !=
             text.end()) {
        const auto at = static_cast<std::size_t>(from - text.begin());
        for (std::size_t i = original(at); i < original(at + secret.size()); ++i) hidden[i] = true;
        ++from;
      }
    }
  }

  static Reading unescape(const Reading& reading) {
    Reading result;
    const std::string_view bytes = reading.bytes;
    for (std::size_t i = 0; i < bytes.size();) {
      const Unescaped next = unescape_first(bytes.substr(i));
      result.bytes += next.byte;
      result.begins.push_back(reading.begins[i]);
      i += next.length;
    }
    result.begins.push_back(reading.begins.back());
    return result;
  }

  /// Takes one byte off the text, escaped as in URLs (%2F), in JSON (\/, \u002F) or in HTML
  /// (&amp;, &#47;, &#x2F;), or as it is.
  static Unescaped unescape_first(std::string_view text) {
    const auto hex_byte = [&](std::size_t at) {
      if (at + 2 > text.size()) return -1;
      const int high = hex_value(text[at]);
      const int low = hex_value(text[at + 1]);
      return high < 0 || low < 0 ? -1 : high * 16 + low;
    };
    if (text.front() == '%') {
      if (const int byte = hex_byte(1); byte >= 0) return {static_cast<char>(byte), 3};
    }
    if (starts_with(text, "\\u00")) {
      if (const int byte = hex_byte(4); byte >= 0) return {static_cast<char>(byte), 6};
    }
    if (text.size() > 1 && text.front() == '\\' &&
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
    const int base = hexadecimal ? 16 : 10;
    int code = 0;
    for (const char c : text.substr(hexadecimal ? 3 : 2, end - (hexadecimal ? 3 : 2))) {
      const int digit = hex_value(c);
      if (digit < 0 || digit >= base) return {text.front(), 1};
      code = code * base + digit;
    }
    return {static_cast<char>(code), end + 1};
  }

  std::vector<std::string> secrets_;
};

}  // namespace mobivate::detail
