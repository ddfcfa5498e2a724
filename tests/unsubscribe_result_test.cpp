#include <set>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "support.hpp"

using mobivate::Accepted;
using mobivate::GatewayError;
using mobivate::InvalidRequest;
using mobivate::SendFailed;
using mobivate::StopState;
using mobivate::TransportError;
using mobivate::UnexpectedResponse;
using mobivate::UnsubscribeResult;
using namespace std::string_literals;

TEST_CASE("What is known of the subscriber after each result") {
  using Kind = TransportError::Kind;
  CHECK(stop_state(UnsubscribeResult(Accepted{"MT-1"})) == StopState::accepted);
  CHECK(stop_state(UnsubscribeResult(SendFailed{590, "x"})) == StopState::refused);
  CHECK(stop_state(UnsubscribeResult(GatewayError{541, "x"})) == StopState::refused);
  CHECK(stop_state(UnsubscribeResult(GatewayError{})) == StopState::refused);
  CHECK(stop_state(UnsubscribeResult(InvalidRequest{"source", "x"})) == StopState::not_sent);
  CHECK(stop_state(UnsubscribeResult(TransportError{Kind::resolve, false, "x"})) ==
        StopState::not_sent);
  CHECK(stop_state(UnsubscribeResult(TransportError{Kind::timeout, true, "x"})) ==
        StopState::unknown);
  CHECK(stop_state(UnsubscribeResult(UnexpectedResponse{200, "x", "x"})) == StopState::unknown);
}

TEST_CASE("What may be sent again") {
  using Kind = TransportError::Kind;
  for (const Kind kind :
       {Kind::resolve, Kind::connect, Kind::timeout, Kind::send, Kind::receive, Kind::other}) {
    CHECK(is_retryable(UnsubscribeResult(TransportError{kind, true, "x"})));
    CHECK(is_retryable(UnsubscribeResult(TransportError{kind, false, "x"})));
  }
  for (const Kind kind : {Kind::tls, Kind::cancelled, Kind::too_large}) {
    CHECK_FALSE(is_retryable(UnsubscribeResult(TransportError{kind, false, "x"})));
  }
  const std::set<int> retryable{408, 425, 429, 500, 502, 503, 504};
  for (int status = 100; status < 600; ++status) {
    CAPTURE(status);
    CHECK(is_retryable(UnsubscribeResult(UnexpectedResponse{status, "x", "x"})) ==
          (retryable.count(status) == 1));
  }
  CHECK_FALSE(is_retryable(UnsubscribeResult(Accepted{"MT-1"})));
  CHECK_FALSE(is_retryable(UnsubscribeResult(SendFailed{590, "x"})));
  CHECK_FALSE(is_retryable(UnsubscribeResult(GatewayError{541, "x"})));
  CHECK_FALSE(is_retryable(UnsubscribeResult(InvalidRequest{"source", "x"})));
}

TEST_CASE("A result in words is one line") {
  using Kind = TransportError::Kind;
  CHECK(to_string(UnsubscribeResult(Accepted{"MT-1"})) == "accepted: MT-1");
  CHECK(to_string(UnsubscribeResult(SendFailed{590, "no route"})) == "refused: 590: no route");
  CHECK(to_string(UnsubscribeResult(SendFailed{590, ""})) == "refused: 590: send failed");
  CHECK(to_string(UnsubscribeResult(SendFailed{777, ""})) == "refused: 777");
  CHECK(to_string(UnsubscribeResult(GatewayError{544, "DOI declined by user"})) ==
        "refused: 544: DOI declined by user");
  CHECK(to_string(UnsubscribeResult(GatewayError{std::nullopt, "Invalid API key"})) ==
        "refused: Invalid API key");
  CHECK(to_string(UnsubscribeResult(UnexpectedResponse{502, "an empty body", ""})) ==
        "unknown: HTTP 502: an empty body");
  CHECK(to_string(UnsubscribeResult(UnexpectedResponse{502, "no JSON", "<p>\n"})) ==
        "unknown: HTTP 502: no JSON: \"<p>\\n\"");
  CHECK(to_string(UnsubscribeResult(TransportError{Kind::timeout, true, "after 15 s"})) ==
        "unknown: timeout: after 15 s");
  CHECK(to_string(UnsubscribeResult(TransportError{Kind::resolve, false, "no such host"})) ==
        "not_sent: resolve: no such host");
  CHECK(to_string(UnsubscribeResult(InvalidRequest{"source", "is 0"})) == "not_sent: source: is 0");

  std::ostringstream stream;
  stream << UnsubscribeResult(Accepted{"MT-1"}) << ' ' << StopState::not_sent;
  CHECK(stream.str() == "accepted: MT-1 not_sent");
}

TEST_CASE("Control characters are escaped, other text is left as it is") {
  const auto text = "a\0b\r\n\t\x1B[31m\x7F caf\u00e9 \U0001F3B5 \u009Bx\u00A0"s;
  const auto line = to_string(UnsubscribeResult(Accepted{text}));
  CHECK(line == "accepted: a\\x00b\\r\\n\\t\\x1B[31m\\x7F caf\u00e9 \U0001F3B5 \\x9Bx\u00A0");
}

TEST_CASE("A lone C1 byte is escaped, a byte of a longer character is not") {
  CHECK(to_string(UnsubscribeResult(Accepted{"\x9B\x33\xE0\xB8\x9B\x9B\xC3\x9B"})) ==
        "accepted: \\x9B\x33\xE0\xB8\x9B\\x9B\xC3\x9B");
}

TEST_CASE("Each kind of transport error has its own name") {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(TransportError::Kind::other); ++kind) {
    names.insert(to_string(static_cast<TransportError::Kind>(kind)));
  }
  CHECK(names.size() == 9);
}

TEST_CASE("Documented codes are described, others are not") {
  for (const int code : {200, 540, 541, 542, 543, 544, 545, 590}) {
    CHECK_FALSE(mobivate::describe(code).empty());
  }
  for (const int code : {-1, 0, 199, 201, 539, 546, 589, 591, 1000}) {
    CHECK(mobivate::describe(code).empty());
  }
}
