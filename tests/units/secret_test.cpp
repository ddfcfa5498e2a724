#include <algorithm>
#include <cstddef>
#include <ctime>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "catch.hpp"
#include "support.hpp"

#include <mobivate/detail/account/secret_mask.hpp>
#include <mobivate/secret.hpp>

using mobivate::Secret;

TEST_CASE("A secret streams as asterisks and gives its value out by name only") {
  const Secret secret("3b41d767");
  std::ostringstream stream;
  stream << secret << ' ' << std::setw(5) << Secret();
  CHECK(stream.str() == "***   ***");
  CHECK(to_string(secret) == "***");
  CHECK(secret.reveal() == "3b41d767");
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, Secret>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
}

TEST_CASE("A secret is masked however it is spelled") {
  const mobivate::detail::SecretMask mask({"acc/ount 1", "k?#%&\"\\key"});
  const auto [text, masked] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"nothing of it: acc ount", "nothing of it: acc ount"},
      {"at acc/ount 1/k?#%&\"\\key/ end", "at ***/***/ end"},
      {"acc/ount 1acc/ount 1", "***"},
      {"ACC/Ount 1", "***"},
      {"/api/doi/acc%2Fount%201/k%3F%23%25%26%22%5Ckey/?", "/api/doi/***/***/?"},
      {"/api/doi/acc%2fount%201/k%3f%23%25%26%22%5ckey/?", "/api/doi/***/***/?"},
      {"partly acc/ount%201 or %61%63%63/ount 1", "partly *** or ***"},
      {"twice acc%252Fount%25201 and k%253F%2523%2525%2526%2522%255Ckey", "twice *** and ***"},
      {R"(JSON acc\/ount 1 k?#%&\"\\key acc\u002Fount\u00201)", "JSON *** *** ***"},
      {R"(JSON in JSON acc\\\/ount 1 acc\\u002Fount 1)", "JSON in JSON *** ***"},
      {R"(HTML acc&#47;ount&#x20;1 k?#%&amp;&quot;\key)", "HTML *** ***"},
      {"form acc/ount+1", "form ***"},
      {"thrice acc%25252Fount 1", "thrice ***"},
      {"cut acc%2Fount%2", "cut acc%2Fount%2"},
      {"100% & more \\ &#; &#x; &#xzz; &#99999999999; &",
       "100% & more \\ &#; &#x; &#xzz; &#99999999999; &"},
  }));
  CHECK(mask(text) == masked);
}

TEST_CASE("A secret that looks escaped itself is masked in every mix of spellings") {
  const auto [secret, text, masked] = GENERATE(table<std::string, std::string, std::string>({
      {"pa%41ss word", "pa%41ss%20word", "***"},
      {"pa%41ss word", "pa%2541ss word", "***"},
      {"k&lt;9 secret", "k&lt;9%20secret", "***"},
      {"k\\/9 secret", "k\\/9%20secret", "***"},
      {"k%25 x", "k%25%20x", "***"},
      {"%%%%", "%25%%2525%", "***"},
  }));
  const mobivate::detail::SecretMask mask({secret});
  CHECK(mask(text) == masked);
}

TEST_CASE("An HTML reference stands for one ASCII character, or it is left alone") {
  const auto [secret, text, masked] = GENERATE(table<std::string, std::string, std::string>({
      {"secret<>'8", "secret&lt;&gt;&apos;8", "***"},
      {"secret-/8", "secret-&#0000047;8", "***"},
      {"secret-/8", "secret-&#00000047;8", "secret-&#00000047;8"},
      {"secret-\x7F", "secret-&#127;", "***"},
      {"secret-\x80", "secret-&#128;", "secret-&#128;"},
      {"secret-/8", "secret-&#x2F;8", "***"},
      {"secret-2", "secret-&#4a;", "secret-&#4a;"},
      {"secret-2", "secret-&50;", "secret-&50;"},
      {"secret-2", "secret-&x32;", "secret-&x32;"},
      {"k&secret-8", "k&secret%2D8", "***"},
      {"k&;secret-8", "k&;secret%2D8", "***"},
      {"k&#x;secret", "k&#x;secre%74", "***"},
  }));
  CHECK(mobivate::detail::SecretMask({secret})(text) == masked);
}

