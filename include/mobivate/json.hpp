#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include <mobivate/detail/text.hpp>
#include <mobivate/retry_policy.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

/// Converts requests and results to and from JSON, with nlohmann/json: `nlohmann::json(result)`,
/// `json.get<mobivate::UnsubscribeRequest>()`. `nlohmann::ordered_json` works too.
namespace mobivate {

namespace detail {

/// Replaces each byte that is not valid UTF-8 by U+FFFD. Otherwise `dump` would throw.
inline std::string as_utf8(std::string_view text) {
  std::string utf8;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    utf8 += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return utf8;
}

template <class Json>
void read_number(const Json& json, const char* field, std::optional<std::uint32_t>& number) {
  const auto member = json.find(field);
  if (member == json.end() || member->is_null()) return;
  constexpr std::uint64_t largest = (std::numeric_limits<std::uint32_t>::max)();
  if (!member->is_number_unsigned() || member->template get<std::uint64_t>() > largest) {
    throw std::invalid_argument(std::string(field) + ": write a whole number, 0 to 4294967295");
  }
  number = member->template get<std::uint32_t>();
}

template <class Json>
void read_text(const Json& json, const char* field, std::string& text) {
  const auto member = json.find(field);
  if (member == json.end() || member->is_null()) return;
  if (!member->is_string()) throw std::invalid_argument(std::string(field) + ": write a string");
  text = member->template get<std::string>();
}

/// Writes the type of a result and its members, named as in C++.
template <class Json>
struct ResultToJson {
  Json& json;

  void operator()(const Accepted& it) const {
    json["result"] = "Accepted";
    json["message_id"] = as_utf8(it.message_id);
  }
  void operator()(const SendFailed& it) const {
    json["result"] = "SendFailed";
    json["code"] = it.code;
    json["description"] = as_utf8(it.description);
    json["after_unknown"] = it.after_unknown;
  }
  void operator()(const GatewayError& it) const {
    json["result"] = "GatewayError";
    json["code"] = it.code ? Json(*it.code) : Json();
    json["message"] = as_utf8(it.message);
    json["after_unknown"] = it.after_unknown;
  }
  void operator()(const UnexpectedResponse& it) const {
    json["result"] = "UnexpectedResponse";
    json["http_status"] = it.http_status;
    json["reason"] = as_utf8(it.reason);
    json["body"] = as_utf8(it.body);
  }
  void operator()(const TransportError& it) const {
    json["result"] = "TransportError";
    json["kind"] = to_string(it.kind);
    json["maybe_delivered"] = it.maybe_delivered;
    json["message"] = as_utf8(it.message);
  }
  void operator()(const InvalidRequest& it) const {
    json["result"] = "InvalidRequest";
    json["field"] = as_utf8(it.field);
    json["reason"] = as_utf8(it.reason);
  }
};

}  // namespace detail

/// Writes the fields that are set, named as in C++. `stop` is `"flag"` or `"one"`. Bytes that are
/// not valid UTF-8 become U+FFFD.
template <class Json>
void to_json(Json& json, const UnsubscribeRequest& request) {
  json = Json::object();
  json["source"] = request.source;
  json["destination"] = detail::as_utf8(request.destination);
  json["keyword"] = detail::as_utf8(request.keyword);
  if (request.amount) json["amount"] = *request.amount;
  if (request.frequency) json["frequency"] = *request.frequency;
  if (!request.campaign.empty()) json["campaign"] = detail::as_utf8(request.campaign);
  if (!request.provider.empty()) json["provider"] = detail::as_utf8(request.provider);
  json["reference"] = detail::as_utf8(request.reference);
  json["stop"] = request.stop == Stop::one ? "one" : "flag";
}

/// Reads the JSON that `to_json` writes. If a member is missing or null, its field keeps its
/// default: `validate` finds required fields that are missing. Unknown members are ignored. Throws
/// `std::invalid_argument` if a value has the wrong type or range; the message names the field.
template <class Json>
void from_json(const Json& json, UnsubscribeRequest& request) {
  if (!json.is_object()) throw std::invalid_argument("a request: write a JSON object");
  request = {};
  std::optional<std::uint32_t> source;
  detail::read_number(json, "source", source);
  request.source = source.value_or(0);
  detail::read_text(json, "destination", request.destination);
  detail::read_text(json, "keyword", request.keyword);
  detail::read_number(json, "amount", request.amount);
  detail::read_number(json, "frequency", request.frequency);
  detail::read_text(json, "campaign", request.campaign);
  detail::read_text(json, "provider", request.provider);
  detail::read_text(json, "reference", request.reference);
  std::string stop = "flag";
  detail::read_text(json, "stop", stop);
  if (stop != "flag" && stop != "one") {
    throw std::invalid_argument("stop: write \"flag\" for NDOI or \"one\" for Web Opt-In Kenya");
  }
  request.stop = stop == "one" ? Stop::one : Stop::flag;
}

/// Writes `state`, `retryable`, `result` (the name of the result's type) and the members of that
/// type. Example:
/// `{"state": "accepted", "retryable": false, "result": "Accepted", "message_id": "MT-1"}`.
/// Bytes that are not valid UTF-8 become U+FFFD.
template <class Json>
void to_json(Json& json, const UnsubscribeResult& result) {
  json = Json::object();
  json["state"] = to_string(stop_state(result));
  json["retryable"] = is_retryable(result);
  std::visit(detail::ResultToJson<Json>{json}, result);
}

}  // namespace mobivate
