// <mobivate/json.hpp>: requests and results as JSON.

#include <optional>
#include <string>
#include <tuple>

#include <mobivate/json.hpp>

#include "catch.hpp"
#include "support.hpp"

using mobivate::UnsubscribeRequest;
using mobivate::UnsubscribeResult;
using nlohmann::json;
using nlohmann::ordered_json;

TEST_CASE("A request becomes JSON and comes back the same") {
  CHECK(ordered_json(support::ndoi_request()).dump() ==
        R"({"source":12345,"destination":"XX7432104492","keyword":"mv-100620006","amount":100,)"
        R"("frequency":7,"campaign":"Test","provider":"safaricom","reference":"ABC1234",)"
        R"("stop":"flag"})");
  CHECK(ordered_json(support::kenya_request()).dump() ==
        R"({"source":12345,"destination":"XX7432104492","keyword":"mv-100620006","frequency":7,)"
        R"("campaign":"TestCampaign","reference":"MyRef","stop":"one"})");
  for (const auto& request :
       {support::ndoi_request(), support::kenya_request(), UnsubscribeRequest()}) {
    CHECK(json(request).get<UnsubscribeRequest>() == request);
    CHECK(ordered_json(request).get<UnsubscribeRequest>() == request);
  }
}

TEST_CASE("A member that is missing or null leaves its field as it is made by default") {
  CHECK(json::object().get<UnsubscribeRequest>() == UnsubscribeRequest());
  const auto nulls = json::parse(
      R"({"source":null,"destination":null,"keyword":null,"amount":null,"frequency":null,)"
      R"("campaign":null,"provider":null,"reference":null,"stop":null,"more":1})");
  CHECK(nulls.get<UnsubscribeRequest>() == UnsubscribeRequest());
  CHECK(json::parse(R"({"source":4294967295,"amount":0})").get<UnsubscribeRequest>().source ==
        4294967295);
}

TEST_CASE("A member that can't be a field is refused by name") {
  const auto [text, problem] = GENERATE(table<std::string, std::string>({
      {"[]", "a request: write a JSON object"},
      {R"({"source":"12345"})", "source: write a whole number, 0 to 4294967295"},
      {R"({"source":4294967296})", "source: write a whole number, 0 to 4294967295"},
      {R"({"amount":-1})", "amount: write a whole number, 0 to 4294967295"},
      {R"({"frequency":7.5})", "frequency: write a whole number, 0 to 4294967295"},
      {R"({"destination":254743210492})", "destination: write a string"},
      {R"({"keyword":1})", "keyword: write a string"},
      {R"({"campaign":true})", "campaign: write a string"},
      {R"({"provider":[]})", "provider: write a string"},
      {R"({"reference":{}})", "reference: write a string"},
      {R"({"stop":1})", "stop: write a string"},
      {R"({"stop":"1"})", R"(stop: write "flag" for NDOI or "one" for Web Opt-In Kenya)"},
  }));
  CHECK_THROWS_WITH(json::parse(text).get<UnsubscribeRequest>(), problem);
}

TEST_CASE("A result becomes JSON with its state and its members") {
  using Kind = mobivate::TransportError::Kind;
  const auto [result, text] = GENERATE(table<UnsubscribeResult, std::string>({
      {mobivate::Accepted{"MT-1"},
       R"({"state":"accepted","retryable":false,"result":"Accepted","message_id":"MT-1"})"},
      {mobivate::SendFailed{590, "x", true},
       R"({"state":"refused","retryable":false,"result":"SendFailed","code":590,)"
       R"("description":"x","after_unknown":true})"},
      {mobivate::GatewayError{541, "x"},
       R"({"state":"refused","retryable":false,"result":"GatewayError","code":541,)"
       R"("message":"x","after_unknown":false})"},
      {mobivate::GatewayError{std::nullopt, "x"},
       R"({"state":"refused","retryable":false,"result":"GatewayError","code":null,)"
       R"("message":"x","after_unknown":false})"},
      {mobivate::UnexpectedResponse{503, "x", "y"},
       R"({"state":"unknown","retryable":true,"result":"UnexpectedResponse","http_status":503,)"
       R"("reason":"x","body":"y"})"},
      {mobivate::TransportError{Kind::connect, false, "x"},
       R"({"state":"not_sent","retryable":true,"result":"TransportError","kind":"connect",)"
       R"("maybe_delivered":false,"message":"x"})"},
      {mobivate::InvalidRequest{"source", "x"},
       R"({"state":"not_sent","retryable":false,"result":"InvalidRequest","field":"source",)"
       R"("reason":"x"})"},
  }));
  CHECK(ordered_json(result).dump() == text);
  CHECK(json(result) == json::parse(text));
}

TEST_CASE("Bytes that are no UTF-8 don't keep a result or a request from being JSON") {
  CHECK(json(mobivate::Accepted{"caf\xE9 caf\xC3\xA9\n"}).at("message_id").dump() ==
        "\"caf\xEF\xBF\xBD caf\xC3\xA9\\n\"");
  auto request = support::ndoi_request();
  request.destination = "\xFF";
  request.keyword = "\xFF";
  request.campaign = "\xFF";
  request.provider = "\xFF";
  request.reference = "\xFF";
  CHECK_NOTHROW(json(request).dump());
  const std::string bad = "\xFF";
  for (const UnsubscribeResult& result :
       {UnsubscribeResult(mobivate::SendFailed{590, bad}),
        UnsubscribeResult(mobivate::GatewayError{541, bad}),
        UnsubscribeResult(mobivate::UnexpectedResponse{200, bad, bad}),
        UnsubscribeResult(mobivate::TransportError{{}, true, bad}),
        UnsubscribeResult(mobivate::InvalidRequest{bad, bad})}) {
    CHECK_NOTHROW(json(result).dump());
  }
}