TEST_CASE("What is no whole escape stands for itself, also at the very end of a text") {
  const std::string escape =
      GENERATE(as<std::string>(), "&", "&8", "&lt", "&#47", "&#x2f", "&;", "&#;", "&#x;", "&x;",
               "&47;", "&#4a;", "&#xg;", "&#200;", "&#00000047;", "&unknown;", "%", "%3", "%3g",
               "%g3", "\\", "\\8", "\\u", "\\u003", "\\u0138", "\\u00g3", "\\u003g");
  const std::string text = "secret" + escape + GENERATE("", "-secret");
  CAPTURE(text);
  CHECK(mobivate::detail::SecretMask({text})(text) == "***");
  const auto is_taken_for = [&](const std::string& other) {
    return mobivate::detail::SecretMask({other})(text) != text;
  };
  for (int octet = 0; octet < 256; ++octet) {
    std::string other = text;
    other[6] = static_cast<char>(octet);
    if (other != text) CHECK_FALSE(is_taken_for(other));
  }
  for (std::size_t at = 6; at < text.size(); ++at) {
    for (std::size_t length = 1; at + length <= text.size(); ++length) {
      for (const std::string& instead :
           {std::string(), std::string(1, '\0'), std::string("\xFF")}) {
        const std::string other = std::string(text).replace(at, length, instead);
        if (text.find(other) == std::string::npos) CHECK_FALSE(is_taken_for(other));
      }
    }
  }
}

TEST_CASE("An escape is undone at the very end of a text, and only if it is whole") {
  const auto [secret, text, masked] = GENERATE(table<std::string, std::string, std::string>({
      {"secret-8/", "secret-8%2F", "***"},
      {"secret-8\n", "secret-8%0A", "***"},
      {std::string("secret-8\0", 9), "secret-8%00", "***"},
      {std::string("secret-8\0", 9), "secret-8\\u0000", "***"},
      {std::string("secret-8\0", 9), "secret-8&#0;", "***"},
      {"secret-8/", "secret-8\\u002f", "***"},
      {"secret-8/", "secret-8\\/", "***"},
      {"secret-8\"", "secret-8\\\"", "***"},
      {"secret-8 ", "secret-8+", "***"},
      {"secret-8", "secret-\\u0138", "secret-\\u0138"},
      {"secret-8", "secret-\\u003", "secret-\\u003"},
      {"secret-8", "secret-%3", "secret-%3"},
      {"secret-8", "secret-\\8", "secret-\\8"},
      {"secret-8", "secret-%g8%38", "secret-%g8%38"},
  }));
  CHECK(mobivate::detail::SecretMask({secret})(text) == masked);
}

TEST_CASE("Five layers of escapes are taken off, not six") {
  const mobivate::detail::SecretMask mask({"secret/8"});
  CHECK(mask("secret%252525252F8") == "***");
  CHECK(mask("secret%25252525252F8") == "secret%25252525252F8");
}

TEST_CASE("A secret that looks escaped itself is known without up to five layers of escapes") {
  CHECK(mobivate::detail::SecretMask({"secret%252525252F8"})("secret/8") == "***");
  CHECK(mobivate::detail::SecretMask({"secret%25252525252F8"})("secret/8") == "secret/8");
}

TEST_CASE("Occurrences that overlap are masked as one") {
  CHECK(mobivate::detail::SecretMask({"aaaaaaaa"})("-aaaaaaaaa-") == "-***-");
  CHECK(mobivate::detail::SecretMask({"12345678", "456789ab"})("x123456789abx") == "x***x");
  CHECK(mobivate::detail::SecretMask({"secret-8"})("secret-8 secret-8") == "*** ***");
}

