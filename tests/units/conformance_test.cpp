#include <fstream>
#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "support.hpp"

namespace {

nlohmann::json cases(const char* file) {
  std::ifstream stream(std::string(MOBIVATE_TEST_DIR "/conformance/") + file);
  REQUIRE(stream);
  return nlohmann::json::parse(stream);
}

/// C++20 doesn't know how to compare a std::string and a json.
std::string text(const nlohmann::json& object, const char* name) {
  return object.at(name).get<std::string>();
}

std::optional<std::uint32_t> optional_number(const nlohmann::json& object, const char* name) {
  if (!object.contains(name)) return std::nullopt;
  return object.at(name).get<std::uint32_t>();
}

mobivate::UnsubscribeRequest request_of(const nlohmann::json& json) {
  mobivate::UnsubscribeRequest request;
  request.source = json.value("source", 0U);
  request.destination = json.value("destination", "");
  request.keyword = json.value("keyword", "");
  request.amount = optional_number(json, "amount");
  request.frequency = optional_number(json, "frequency");
  request.campaign = json.value("campaign", "");
  request.provider = json.value("provider", "");
  request.reference = json.value("reference", "");
  request.stop = json.at("stop") == "one" ? mobivate::Stop::one : mobivate::Stop::flag;
  return request;
}

const char* type_of(const mobivate::UnsubscribeResult& result) {
  constexpr const char* names[] = {"UnexpectedResponse", "Accepted",       "SendFailed",
                                   "GatewayError",       "TransportError", "InvalidRequest"};
  return names[result.index()];
}

void check_result(const mobivate::UnsubscribeResult& result, const nlohmann::json& test) {
  const auto& expected = test.at("expect");
  CAPTURE(result);
  REQUIRE(type_of(result) == text(expected, "type"));
  if (const auto* accepted = std::get_if<mobivate::Accepted>(&result)) {
    CHECK(accepted->message_id == text(expected, "message_id"));
  }
  if (const auto* failed = std::get_if<mobivate::SendFailed>(&result)) {
    CHECK(failed->code == expected.at("code").get<int>());
    CHECK(failed->description == text(expected, "description"));
  }
  if (const auto* error = std::get_if<mobivate::GatewayError>(&result)) {
    if (expected.at("code").is_null()) {
      CHECK_FALSE(error->code.has_value());
      CHECK(error->message == text(expected, "message"));
    } else {
      CHECK(error->code == expected.at("code").get<int>());
      CHECK(error->message == mobivate::describe(*error->code));
    }
  }
  if (const auto* unexpected = std::get_if<mobivate::UnexpectedResponse>(&result)) {
    CHECK(unexpected->http_status == test.at("http_status").get<int>());
    CHECK_FALSE(unexpected->reason.empty());
  }
}

}  // namespace

TEST_CASE("Conformance: requests") {
  for (const auto& test : cases("requests.json")) {
    DYNAMIC_SECTION(test.at("name").get<std::string>()) {
      const auto request = request_of(test.at("request"));
      auto options = support::options(test.value("base_url", "https://hostname"));
      options.account_id = test.value("account_id", support::account_id);
      options.api_key = mobivate::Secret(test.value("api_key", support::api_key));
      const auto gateway = support::mock();
      const mobivate::DoiClient client(options, gateway);
      const auto invalid = mobivate::validate(request);

      if (test.contains("invalid")) {
        REQUIRE(invalid);
        CHECK(invalid->field == text(test, "invalid"));
        CHECK_FALSE(invalid->reason.empty());

        const auto result = client.unsubscribe(request);
        REQUIRE(std::holds_alternative<mobivate::InvalidRequest>(result));
        CHECK(gateway->requests().empty());
      } else {
        CHECK_FALSE(invalid);
        CHECK(mobivate::build_url(options.base_url, options.account_id, options.api_key.reveal(),
                                  request) == text(test, "url"));

        gateway->reply(200, R"({"200": "MT-1"})");
        CHECK(mobivate::stop_state(client.unsubscribe(request)) == mobivate::StopState::accepted);
        REQUIRE(gateway->requests().size() == 1);
        CHECK(gateway->requests()[0].url == text(test, "url"));
      }
    }
  }
}

TEST_CASE("Conformance: responses") {
  for (const auto& test : cases("responses.json")) {
    DYNAMIC_SECTION(test.at("name").get<std::string>()) {
      const int status = test.at("http_status");
      const std::string body = test.at("body");
      check_result(mobivate::parse_response({status, body, {}}), test);

      const auto gateway = support::mock();
      gateway->reply(status, body);
      const mobivate::DoiClient client(support::without_retries(support::options()), gateway);
      check_result(client.unsubscribe(support::ndoi_request()), test);
    }
  }
}
