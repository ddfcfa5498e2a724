#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <mobivate/detail/text.hpp>
#include <mobivate/secret.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate::detail {

/// The first byte of a text after unescaping.
struct Unescaped {
  char byte;
  std::size_t length;  ///< Characters of the text that stand for the byte.
};

/// Reads an HTML reference: `&amp;`, `&#47;`, `&#x2F;`. Returns the & itself for any other text.
inline Unescaped unescape_html(std::string_view text) {
  constexpr std::size_t longest = 10;  // &#0000047;
  const std::size_t end = text.substr(0, longest).find(';');
  if (end == std::string_view::npos) return {'&', 1};
  const std::string_view name = text.substr(1, end - 1);
  constexpr std::array<std::pair<std::string_view, char>, 5> named{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [known, byte] : named) {
    if (name == known) return {byte, end + 1};
  }
  const bool is_hex = starts_with(name, "#x");
  const std::string_view digits =
      name.substr((std::min)(name.size(), std::size_t{is_hex ? 2U : 1U}));
  if (!starts_with(name, "#") || digits.empty()) return {'&', 1};
  const int base = is_hex ? 16 : 10;
  int code = 0;
  for (const char c : digits) {
    const int digit = hex_value(c);
    if (digit < 0 || digit >= base) return {'&', 1};
    code = code * base + digit;
  }
  return code < 0x80 ? Unescaped{static_cast<char>(code), end + 1} : Unescaped{'&', 1};
}

/// Undoes the escape at the start of a text in lower case: percent-encoding (%2f), form encoding
/// (+), JSON (\/, \u002f) or HTML. Servers and proxies use all of these when they echo a URL.
inline Unescaped unescape(std::string_view text) {
  const auto hex_byte = [&](std::size_t at) {
    if (at + 2 > text.size()) return -1;
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  };
  const char first = text.front();
  const char second = text.size() > 1 ? text[1] : '\0';
  if (first == '+') return {' ', 1};
  if (first == '&') return unescape_html(text);
  if (first == '%' && hex_byte(1) >= 0) return {static_cast<char>(hex_byte(1)), 3};
  if (first != '\\') return {first, 1};
  if (second == '\\' || second == '/' || second == '"') return {second, 2};
  const bool is_code = starts_with(text, "\\u00") && hex_byte(4) >= 0;
  return is_code ? Unescaped{static_cast<char>(hex_byte(4)), 6} : Unescaped{first, 1};
}

/// A text in lower case whose escapes are removed layer by layer. It remembers where in the
/// original text each byte begins.
class EscapedText {
 public:
  explicit EscapedText(std::string_view text) : bytes_(text), begins_(text.size() + 1) {
    std::transform(bytes_.begin(), bytes_.end(), bytes_.begin(), to_lower);
    std::iota(begins_.begin(), begins_.end(), std::size_t{0});
  }

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

  /// Returns where in the original text a byte begins. The end of `bytes()` is a valid argument.
  [[nodiscard]] std::size_t begin_of(std::size_t byte) const { return begins_[byte]; }

  /// Removes one layer of escapes. Returns false if there was none.
  bool take_off_a_layer() {
    if (bytes_.find_first_of("+&%\\") == std::string::npos) return false;
    bool changed = false;
    std::size_t to = 0;
    for (std::size_t from = 0; from < bytes_.size(); ++to) {
      const Unescaped first = unescape(std::string_view(bytes_).substr(from));
      changed = changed || first.length > 1 || first.byte != bytes_[from];
      bytes_[to] = to_lower(first.byte);
      begins_[to] = begins_[from];
      from += first.length;
    }
    begins_[to] = begins_[bytes_.size()];
    bytes_.resize(to);
    begins_.resize(to + 1);
    return changed;
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> begins_;
};

/// Replaces secrets in text from outside. It also finds a secret that was escaped up to five times.
/// The time is linear in the length of the text.
class SecretMask {
 public:
  explicit SecretMask(const std::vector<std::string>& secrets) {
    for (const std::string& secret : secrets) {
      EscapedText spelling(secret);
      for (int layer = 0; layer <= most_layers; ++layer) {
        spellings_.push_back(spelling.bytes());
        if (!spelling.take_off_a_layer()) break;
      }
    }
  }

  /// Returns the first `limit` bytes of `text`. Each secret that begins in them is replaced by
  /// `***`.
  [[nodiscard]] std::string operator()(std::string_view text,
                                       std::size_t limit = std::string_view::npos) const {
    limit = (std::min)(limit, text.size());
    std::string shown;
    std::size_t at = 0;
    for (const auto& [begin, end] : secrets_in(text)) {
      if (begin >= limit) break;
      if (begin > at || at == 0) {
        shown += text.substr(at, begin - at);
        shown += Secret::mask;
      }
      at = (std::max)(at, end);
    }
    if (at < limit) shown += text.substr(at, limit - at);
    return shown;
  }

 private:
  using Range = std::pair<std::size_t, std::size_t>;

  static constexpr int most_layers = 5;

  /// Returns the places of the secrets in the text, in order.
  [[nodiscard]] std::vector<Range> secrets_in(std::string_view text) const {
    std::vector<Range> found;
    EscapedText escaped(text);
    for (int layer = 0; layer <= most_layers; ++layer) {
      const std::string& bytes = escaped.bytes();
      for (const std::string& spelling : spellings_) {
        for (std::size_t at = bytes.find(spelling); at != std::string::npos;
             at = bytes.find(spelling, at + 1)) {
          const std::size_t end = at + spelling.size();
          if (!may_be_masked(bytes, at, end)) continue;
          found.emplace_back(escaped.begin_of(at), escaped.begin_of(end));
        }
      }
      if (!escaped.take_off_a_layer()) break;
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  /// A secret shorter than 8 characters is masked only if no letter or digit is next to it.
  /// Otherwise it would garble ids and numbers that contain the same characters by chance.
  static bool may_be_masked(std::string_view text, std::size_t begin, std::size_t end) {
    constexpr std::size_t shortest = 8;
    if (end - begin >= shortest) return true;
    return (begin == 0 || !is_alphanumeric(text[begin - 1])) &&
           (end == text.size() || !is_alphanumeric(text[end]));
  }

  std::vector<std::string> spellings_{};  ///< The secrets, with and without their own escapes.
};

/// Masks the texts of a result that a server, a proxy or the caller wrote.
struct ResultMask {
  const SecretMask& mask;
  std::string_view body;  ///< The whole body of the answer.

  void operator()(Accepted& it) const { it.message_id = mask(it.message_id); }
  void operator()(SendFailed& it) const { it.description = mask(it.description); }
  void operator()(GatewayError& it) const { it.message = mask(it.message); }
  void operator()(UnexpectedResponse& it) const {
    // Mask the whole body before cutting it: a secret at the cut would stay half visible.
    it.body = mask(body, longest_excerpt).substr(0, longest_excerpt);
  }
  void operator()(TransportError& it) const { it.message = mask(it.message); }
  void operator()(InvalidRequest& it) const { it.reason = mask(it.reason); }
};

}  // namespace mobivate::detail