TEST_CASE("Every text of a result that came from outside is masked") {
  const mobivate::detail::SecretMask mask({"secret-8"});
  const auto masked = [&](mobivate::UnsubscribeResult result, std::string_view body = {}) {
    std::visit(mobivate::detail::ResultMask{mask, body}, result);
    return result;
  };
  CHECK(masked(mobivate::Accepted{"a secret-8"}) == mobivate::Accepted{"a ***"});
  CHECK(masked(mobivate::SendFailed{590, "a secret-8"}) == mobivate::SendFailed{590, "a ***"});
  CHECK(masked(mobivate::GatewayError{541, "a secret-8"}) == mobivate::GatewayError{541, "a ***"});
  CHECK(masked(mobivate::TransportError{{}, true, "a secret-8"}) ==
        mobivate::TransportError{{}, true, "a ***"});
  CHECK(masked(mobivate::InvalidRequest{"x", "a secret-8"}) ==
        mobivate::InvalidRequest{"x", "a ***"});
  const std::string before(250, 'x');
  CHECK(masked(mobivate::UnexpectedResponse{502, "x", "?"}, before + "secret-8yyyyyyyyy") ==
        mobivate::UnexpectedResponse{502, "x", before + "***"});
  CHECK(masked(mobivate::UnexpectedResponse{502, "x", "?"}, before + "xxxxxsecret-8") ==
        mobivate::UnexpectedResponse{502, "x", before + "xxxxx*"});
}

TEST_CASE("A short secret is masked only where no letter or digit stands next to it") {
  const mobivate::detail::SecretMask mask({"7", "42", "1234567"});
  CHECK(mask("MT-c65561314eb34088b6df42d8241aace0") == "MT-c65561314eb34088b6df42d8241aace0");
  CHECK(mask("/api/doi/7/42/?source=427&x=42") == "/api/doi/***/***/?source=427&x=***");
  CHECK(mask("42 a42 42a 142 427 -42-") == "*** a42 42a 142 427 -***-");
  CHECK(mask("x1234567 1234567") == "x1234567 ***");
  CHECK(mask("%2F7%2F42%3F") == "%2F***%2F***%3F");
  CHECK(mobivate::detail::SecretMask({"12345678"})("x12345678y") == "x***y");
}

TEST_CASE("Masking takes time linear in the text, whatever the text") {
  const mobivate::detail::SecretMask mask({support::account_id, support::api_key});
  const std::string one =
      GENERATE(as<std::string>(), "\\", "%2525", "%25", "%5c", "&#x34;", "&amp;", "\\u005c", "+",
               ";", "3b41", "%25252525\\\\\\\\&#x34;4&#52;+");
  // Of the processor, which others' work on the machine does not add to.
  const auto shortest_time = [&](std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += one;
    std::clock_t shortest = std::numeric_limits<std::clock_t>::max();
    for (int run = 0; run < 5; ++run) {
      const std::clock_t start = std::clock();
      const std::string masked = mask(text);
      shortest = std::min(shortest, std::clock() - start);
      CHECK(masked == text);
    }
    return shortest;
  };
  CAPTURE(one);
  CHECK(shortest_time(256 * 1024) < 16 * 4 * (shortest_time(16 * 1024) + CLOCKS_PER_SEC / 1'000));
}

TEST_CASE("A secret across the limit is masked whole, what follows is dropped") {
  const mobivate::detail::SecretMask mask({"secret-8"});
  CHECK(mask("1234 secret-8 56", 4) == "1234");
  CHECK(mask("1234 secret-8 56", 5) == "1234 ");
  CHECK(mask("1234 secret-8 56", 6) == "1234 ***");
  CHECK(mask("1234 secret-8 56", 13) == "1234 ***");
  CHECK(mask("1234 secret-8 56", 14) == "1234 *** ");
  CHECK(mask("1234 %73%65%63%72%65%74-8 56", 6) == "1234 ***");
  CHECK(mask("secret-8secret-8secret-8 secre", 24) == "***");
}
