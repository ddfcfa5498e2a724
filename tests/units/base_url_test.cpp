// detail/protocol/base_url.hpp: which base URLs are taken, and which of them are this machine's.

#include <stdexcept>
#include <string>

#include <mobivate/detail/protocol/base_url.hpp>

#include "catch.hpp"

namespace {

using namespace mobivate::detail;

/// What is said against a base URL, or "none".
std::string refusal(const std::string& base_url) {
  try {
    static_cast<void>(parse_base_url(base_url));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

std::string refusal_of_segment(const std::string& value) {
  try {
    check_path_segment("api_key", "MOBIVATE_API_KEY", value);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("Base URLs that name a gateway are taken") {
  const auto* base_url = GENERATE(
      as<const char*>{}, "https://hostname", "https://hostname/",
      "https://gw.example:8443/mobivate/", "https://gw.example/a/b%20c/~d;e=f",
      "https://gw.example/api/doing", "https://192.0.2.1", "https://[2001:db8::1]:443/x",
      "https://[1:2:3:4:5:6:7:8]", "https://[::ffff:192.0.2.1]", "HTTPS://Gw.Example",
      "https://gw_1.example.", "https://a-b.c", "https://0:65535", "https://x:00001",
      "https://hostname/a:@!$&'()*+,;=-._~/%aF", "https://hostname/a//b",
      "https://hostname/.../.a/a./..a", "https://hostname/doi/api", "https://hostname/xapi/doi/",
      "https://[2001:DB8:0:0:8:800:200C:417A]", "https://[::]", "https://[1:2:3:4:5:6::]",
      "https://[::2:3:4:5:6:7]", "https://[::2:3:4:5:6:7:8]", "https://[1:2:3:4:5:6:7::]",
      "https://[::2:3:4:5:6:192.0.2.1]", "https://[1:2:3:4:5:6:192.0.2.1]", "http://localhost",
      "http://LOCALHOST:8080/x", "http://127.0.0.1:1", "http://127.255.0.3", "http://[::1]:65535");
  CHECK(refusal(base_url) == "none");
}

TEST_CASE("Base URLs that do not are refused, with the reason") {
  const auto [base_url, reason] = GENERATE(table<std::string, std::string>({
      {"", "is empty (environment variable MOBIVATE_BASE_URL)"},
      {"hostname", "has no scheme"},
      {"hostname:443", "has no scheme"},
      {"https:/hostname", "has no scheme"},
      {"ftp://hostname", "is neither https nor http"},
      {"file:///etc", "is neither https nor http"},
      {" https://hostname", "is neither https nor http"},
      {"https://", "has no valid host"},
      {"https:///x", "has no valid host"},
      {"https://:443", "has no valid host"},
      {"https://host name", "has no valid host"},
      {"https://host\\name", "has no valid host"},
      {"https://h\xC3\xB6st", "has no valid host"},
      {std::string("https://host\0name", 17), "has no valid host"},
      {"https://host\r\nX: y", "has no valid host"},
      {"https://[::1", "has no valid host"},
      {"https://[::1]x", "has no valid host"},
      {"https://[]", "has no valid host"},
      {"https://[:]", "has no valid host"},
      {"https://[1]", "has no valid host"},
      {"https://[:::]", "has no valid host"},
      {"https://[1::2::3]", "has no valid host"},
      {"https://[1:2:3]", "has no valid host"},
      {"https://[1:2:3:4:5:6:7:8:9]", "has no valid host"},
      {"https://[1:2:3:4:5:6:7]", "has no valid host"},
      {"https://[1:2:3:4:5:192.0.2.1]", "has no valid host"},
      {"https://[1:2:3:4:5:6:7:8::]", "has no valid host"},
      {"https://[1:2:3:4::5:6:7:8]", "has no valid host"},
      {"https://[::2:3:4:5:6:7:192.0.2.1]", "has no valid host"},
      {"https://[12345::1]", "has no valid host"},
      {"https://[:1::2]", "has no valid host"},
      {"https://[1::2:]", "has no valid host"},
      {"https://[1.2.3.4::1]", "has no valid host"},
      {"https://[::256.0.2.1]", "has no valid host"},
      {"https://[::192.0.2.01]", "has no valid host"},
      {"https://[::192.0.2]", "has no valid host"},
      {"https://[::192.0.2.1.]", "has no valid host"},
      {"https://[::1]]", "has no valid host"},
      {"https://[::g]", "has no valid host"},
      {"https://[::1%25eth0]", "has no valid host"},
      {"https://[::1.2.3:4]", "has no valid host"},
      {"https://x[::1]", "has no valid host"},
      {"https://.a", "has no valid host"},
      {"https://a~b", "has no valid host"},
      {"https://hostname:00000", "has a port that is not 1 to 65535"},
      {"https://hostname:000001", "has a port that is not 1 to 65535"},
      {"https://hostname:1:2", "has a port that is not 1 to 65535"},
      {"https://[::1]:", "has a port that is not 1 to 65535"},
      {"https://hostname/a%2", "has an invalid prefix"},
      {"https://hostname/a%2g", "has an invalid prefix"},
      {"https://hostname/a%g2", "has an invalid prefix"},
      {"https://hostname/a\\b", "has an invalid prefix"},
      {"https://hostname/a/%2e", "has an invalid prefix"},
      {"https://hostname/a/.%2E/b", "has an invalid prefix"},
      {"https://hostname/a/%2e./b", "has an invalid prefix"},
      {"https://hostname/a/../b", "has an invalid prefix"},
      {"https://[1.2.3::]", "has no valid host"},
      {"https://.", "has no valid host"},
      {"https://a..b", "has no valid host"},
      {"https://%68ost", "has no valid host"},
      {"https://hostname:", "has a port that is not 1 to 65535"},
      {"https://hostname:0", "has a port that is not 1 to 65535"},
      {"https://hostname:65536", "has a port that is not 1 to 65535"},
      {"https://hostname:100000", "has a port that is not 1 to 65535"},
      {"https://hostname:x", "has a port that is not 1 to 65535"},
      {"https://hostname:-1", "has a port that is not 1 to 65535"},
      {"https://user@hostname", "has user info before the host"},
      {"https://user:pa55@hostname", "has user info before the host"},
      {"https://hostname?x", "has a query"},
      {"https://hostname/api/doi/id/key/?source=1", "has a query"},
      {"https://hostname#x", "has a fragment"},
      {"https://hostname/a b", "has an invalid prefix"},
      {"https://hostname/a\n", "has an invalid prefix"},
      {"https://hostname/%", "has an invalid prefix"},
      {"https://hostname/%2", "has an invalid prefix"},
      {"https://hostname/%zz", "has an invalid prefix"},
      {"https://hostname/api/doi", "has the path of the request in it"},
      {"https://hostname/x/api/doi/id/key/", "has the path of the request in it"},
      {"https://hostname/a/..", "has an invalid prefix"},
      {"https://hostname/./a", "has an invalid prefix"},
      {"https://hostname/%2E%2e/a", "has an invalid prefix"},
  }));
  CAPTURE(base_url);
  CHECK(refusal(base_url) == "base_url: " + reason + "; write https://host[:port][/prefix]");
}

TEST_CASE("A base URL is taken apart, without the slashes at its end") {
  const auto url = parse_base_url("HTTPS://gw.example:8443/a//");
  CHECK(url.text == "HTTPS://gw.example:8443/a");
  CHECK(url.https);
  CHECK(url.host == "gw.example");
  CHECK_FALSE(parse_base_url("http://[::1]").https);
  CHECK(parse_base_url("http://[::1]:80").host == "[::1]");
  CHECK(parse_base_url("http://[::1]/").host == "[::1]");
  CHECK(parse_base_url("http://h").text == "http://h");
}

TEST_CASE("The path is that of the gateway, with the credentials percent-encoded") {
  CHECK(endpoint("https://h/a/", "i/d", "k?y") == "https://h/a/api/doi/i%2Fd/k%3Fy/?");
}

TEST_CASE("A URL without its credentials is refused, with their variables") {
  CHECK_THROWS_WITH(endpoint("https://h", "", "k"),
                    "account_id: is empty (environment variable MOBIVATE_ACCOUNT_ID); write the "
                    "one that Mobivate gave you");
  CHECK_THROWS_WITH(endpoint("https://h", "i", ""),
                    "api_key: is empty (environment variable MOBIVATE_API_KEY); write the one that "
                    "Mobivate gave you");
}

TEST_CASE("A credential that would vanish from the path is refused by name") {
  CHECK(refusal_of_segment("") ==
        "api_key: is empty (environment variable MOBIVATE_API_KEY); write the one that Mobivate "
        "gave you");
  for (const char* dots : {".", ".."}) {
    CHECK(refusal_of_segment(dots) ==
          "api_key: is a dot segment, which URL parsers remove from a path; write the one that "
          "Mobivate gave you");
  }
  CHECK(refusal_of_segment("...") == "none");
  CHECK(refusal_of_segment("%2e") == "none");
}

TEST_CASE("A host is this machine only if it is written in full") {
  for (const char* host : {"localhost", "LocalHost", "[::1]", "127.0.0.1", "127.255.255.255",
                           "127.0.10.100", "127.0.0.0", "127.1.2.9"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const char* host :
       {"",           "hostname",    "[::2]",       "::1",         "localhost.",   "126.0.0.1",
        "128.0.0.1",  "127",         "127.",        "127.0",       "127.0.0",      "127.0.0.",
        "127.0.0.1.", "127.0.0.1.1", "127.0.0.256", "127.256.0.1", "127.0.0.1234", "127.0.0.08",
        "127.00.0.1", "127.010.0.1", "127..0.1",    "127.0.0.a",   "127.0.0.1a",   "1270.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback(host));
  }
}

TEST_CASE("A small number has one to five digits and nothing else") {
  CHECK(small_number("0") == 0U);
  CHECK(small_number("123") == 123U);
  CHECK(small_number("99999") == 99999U);
  CHECK(small_number("00010") == 10U);
  for (const char* text : {"", "100000", "-1", "+1", " 1", "1 ", "1a", "0x1"}) {
    CHECK(small_number(text) == std::nullopt);
  }
}
