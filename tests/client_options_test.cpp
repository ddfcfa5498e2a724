#include <chrono>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;

namespace {

/// What the constructor says against these options, or "none".
std::string refusal(const mobivate::ClientOptions& options) {
  try {
    const mobivate::DoiClient client(options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

std::string refusal_of_url(const std::string& base_url) {
  return refusal(support::options(base_url));
}

}  // namespace

TEST_CASE("Base URLs that name a gateway are taken") {
  const auto* base_url =
      GENERATE(as<const char*>{}, "https://hostname", "https://hostname/",
               "https://gw.example:8443/mobivate/", "https://gw.example/a/b%20c/~d;e=f",
               "https://gw.example/api/doing", "https://192.0.2.1", "https://[2001:db8::1]:443/x",
               "https://[1:2:3:4:5:6:7:8]", "https://[::ffff:192.0.2.1]", "HTTPS://Gw.Example",
               "https://gw_1.example.", "http://localhost", "http://LOCALHOST:8080/x",
               "http://127.0.0.1:1", "http://127.255.0.3", "http://[::1]:65535");
  CHECK(refusal_of_url(base_url) == "none");
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
  CHECK(refusal_of_url(base_url) == "base_url: " + reason + "; write https://host[:port][/prefix]");
}

TEST_CASE("Plain http is for this machine, unless it is asked for") {
  const auto* base_url =
      GENERATE(as<const char*>{}, "http://hostname", "http://127.0.0.1.example", "http://127.1",
               "http://127.0.0.256", "http://127.0.0.08", "http://127.010.0.1", "http://127.0.0.",
               "http://127.0.0.1.", "http://localhost.example", "http://[::2]", "http://0.0.0.0",
               "http://128.0.0.1", "http://127.a.0.1");
  auto options = support::options(base_url);
  CHECK_THAT(refusal(options), Catch::Matchers::ContainsSubstring("allow_plain_http"));
  options.allow_plain_http = true;
  CHECK(refusal(options) == "none");
}

TEST_CASE("Credentials that would vanish from the path are refused") {
  auto options = support::options();
  const auto* value = GENERATE("", ".", "..");
  SECTION("account_id") {
    options.account_id = value;
    CHECK_THAT(refusal(options), Catch::Matchers::StartsWith("account_id: is "));
  }
  SECTION("api_key") {
    options.api_key = mobivate::Secret(value);
    CHECK_THAT(refusal(options), Catch::Matchers::StartsWith("api_key: is "));
  }
}

TEST_CASE("Timeouts are 1 ms or more") {
  auto options = support::options();
  const auto timeout =
      GENERATE(as<std::chrono::milliseconds>{}, -1ms, 0ms, std::chrono::milliseconds::min());
  SECTION("connect_timeout") {
    options.connect_timeout = timeout;
    CHECK(refusal(options) == "connect_timeout: is less than 1 ms; write 1 ms or more");
  }
  SECTION("attempt_timeout") {
    options.attempt_timeout = timeout;
    CHECK(refusal(options) == "attempt_timeout: is less than 1 ms; write 1 ms or more");
  }
  SECTION("total_timeout") {
    options.total_timeout = timeout;
    CHECK(refusal(options) == "total_timeout: is less than 1 ms; write 1 ms or more");
  }
}

TEST_CASE("A retry policy that can't be meant is refused") {
  auto options = support::options();
  const auto [set, reason] = GENERATE(table<void (*)(mobivate::RetryPolicy&), std::string>({
      {[](auto& retry) { retry.max_attempts = 0; },
       "retry.max_attempts: is less than 1; write 1 for a single attempt"},
      {[](auto& retry) { retry.initial_backoff = -1ms; },
       "retry.initial_backoff: is negative; write 0 ms or more"},
      {[](auto& retry) { retry.max_backoff = -1ms; },
       "retry.max_backoff: is negative; write 0 ms or more"},
      {[](auto& retry) { retry.multiplier = 0.9; },
       "retry.multiplier: is no number from 1 up; write 2 to double each wait"},
      {[](auto& retry) { retry.multiplier = std::nan(""); },
       "retry.multiplier: is no number from 1 up; write 2 to double each wait"},
      {[](auto& retry) { retry.multiplier = HUGE_VAL; },
       "retry.multiplier: is no number from 1 up; write 2 to double each wait"},
      {[](auto& retry) {
         retry = {1, 0ms, 0ms, 1.0};
       },
       "none"},
  }));
  set(options.retry);
  CHECK(refusal(options) == reason);
}

TEST_CASE("Extra headers must be headers, and not the library's own") {
  const auto refused = [](std::string name, std::string value) {
    auto options = support::options();
    options.headers = {{std::move(name), std::move(value)}};
    return refusal(options) != "none";
  };
  CHECK_FALSE(refused("X-Trace-Id", "4bf92f3577b34da6"));
  CHECK_FALSE(refused("X-Empty", ""));
  CHECK_FALSE(refused("X-Name", "caf\u00e9: \"quoted\""));
  CHECK(refused("", "x"));
  CHECK(refused("X Trace", "x"));
  CHECK(refused("X-Trace:", "x"));
  CHECK(refused("X-Tr\u00e4ce", "x"));
  CHECK(refused("X-Trace\r\nHost", "x"));
  CHECK(refused("X-Trace", "x\r\nHost: y"));
  CHECK(refused("X-Trace", std::string("x\0y", 3)));
  CHECK(refused("X-Trace", "x\ty"));
  CHECK(refused("X-Trace", "x\x7F"));
  CHECK(refused("content-type", "text/plain"));
  CHECK(refused("ACCEPT", "text/plain"));
  CHECK(refused("User-Agent", "me"));
  CHECK(refused("Host", "elsewhere"));
  CHECK(refused("Content-Length", "5"));
  CHECK(refused("Transfer-Encoding", "chunked"));
}

TEST_CASE("A refusal never repeats what it refuses") {
  auto options = support::options("https://acc0unt:pa55w0rd@hostname?t0ken#fr4gment");
  options.headers = {{"X Key", "v4lue\n"}};
  const std::string text = refusal(options);
  for (const char* secret : {"acc0unt", "pa55w0rd", "t0ken", "fr4gment", "v4lue"}) {
    CHECK(text.find(secret) == std::string::npos);
  }
}

TEST_CASE("Options come from the environment, and a missing one is named with its variable") {
  setenv("MOBIVATE_BASE_URL", "https://gw.example", 1);
  setenv("MOBIVATE_ACCOUNT_ID", "id-1", 1);
  setenv("MOBIVATE_API_KEY", "key-1", 1);
  auto options = mobivate::ClientOptions::from_environment();
  CHECK(options.base_url == "https://gw.example");
  CHECK(options.account_id == "id-1");
  CHECK(options.api_key.reveal() == "key-1");

  unsetenv("MOBIVATE_API_KEY");
  options = mobivate::ClientOptions::from_environment();
  CHECK_THAT(refusal(options), Catch::Matchers::StartsWith("api_key: ") &&
                                   Catch::Matchers::ContainsSubstring("MOBIVATE_API_KEY"));
  unsetenv("MOBIVATE_BASE_URL");
  unsetenv("MOBIVATE_ACCOUNT_ID");
}
