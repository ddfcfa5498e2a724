#include <algorithm>
#include <array>
#include <clocale>
#include <cstddef>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <variant>

#include <mobivate/detail/protocol/plain_success.hpp>
#include <mobivate/parse_response.hpp>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "support.hpp"

namespace {

using mobivate::parse_response;
using namespace std::string_view_literals;

std::string words(std::string body, int status = 200) {
  return to_string(parse_response({status, std::move(body), {}}));
}

bool is_accepted(const mobivate::UnsubscribeResult& result) {
  return std::holds_alternative<mobivate::Accepted>(result);
}

std::string reason(std::string body, int status = 200) {
  const auto result = parse_response({status, std::move(body), {}});
  const auto* unexpected = std::get_if<mobivate::UnexpectedResponse>(&result);
  return unexpected == nullptr ? "none" : unexpected->reason;
}

/// What the pages allow as a success, decided without the library: by a DOM and regular
/// expressions. It may let through a member that is there twice, which a DOM does not show.
bool could_be_success(std::string body) {
  constexpr std::string_view white_space{" \t\n\v\f\r"};
  const auto trim = [&] {
    body.erase(0, std::min(body.find_first_not_of(white_space), body.size()));
    body.erase(body.find_last_not_of(white_space) + 1);
  };
  trim();
  if (body.rfind("\xEF\xBB\xBF", 0) == 0) body.erase(0, 3);
  trim();
  if (std::regex_match(body, std::regex("MT-[0-9A-Za-z-]+"))) return true;
  body = std::regex_replace(body, std::regex(",\\s*\\}$"), "}");
  // A DOM would not take the exponent, which JSON does.
  body = std::regex_replace(body, std::regex("([0-9][eE][+-]?)[0-9]+"), "$011");
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || body.find('\0') != std::string::npos) return false;
  const std::regex code("[1-9][0-9][0-9]");
  for (const auto& [name, value] : json.items()) {
    if (name == "error" || (name != "200" && std::regex_match(name, code))) return false;
  }
  return json.contains("200") && json["200"].is_string() && json["200"] != "";
}

class RandomBodies {
 public:
  explicit RandomBodies(unsigned seed) : random_(seed) {}

  std::string next() {
    constexpr std::array<std::string_view, 14> seeds{
        R"({"200": "MT-c65561314eb34088b6df42d8241aace0"})",
        R"({"200": "MT-c65561314eb34088b6df42d8241aace0",})",
        R"({"590": "SEND_FAILED: subscriber not found"})",
        R"({"error": "541"})",
        R"({"error": 541})",
        "MT-c65561314eb34088b6df42d8241aace0",
        "541",
        R"({"200":"MT-1","trace":{"id":[1,2,null]},"t":1.5e3})",
        R"({"200":"MT-1","590":"SEND_FAILED: x"})",
        R"({"\u0032\u0030\u0030":"MT-1"})",
        R"({"200":"MT-1","t":1e999})",
        R"({"201":"MT-1"})",
        R"([{"200":"MT-1"}])",
        "<html>MT-1</html>"};
    std::string body{seeds[number(seeds.size())]};
    for (std::size_t edits = number(4); edits > 0; --edits) edit(body);
    return body;
  }

