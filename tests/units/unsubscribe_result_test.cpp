#include <set>
#include <sstream>
#include <string>
#include <vector>

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

TEST_CASE("A result that nothing was written to is unknown") {
  CHECK(stop_state(UnsubscribeResult()) == StopState::unknown);
  CHECK(std::holds_alternative<UnexpectedResponse>(UnsubscribeResult()));
}

TEST_CASE("A result that was only begun claims nothing") {
  CHECK(SendFailed{} == SendFailed{0, "", false});
  CHECK(GatewayError{} == GatewayError{std::nullopt, "", false});
  CHECK(UnexpectedResponse{} == UnexpectedResponse{0, "", ""});
  CHECK(TransportError{} == TransportError{TransportError::Kind::other, true, ""});
}

TEST_CASE("Only refusals have a gateway's code") {
  CHECK(gateway_code(SendFailed{590, "x"}) == 590);
  CHECK(gateway_code(GatewayError{541, "x"}) == 541);
  CHECK(gateway_code(GatewayError{std::nullopt, "x"}) == std::nullopt);
  CHECK(gateway_code(Accepted{"MT-1"}) == std::nullopt);
  CHECK(gateway_code(UnexpectedResponse{590, "x", "x"}) == std::nullopt);
  CHECK(gateway_code(TransportError{}) == std::nullopt);
  CHECK(gateway_code(InvalidRequest{"source", "x"}) == std::nullopt);
}

TEST_CASE("Results are equal if they are of one type and all members are") {
  const UnsubscribeResult result = Accepted{"MT-1"};
  CHECK(result == Accepted{"MT-1"});
  CHECK(Accepted{"MT-1"} == result);
  CHECK(result == UnsubscribeResult(Accepted{"MT-1"}));
  CHECK(result != Accepted{"MT-2"});
  CHECK(Accepted{"MT-2"} != result);
  CHECK(result != SendFailed{590, "MT-1"});
  CHECK(result != UnsubscribeResult(Accepted{"MT-2"}));
  CHECK_FALSE(result != Accepted{"MT-1"});
  CHECK_FALSE(Accepted{"MT-1"} != result);
  CHECK_FALSE(result == Accepted{"MT-2"});
  CHECK_FALSE(Accepted{"MT-2"} == result);

  using Kind = TransportError::Kind;
  const std::vector<UnsubscribeResult> all_differ{UnexpectedResponse{200, "a", "b"},
                                                  UnexpectedResponse{201, "a", "b"},
                                                  UnexpectedResponse{200, "x", "b"},
                                                  UnexpectedResponse{200, "a", "x"},
                                                  SendFailed{590, "a", false},
                                                  SendFailed{591, "a", false},
                                                  SendFailed{590, "x", false},
                                                  SendFailed{590, "a", true},
                                                  GatewayError{541, "a", false},
                                                  GatewayError{std::nullopt, "a", false},
                                                  GatewayError{541, "x", false},
                                                  GatewayError{541, "a", true},
                                                  TransportError{Kind::send, true, "a"},
                                                  TransportError{Kind::receive, true, "a"},
                                                  TransportError{Kind::send, false, "a"},
                                                  TransportError{Kind::send, true, "x"},
                                                  InvalidRequest{"a", "b"},
                                                  InvalidRequest{"x", "b"},
                                                  InvalidRequest{"a", "x"}};
  for (std::size_t i = 0; i < all_differ.size(); ++i) {
    for (std::size_t j = 0; j < all_differ.size(); ++j) {
      CHECK((all_differ[i] == all_differ[j]) == (i == j));
      CHECK((all_differ[i] != all_differ[j]) == (i != j));
    }
  }
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
  CHECK(to_string(UnsubscribeResult(SendFailed{590, "x", true})) ==
        "refused: 590: x (an earlier attempt may have stopped the subscriber)");
  CHECK(to_string(UnsubscribeResult(GatewayError{541, "x", true})) ==
        "refused: 541: x (an earlier attempt may have stopped the subscriber)");
  CHECK(to_string(UnsubscribeResult(GatewayError{std::nullopt, "x", true})) ==
        "refused: x (an earlier attempt may have stopped the subscriber)");
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
  stream << UnsubscribeResult(Accepted{"MT-1"}) << ' ' << StopState::not_sent << ' ' << Kind::tls;
  CHECK(stream.str() == "accepted: MT-1 not_sent tls");
}

TEST_CASE("Control characters are escaped, other text is left as it is") {
  const auto text = "a\0b\r\n\t\x1B[31m\x7F caf\u00e9 \U0001F3B5 \u009Bx\u00A0"s;
  const auto line = to_string(UnsubscribeResult(Accepted{text}));
  CHECK(line == "accepted: a\\x00b\\r\\n\\t\\x1B[31m\\x7F caf\u00e9 \U0001F3B5 \\x9Bx\u00A0");
}

TEST_CASE("Bytes that are no UTF-8 are escaped") {
  CHECK(to_string(UnsubscribeResult(Accepted{"\x9B\x33\xE0\xB8\x9B\x9B\xC3\x9B\xE9t\xC2"})) ==
        "accepted: \\x9B\x33\xE0\xB8\x9B\\x9B\xC3\x9B\\xE9t\\xC2");
}

TEST_CASE("Each state and kind is named as its enumerator") {
  using Kind = TransportError::Kind;
  CHECK(to_string(StopState::accepted) == "accepted");
  CHECK(to_string(StopState::refused) == "refused");
  CHECK(to_string(StopState::not_sent) == "not_sent");
  CHECK(to_string(StopState::unknown) == "unknown");
  CHECK(to_string(Kind::resolve) == "resolve");
  CHECK(to_string(Kind::connect) == "connect");
  CHECK(to_string(Kind::tls) == "tls");
  CHECK(to_string(Kind::timeout) == "timeout");
  CHECK(to_string(Kind::send) == "send");
  CHECK(to_string(Kind::receive) == "receive");
  CHECK(to_string(Kind::too_large) == "too_large");
  CHECK(to_string(Kind::cancelled) == "cancelled");
  CHECK(to_string(Kind::other) == "other");
}

TEST_CASE("Documented codes are described, others are not") {
  CHECK(mobivate::describe(200) == "accepted");
  CHECK(mobivate::describe(540) == "DOI confirmed by user");
  CHECK(mobivate::describe(541) ==
        "message delayed while waiting for DOI, an earlier request is pending: "
        "hold before retrying");
  CHECK(mobivate::describe(542) == "message rejected due to DOI, not confirmed yet");
  CHECK(mobivate::describe(543) == "DOI unconfirmed, awaiting user action");
  CHECK(mobivate::describe(544) == "DOI declined by user");
  CHECK(mobivate::describe(545) == "DOI failed: try again or contact support");
  CHECK(mobivate::describe(590) == "send failed");
  for (const int code : {-1, 0, 199, 201, 539, 546, 589, 591, 1000}) {
    CHECK(mobivate::describe(code).empty());
  }
}
