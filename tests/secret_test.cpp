#include <chrono>
#include <iomanip>
#include <sstream>
#include <string>
#include <type_traits>

#include "catch.hpp"
#include "support.hpp"

#include <mobivate/detail/secret_mask.hpp>
#include <mobivate/secret.hpp>

using mobivate::Secret;

TEST_CASE("A secret streams as asterisks and gives its value out by name only") {
  const Secret secret("3b41d767");
  std::ostringstream stream;
  stream << secret << ' ' << std::setw(5) << Secret();
  CHECK(stream.str() == "***   ***");
  CHECK(format_as(secret) == "***");
  CHECK(secret.reveal() == "3b41d767");
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, Secret>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
}

#ifdef __cpp_lib_format
TEST_CASE("A secret formats as asterisks") {
  CHECK(std::format("[{}] [{:>5}]", Secret("3b41d767"), Secret("x")) == "[***] [  ***]");
}
#endif

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
      {"3b41/x", "%3b41%2Fx", "%***"},
      {"%%%%", "%25%%2525%", "***"},
  }));
  const mobivate::detail::SecretMask mask({secret});
  CHECK(mask(text) == masked);
}

TEST_CASE("A text made to be slow to mask is masked in no time") {
  const mobivate::detail::SecretMask mask({support::account_id, std::string(32, '\\')});
  const std::string one = "%25252525\\\\\\\\&#x34;4&#52;+";
  std::string text;
  while (text.size() < 2 * 1024) text += one;
  const auto start = std::chrono::steady_clock::now();
  CHECK(mask(text).size() == text.size());
  CHECK(mask(std::string(512, '\\')) == "***");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("A secret across the limit is masked whole, what follows is dropped") {
  const mobivate::detail::SecretMask mask({"secret"});
  CHECK(mask("1234 secret 56", 4) == "1234");
  CHECK(mask("1234 secret 56", 5) == "1234 ");
  CHECK(mask("1234 secret 56", 6) == "1234 ***");
  CHECK(mask("1234 secret 56", 11) == "1234 ***");
  CHECK(mask("1234 secret 56", 12) == "1234 *** ");
  CHECK(mask("1234 %73%65%63%72%65%74 56", 6) == "1234 ***");
  CHECK(mask("secretsecretsecretsecret secre", 24) == "***");
}