 private:
  std::size_t number(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  void edit(std::string& body) {
    constexpr auto likely =
        "{}[],:\"\\ \n\0\xEF\xBB\xBF\xFF"
        "0259eE+-.MTu/*"sv;
    const std::size_t at = number(body.size() + 1);
    switch (number(4)) {
      case 0:
        body.insert(at, 1, likely[number(likely.size())]);
        break;
      case 1:
        body.erase(at, number(8));
        break;
      case 2:
        if (at < body.size()) body[at] = static_cast<char>(number(256));
        break;
      default:
        body.insert(at, body.substr(number(body.size() + 1), number(16)));
        break;
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("Any bytes give a result, and never a success unless the pages document it") {
  RandomBodies bodies(Catch::getSeed());
  int accepted = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::string body = bodies.next();
    CAPTURE(body);
    const auto result = parse_response({200, body, {}});
    if (is_accepted(result)) {
      ++accepted;
      REQUIRE(could_be_success(body));
    }
    REQUIRE_FALSE(is_accepted(parse_response({503, body, {}})));
  }
  CHECK(accepted > 1'000);
}

TEST_CASE("A success with no other member is read as one with another member is") {
  const std::string documented = R"({ "200" : "MT-a1" , })";
  const auto agree = [](const std::string& body) {
    if (body.empty() || body.front() != '{') return;
    CAPTURE(body);
    const auto alone = parse_response({200, body, {}});
    const auto together = parse_response({200, R"({"t":0,)" + body.substr(1), {}});
    REQUIRE(is_accepted(alone) == is_accepted(together));
    if (is_accepted(alone)) REQUIRE(alone == together);
  };
  agree(documented);
  for (std::size_t at = 1; at <= documented.size(); ++at) {
    agree(documented.substr(0, at));
    agree(std::string(documented).erase(at - 1, 1));
    for (int code = 0; code < 256; ++code) {
      agree(std::string(documented).insert(at, 1, static_cast<char>(code)));
      agree(std::string(documented).replace(at - 1, 1, 1, static_cast<char>(code)));
    }
  }
}

TEST_CASE("The documented success is read without building a JSON document, white space or not") {
  using mobivate::detail::id_of_plain_success;
  const std::string blank = GENERATE("", " ", "\t", "\r", "\n", " \r\n\t ");
  const std::string start = "{" + blank + "\"200\"" + blank + ":" + blank;
  CHECK(id_of_plain_success(start + "\"MT-a1\"" + blank + "}") == "MT-a1");
  CHECK(id_of_plain_success(start + "\"MT-a1\"" + blank + "," + blank + "}") == "MT-a1");
  CHECK(id_of_plain_success(start + "\"x\"}") == "x");
  for (const char* rest : {"\"\"}", "\"MT_1\"}", "\"MT-1}", "\"MT-1\",,}", "\"MT-1\"", "", "1}"}) {
    CHECK(id_of_plain_success(start + rest) == std::nullopt);
  }
}

TEST_CASE("Every 2xx is a success, nothing else is") {
  for (int status = 100; status < 600; ++status) {
    const bool success = status >= 200 && status <= 299;
    CHECK(is_accepted(parse_response({status, R"({"200":"MT-1"})", {}})) == success);
    CHECK(is_accepted(parse_response({status, "MT-1", {}})) == success);
  }
}

TEST_CASE("Codes of three digits are read, but for those that start with 0 or 2") {
  for (int code = 0; code < 1000; ++code) {
    const std::string digits = std::to_string(1000 + code).substr(1);
    const bool documented = code >= 100 && (code < 200 || code > 299);
    CAPTURE(digits);
    const auto failed = parse_response({200, R"({")" + digits + R"(":"SEND_FAILED: x"})", {}});
    const auto plain = parse_response({200, digits, {}});
    const auto error = parse_response({200, R"({"error":")" + digits + R"("})", {}});
    const auto number = parse_response({200, R"({"error":)" + digits + "}", {}});
    if (code != 200) CHECK(std::holds_alternative<mobivate::SendFailed>(failed) == documented);
    CHECK(std::holds_alternative<mobivate::GatewayError>(plain) == documented);
    CHECK(std::holds_alternative<mobivate::GatewayError>(error) == documented);
    CHECK(std::holds_alternative<mobivate::GatewayError>(number) == documented);
    if (!documented) continue;
    CHECK(std::get<mobivate::SendFailed>(failed).code == code);
    CHECK(std::get<mobivate::SendFailed>(failed).description == "x");
    CHECK(gateway_code(plain) == code);
    CHECK(gateway_code(error) == code);
    CHECK(gateway_code(number) == code);
  }
}

TEST_CASE("An answer in doubt says what the doubt is") {
  CHECK(reason("") == "an empty body");
  CHECK(reason(" \v\f ") == "an empty body");
  CHECK(reason("<html>") == "not a documented answer");
  CHECK(reason("200") == "not a documented answer");
  CHECK(reason("MT-") == "not a documented answer");
  for (const char* code : {"x41", "5x1", "54x", ":41", "5/1", "54", "5411"}) {
    CHECK(reason(code) == "not a documented answer");
  }
  CHECK(reason("{}") == "no documented member");
  CHECK(reason(R"({"012":"x"})") == "no documented member");
  CHECK(reason(R"({"200":""})") == R"(member "200" is empty)");
  CHECK(reason(R"({"error":""})") == R"(member "error" is empty)");
  CHECK(reason(R"({"error":"200"})") == "the error code is not a refusal");
  CHECK(reason(R"({"error":299})") == "the error code is not a refusal");
  CHECK(reason(R"({"202":"queued"})") == "a 2xx code that is not documented");
  CHECK(reason(R"({"200":"MT-1","202":null})") == "a 2xx code that is not documented");
  CHECK(reason(R"({"200":"MT-1","200":"MT-1"})") == "a documented member appears twice");
  CHECK(reason(R"({"200":"MT-1","\u0032\u0030\u0030":"MT-1"})") ==
        "a documented member appears twice");
  CHECK(reason(R"({"590":"x","590":"x"})") == "a documented member appears twice");
  CHECK(reason(R"({"error":"x","error":"x"})") == "a documented member appears twice");
  CHECK(reason(R"({"590":"x","591":"x"})") == "two refusals that differ");
  CHECK(reason(R"({"200":"MT-1","error":"541"})") == "a success and a refusal at once");
  CHECK(reason(R"({"590":"x","error":"541"})") == "two refusals that differ");
  CHECK(reason(R"({"590":"x","error":"no route"})") == "two refusals that differ");
  CHECK(reason(R"({"200":["MT-1"]})") == R"(member "200" is not text)");
  CHECK(reason(R"({"590":{"x":"y"}})") == R"(member "590" is not text)");
  CHECK(reason(R"({"error":["541"]})") == R"(member "error" is neither text nor a code)");
  CHECK(reason(R"({"error":99})") == R"(member "error" is not three digits)");
  CHECK(reason(R"({"error":1000})") == R"(member "error" is not three digits)");
  for (const char* value : {"null", "true", "[]", "{}", "1.5", "5411", "\"\"x"}) {
    CHECK(reason(R"({"590":)" + std::string(value) + "}") != "none");
  }
  CHECK(reason(R"({"error":-541})") == R"(member "error" is neither text nor a code)");
  CHECK(reason(R"({"error":541.0})") == R"(member "error" is neither text nor a code)");
  CHECK(reason(R"({"error":54100000000000000000000})") ==
        R"(member "error" is neither text nor a code)");
  CHECK(reason(R"({"error":"012"})") == "the error code is not a refusal");
  CHECK(reason(std::string("MT-1\0", 5)) == "a NUL byte in the body");
  CHECK(reason("\xEF\xBB\xBFMT-1\xEF\xBB\xBF") == "a second byte order mark in the body");
  CHECK(reason(R"({"200":"MT-1"})", 500) ==
        "a success body, but the HTTP status is not 2xx; send again later");
}

TEST_CASE("What a nested object or array holds is no result") {
  CHECK(words(R"({"200":"MT-1","x":{"200":"MT-2"}})") == "accepted: MT-1");
  CHECK(words(R"({"x":{"error":"541","error":"541"},"200":"MT-1"})") == "accepted: MT-1");
  CHECK(words(R"({"x":[{"590":"y"},{"590":"y"}],"200":"MT-1"})") == "accepted: MT-1");
  CHECK(reason(R"({"x":{"200":"MT-1"}})") == "no documented member");
}

TEST_CASE("Two refusals that agree are one") {
  CHECK(words(R"({"590":"SEND_FAILED: gone","error":"590"})") == "refused: 590: gone");
}

TEST_CASE("The status of an undocumented answer is shown, and brings its advice") {
  CHECK(words("<html>", 502) ==
        R"(unknown: HTTP 502: not a documented answer; send again later: "<html>")");
  for (const int redirect : {300, 302, 399}) {
    CHECK(reason("", redirect) ==
          "an empty body; redirects are not followed: set base_url to the gateway's own address");
  }
  CHECK(reason("", 304) == "an empty body");
  CHECK(reason("", 299) == "an empty body");
  CHECK(reason("", 400) == "an empty body");
  CHECK(reason("", 499) == "an empty body");
  CHECK(reason("", 500) == "an empty body; send again later");
  CHECK(reason("", 408) == "an empty body; send again later");
  CHECK(reason("", 425) == "an empty body; send again later");
  CHECK(reason("", 401) == "an empty body; check account_id and api_key");
  CHECK(reason("", 407) ==
        "an empty body; the proxy asks for other credentials: check CurlOptions::proxy");
  CHECK(reason("", 429) == "an empty body; send again later");
  CHECK(reason("<html>", 502) == "not a documented answer; send again later");
  CHECK(reason("<html>", 403) == "not a documented answer; check account_id and api_key");
  CHECK(reason("<html>", 404) == "not a documented answer; check base_url, account_id and api_key");
}

TEST_CASE("The parser's own notions of JSON do not show") {
  SECTION("a NUL byte is not the end") {
    const std::string body = R"({"200":"MT-1"})";
    CHECK_FALSE(is_accepted(parse_response({200, body + '\0', {}})));
    CHECK_FALSE(is_accepted(parse_response({200, body + '\0' + "x", {}})));
    CHECK_FALSE(is_accepted(parse_response({200, '\0' + body, {}})));
  }
  SECTION("one byte order mark is let through, a second is not") {
    CHECK(is_accepted(parse_response({200, "\r\n\xEF\xBB\xBF \t{\"200\":\"MT-1\"}\n", {}})));
    CHECK_FALSE(
        is_accepted(parse_response({200, "\xEF\xBB\xBF\xEF\xBB\xBF{\"200\":\"MT-1\"}", {}})));
  }
  SECTION("a number beyond a double in a member that is ignored puts the answer in doubt") {
    CHECK(is_accepted(parse_response({200, R"({"t":-1.5E+307,"200":"MT-1"})", {}})));
    CHECK(is_accepted(
        parse_response({200, R"({"t":)" + std::string(300, '9') + R"(,"200":"MT-1"})", {}})));
    CHECK(reason(R"({"t":1e999,"200":"MT-1"})") == "not valid JSON");
  }
  SECTION("the process's locale has no say in numbers") {
    const std::string before = std::setlocale(LC_NUMERIC, nullptr);
    for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8"}) {
      if (std::setlocale(LC_NUMERIC, locale) == nullptr) continue;  // not on this machine
      CHECK(is_accepted(parse_response({200, R"({"200":"MT-1","t":[1.5e3,0.5]})", {}})));
      CHECK_FALSE(is_accepted(parse_response({200, R"({"200":"MT-1","t":1,5})", {}})));
    }
    std::setlocale(LC_NUMERIC, before.c_str());
  }
  SECTION("what is no number stays none") {
    for (const char* number :
         {"01", "00000000", "1.", ".5", "1e", "1e+", "+1", "1.2.3", "0x10", "1e5e5", "1e5.5", "1-2",
          "12a", "true1", "--1", "NaN", "Infinity", "-"}) {
      CAPTURE(number);
      CHECK(reason(R"({"t":)" + std::string(number) + R"(,"200":"MT-1"})") == "not valid JSON");
    }
  }
  SECTION("digits in strings are left alone") {
    CHECK(words(R"({"200":"MT-1234567890\"1234567890\\","t":"\\"})") ==
          R"(accepted: MT-1234567890"1234567890\)");
  }
  SECTION("text that is no UTF-8, lone surrogates and bare control characters are not JSON") {
    CHECK(reason("{\"590\":\"caf\xE9\"}") == "not valid JSON");
    CHECK(reason(R"({"590":"\ud83c"})") == "not valid JSON");
    CHECK(reason("{\"590\":\"a\nb\"}") == "not valid JSON");
  }
  SECTION("only the outermost object may end in a comma, and only once") {
    CHECK(is_accepted(parse_response({200, "{\"200\":\"MT-1\" \n,\t}", {}})));
    for (const char* body :
         {R"({,})", R"({"200":"MT-1",,})", R"({"200":"MT-1", ,})", R"({"200":"MT-1","x":[1,]})",
          R"({"x":{"y":1,},"200":"MT-1"})", R"({"200":"MT-1,})", R"({"200":,})",
          R"({"200":"MT-1",}})", R"({"200":"MT-1"},)", "{\"200\":\"MT-1\",\v}"}) {
      CAPTURE(body);
      CHECK_FALSE(is_accepted(parse_response({200, body, {}})));
    }
  }
}

TEST_CASE("Deep nesting costs nothing") {
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  CHECK(is_accepted(parse_response({200, R"({"200":"MT-1","x":)" + deep + "}", {}})));
  CHECK(reason(R"({"x":)" + std::string(60'000, '{')) == "not valid JSON");
}

TEST_CASE("The excerpt of an unexpected body is its first 256 bytes") {
  const auto result = parse_response({502, std::string(300, 'x'), {}});
  CHECK(std::get<mobivate::UnexpectedResponse>(result).body == std::string(256, 'x'));
}
