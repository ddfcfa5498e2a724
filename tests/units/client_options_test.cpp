#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
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

void set_environment(const char* variable, const char* value) {
#ifdef _WIN32
  _putenv_s(variable, value);
#else
  setenv(variable, value, 1);
#endif
}

void unset_environment(const char* variable) {
#ifdef _WIN32
  _putenv_s(variable, "");  // on Windows, no variable is empty
#else
  unsetenv(variable);
#endif
}

}  // namespace

TEST_CASE("A base URL that names no gateway is refused, with the reason") {
  CHECK(refusal(support::options("")) ==
        "base_url: is empty (environment variable MOBIVATE_BASE_URL); "
        "write https://host[:port][/prefix]");
  CHECK(refusal(support::options("http://localhost")) == "none");
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

TEST_CASE("Plain http to another machine is refused in words that name the way out") {
  CHECK(refusal(support::options("http://hostname")) ==
        "base_url: is http, so others on the network can read the api_key; write https, or set "
        "allow_plain_http if nobody can listen");
}

TEST_CASE("Options have the defaults that are documented") {
  const mobivate::ClientOptions options;
  CHECK(options.connect_timeout == 5s);
  CHECK(options.attempt_timeout == 15s);
  CHECK(options.total_timeout == 60s);
  CHECK_FALSE(options.allow_plain_http);
  CHECK(options.max_in_flight == 128);
  CHECK(options.retry.max_attempts == 3);
  CHECK(options.retry.initial_backoff == 250ms);
  CHECK(options.retry.max_backoff == 10s);
  CHECK(options.retry.multiplier == 2.0);
  CHECK_FALSE(mobivate::CallOptions().maybe_sent_before);
}

TEST_CASE("An attempt that you make yourself is the first, and without an answer") {
  const mobivate::Attempt attempt;
  CHECK(attempt.number == 1);
  CHECK(attempt.elapsed == 0ms);
  CHECK(attempt.http_status == 0);
  CHECK(attempt.retry_after == std::nullopt);
}

TEST_CASE("A missing credential is named with its variable") {
  auto options = support::options();
  SECTION("account_id") {
    options.account_id = "";
    CHECK(refusal(options) ==
          "account_id: is empty (environment variable MOBIVATE_ACCOUNT_ID); write the one that "
          "Mobivate gave you");
  }
  SECTION("api_key") {
    options.api_key = mobivate::Secret();
    CHECK(refusal(options) ==
          "api_key: is empty (environment variable MOBIVATE_API_KEY); write the one that Mobivate "
          "gave you");
  }
}

TEST_CASE("The shortest timeout is 1 ms") {
  auto options = support::options();
  options.connect_timeout = 1ms;
  options.attempt_timeout = 1ms;
  options.total_timeout = 1ms;
  CHECK(refusal(options) == "none");
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

TEST_CASE("A client that may send nothing at a time is refused") {
  auto options = support::options();
  options.max_in_flight = 0;
  CHECK(refusal(options) == "max_in_flight: is 0; write 1 or more");
  options.max_in_flight = 1;
  CHECK(refusal(options) == "none");
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
       "retry.multiplier: is not a number of 1 or more; write 2 to double each wait"},
      {[](auto& retry) { retry.multiplier = std::nan(""); },
       "retry.multiplier: is not a number of 1 or more; write 2 to double each wait"},
      {[](auto& retry) { retry.multiplier = HUGE_VAL; },
       "retry.multiplier: is not a number of 1 or more; write 2 to double each wait"},
      {[](auto& retry) {
         retry = {1, 0ms, 0ms, 1.0};
       },
       "none"},
      {[](auto& retry) { retry.multiplier = std::numeric_limits<double>::max(); }, "none"},
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

TEST_CASE("Extra headers are refused with what to write instead") {
  const auto refusal_of_header = [](std::string name, std::string value) {
    auto options = support::options();
    options.headers = {{"X-Trace-Id", "1"}, {std::move(name), std::move(value)}};
    return refusal(options);
  };
  CHECK(refusal_of_header("X Trace", "x") ==
        "headers: a name is not an HTTP field name; write letters, digits and hyphens");
  CHECK(refusal_of_header("X-Trace", "x\n") ==
        "headers: a value has a control character in it; write it on one line");
  CHECK(refusal_of_header("host", "x") ==
        "headers: the library itself sends Host, Content-Type, Accept, User-Agent, Content-Length "
        "and Transfer-Encoding; leave them out");
  CHECK(refusal_of_header("!#$%&'*+-.^_`|~09AZaz", "x") == "none");
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
  set_environment("MOBIVATE_BASE_URL", "https://gw.example");
  set_environment("MOBIVATE_ACCOUNT_ID", "id-1");
  set_environment("MOBIVATE_API_KEY", "key-1");
  auto options = mobivate::ClientOptions::from_environment();
  CHECK(options.base_url == "https://gw.example");
  CHECK(options.account_id == "id-1");
  CHECK(options.api_key.reveal() == "key-1");

  unset_environment("MOBIVATE_API_KEY");
  options = mobivate::ClientOptions::from_environment();
  CHECK_THAT(refusal(options), Catch::Matchers::StartsWith("api_key: ") &&
                                   Catch::Matchers::ContainsSubstring("MOBIVATE_API_KEY"));
  unset_environment("MOBIVATE_BASE_URL");
  unset_environment("MOBIVATE_ACCOUNT_ID");
}
