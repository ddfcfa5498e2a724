// detail/text.hpp: what the other files know of characters.

#include <string>
#include <string_view>
#include <utility>

#include <mobivate/detail/text.hpp>

#include "catch.hpp"

using namespace mobivate::detail;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

constexpr auto digits = "0123456789"sv;
constexpr auto letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"sv;
constexpr auto none = std::string_view::npos;

/// Compares a function of one character with what it should return, for all of them.
template <class Function, class Expected>
void check_all(Function function, Expected expected) {
  for (int octet = 0; octet < 256; ++octet) {
    CAPTURE(octet);
    const char c = static_cast<char>(octet);
    CHECK(function(c) == expected(c));
  }
}

std::string escaped(std::string_view text) {
  std::string line = "x";
  append_escaped(line, text);
  return line.substr(1);
}

std::string percent_encoded(std::string_view text) {
  std::string url = "x";
  append_percent_encoded(url, text);
  return url.substr(1);
}

}  // namespace

TEST_CASE("Characters are classed by ASCII, whatever the locale") {
  check_all(is_digit, [](char c) { return digits.find(c) != none; });
  check_all(is_alphanumeric,
            [](char c) { return digits.find(c) != none || letters.find(c) != none; });
  check_all(is_white_space, [](char c) { return " \t\n\v\f\r"sv.find(c) != none; });
  check_all(is_unreserved, [](char c) {
    return digits.find(c) != none || letters.find(c) != none || "-._~"sv.find(c) != none;
  });
  check_all(is_control, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == 127 || octet < 32;
  });
}

TEST_CASE("Only the capitals of ASCII have a small letter") {
  check_all(to_lower, [](char c) {
    const std::size_t at = letters.find(c);
    return at < 26 ? letters[at + 26] : c;
  });
}

TEST_CASE("A hexadecimal digit has its value, anything else has none") {
  check_all(hex_value, [](char c) {
    const std::size_t small = "0123456789abcdef"sv.find(c);
    const std::size_t capital = "0123456789ABCDEF"sv.find(c);
    return small != none     ? static_cast<int>(small)
           : capital != none ? static_cast<int>(capital)
                             : -1;
  });
}

TEST_CASE("A text begins and ends with its own parts, and with nothing") {
  CHECK(starts_with("abc", "ab"));
  CHECK(starts_with("abc", "abc"));
  CHECK(starts_with("abc", ""));
  CHECK_FALSE(starts_with("abc", "bc"));
  CHECK_FALSE(starts_with("ab", "abc"));
  CHECK(ends_with("abc", "bc"));
  CHECK(ends_with("abc", "abc"));
  CHECK(ends_with("abc", ""));
  CHECK_FALSE(ends_with("abc", "ab"));
  CHECK_FALSE(ends_with("bc", "abc"));
}

TEST_CASE("White space is trimmed from both ends, and from nowhere else") {
  CHECK(trim(" \t\r\n a b \v\f") == "a b");
  CHECK(trim("a") == "a");
  CHECK(trim(" a") == "a");
  CHECK(trim("a ") == "a");
  CHECK(trim("  ").empty());
  CHECK(trim("").empty());
}

TEST_CASE("Texts are compared without regard to case") {
  CHECK(equal_ignoring_case("Host", "hOST"));
  CHECK(equal_ignoring_case("", ""));
  CHECK_FALSE(equal_ignoring_case("Host", "Hosts"));
  CHECK_FALSE(equal_ignoring_case("Host", "Xost"));
  CHECK_FALSE(equal_ignoring_case("Host", "Hosx"));
  CHECK_FALSE(equal_ignoring_case("a", "b"));
}

TEST_CASE("The length of a character is that of its UTF-8, and 0 if it is none") {
  const auto [text, length] = GENERATE(table<std::string, std::size_t>({
      {"", 0},
      {"\0"s, 1},
      {"a", 1},
      {"\x7F", 1},
      {"\x7F\x80", 1},
      {"\x80", 0},
      {"\x80\x80", 0},
      {"\xBF\x80", 0},
      {"\xC1\xBF", 0},
      {"\xC2\x80", 2},
      {"\xC2", 0},
      {"\xC2\x7F", 0},
      {"\xC2\xBF", 2},
      {"\xC2\xC0", 0},
      {"\xC2\x20", 0},
      {"\xDF\xBFx", 2},
      {"\xE0\x9F\xBF", 0},
      {"\xE0\xA0\x80", 3},
      {"\xE0\xA0\x7F", 0},
      {"\xE0\xA0\xC0", 0},
      {"\xE0\xA0", 0},
      {"\xE1\x80\x80", 3},
      {"\xEC\xBF\xBFx", 3},
      {"\xED\x9F\xBF", 3},
      {"\xED\xA0\x80", 0},
      {"\xEE\xA0\x80", 3},
      {"\xEF\xBF\xBF", 3},
      {"\xF0\x8F\xBF\xBF", 0},
      {"\xF0\x90\x80\x80", 4},
      {"\xF0\x90\x80\x7F", 0},
      {"\xF0\x90\x80\xC0", 0},
      {"\xF0\x90\x80", 0},
      {"\xF1\x80\x80\x80", 4},
      {"\xF3\xBF\xBF\xBFx", 4},
      {"\xF4\x8F\xBF\xBF", 4},
      {"\xF4\x90\x80\x80", 0},
      {"\xF5\x80\x80\x80", 0},
      {"\xFF\x80\x80\x80", 0},
  }));
  CAPTURE(escaped(text));
  CHECK(utf8_length(text) == length);
}

TEST_CASE("A text from outside stays on its line and does not steer a terminal") {
  CHECK(escaped("") == "");
  CHECK(escaped("a b~") == "a b~");
  CHECK(escaped("\n\r\t") == "\\n\\r\\t");
  CHECK(escaped("a\0\x1F\x7F"s) == "a\\x00\\x1F\\x7F");
  CHECK(escaped("\xC2\x80\xC2\x9F") == "\\x80\\x9F");
  CHECK(escaped("\xC2\xA0\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\xB5") ==
        "\xC2\xA0\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\xB5");
  CHECK(escaped("\xE9t\xC3") == "\\xE9t\\xC3");
}

TEST_CASE("Every octet that is not unreserved is percent-encoded, and comes back") {
  std::string all;
  std::string expected;
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    all += c;
    if (is_unreserved(c)) {
      expected += c;
    } else {
      expected += '%';
      expected += "0123456789ABCDEF"[octet / 16];
      expected += "0123456789ABCDEF"[octet % 16];
    }
  }
  CHECK(percent_encoded(all) == expected);
  CHECK(percent_decoded(expected) == all);
  CHECK(percent_encoded("") == "");
  CHECK(percent_encoded("ab") == "ab");
}

TEST_CASE("A percent sign without two hexadecimal digits behind it stays") {
  CHECK(percent_decoded("") == "");
  CHECK(percent_decoded("%2f") == "/");
  CHECK(percent_decoded("%2f%") == "/%");
  CHECK(percent_decoded("a%2") == "a%2");
  CHECK(percent_decoded("%2g%g2%41") == "%2g%g2A");
  CHECK(percent_decoded("x41y") == "x41y");
}

TEST_CASE("256 bytes of an undocumented answer are shown") {
  CHECK(longest_excerpt == 256);
}
