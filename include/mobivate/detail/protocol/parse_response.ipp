#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <mobivate/detail/protocol/plain_success.hpp>
#include <mobivate/detail/text.hpp>
#include <mobivate/parse_response.hpp>

namespace mobivate {

namespace detail {

inline constexpr std::string_view byte_order_mark{"\xEF\xBB\xBF"};

/// Returns the number if the text is three digits, or nothing.
constexpr std::optional<int> three_digits(std::string_view text) noexcept {
  if (text.size() != 3 || !is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[2])) {
    return std::nullopt;
  }
  return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

constexpr bool is_2xx(int code) noexcept {
  return code >= 200 && code <= 299;
}

/// Whether a code of at most three digits means a refusal.
constexpr bool is_refusal(int code) noexcept {
  return code >= 100 && !is_2xx(code);
}

inline UnsubscribeResult in_doubt(std::string reason) {
  return UnexpectedResponse{0, std::move(reason), {}};
}

inline UnsubscribeResult accepted_if_2xx(std::string message_id, int http_status) {
  if (is_2xx(http_status)) return Accepted{std::move(message_id)};
  return in_doubt("a success body, but the HTTP status is not 2xx");
}

inline GatewayError gateway_error(int code) {
  return {code, std::string(describe(code))};
}

/// Replaces one comma before the last brace by a space, because the Kenya page's own sample ends in
/// `",}`. The text must begin with a brace. If it ends in another character, it is no JSON object.
inline void blank_trailing_comma(std::string& object) {
  const std::size_t last = object.find_last_not_of(" \t\r\n", object.size() - 2);
  if (object[last] == ',') object[last] = ' ';
}

/// Whether a member of the answer is a result: `error`, or three digits that do not begin with 0.
inline bool is_documented(std::string_view name) {
  return name == "error" || three_digits(name).value_or(0) >= 100;
}

/// Parses the outermost object. Nested objects and arrays stay empty. The result is discarded if
/// the text is not valid JSON. Sets `twice` if a documented member appears twice, also if its name
/// is written with escapes (`"\u00320\u0030"` is "200").
inline nlohmann::json parse_members(std::string object, bool& twice) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::string> names;
  const auto look = [&](int depth, Event event, nlohmann::json& parsed) {
    if (depth > 1) return false;
    if (event != Event::key) return true;
    const auto& name = parsed.get_ref<const std::string&>();
    if (!is_documented(name)) return true;
    twice = twice || std::find(names.begin(), names.end(), name) != names.end();
    names.push_back(name);
    return true;
  };
  blank_trailing_comma(object);
  return nlohmann::json::parse(object, look, false);
}

inline UnsubscribeResult read_error(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get_ref<const std::uint64_t&>();
    if (number < 100 || number > 999) return in_doubt("member \"error\" is not three digits");
    const int code = static_cast<int>(number);
    return is_refusal(code) ? gateway_error(code) : in_doubt("the error code is not a refusal");
  }
  if (!value.is_string()) return in_doubt("member \"error\" is neither text nor a code");
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) return in_doubt("member \"error\" is empty");
  const auto code = three_digits(text);
  if (!code) return GatewayError{std::nullopt, text};
  return is_refusal(*code) ? gateway_error(*code) : in_doubt("the error code is not a refusal");
}

inline UnsubscribeResult read_member(const std::string& name, const nlohmann::json& value,
                                     int http_status) {
  if (name == "error") return read_error(value);
  const int code = three_digits(name).value_or(0);
  if (is_2xx(code) && code != 200) return in_doubt("a 2xx code that is not documented");
  if (!value.is_string()) return in_doubt("member \"" + name + "\" is not text");
  auto text = value.get_ref<const std::string&>();
  if (code == 200) {
    if (text.empty()) return in_doubt("member \"200\" is empty");
    return accepted_if_2xx(std::move(text), http_status);
  }
  constexpr std::string_view prefix{"SEND_FAILED: "};
  if (starts_with(text, prefix)) text.erase(0, prefix.size());
  return SendFailed{code, std::move(text)};
}

/// Combines two documented members of one answer. They must be refusals with the same code.
inline UnsubscribeResult combine(const UnsubscribeResult& a, const UnsubscribeResult& b) {
  if (std::holds_alternative<Accepted>(a) || std::holds_alternative<Accepted>(b)) {
    return in_doubt("a success and a refusal at once");
  }
  if (!gateway_code(a) || gateway_code(a) != gateway_code(b)) {
    return in_doubt("two refusals that differ");
  }
  return std::holds_alternative<SendFailed>(a) ? a : b;  // SendFailed has the gateway's own words
}

inline UnsubscribeResult read_document(std::string_view text, int http_status) {
  bool twice = false;
  const nlohmann::json object = parse_members(std::string(text), twice);
  if (object.is_discarded()) return in_doubt("not valid JSON");
  if (twice) return in_doubt("a documented member appears twice");

  std::optional<UnsubscribeResult> found;
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (!is_documented(member.key())) continue;
    auto result = read_member(member.key(), member.value(), http_status);
    if (std::holds_alternative<UnexpectedResponse>(result)) return result;
    found = found ? combine(*found, result) : std::move(result);
    if (std::holds_alternative<UnexpectedResponse>(*found)) return std::move(*found);
  }
  return found ? std::move(*found) : in_doubt("no documented member");
}

inline UnsubscribeResult read_object(std::string_view text, int http_status) {
  if (auto id = id_of_plain_success(text)) return accepted_if_2xx(std::move(*id), http_status);
  return read_document(text, http_status);
}

/// Reads a plain-text answer, which an older edition of the NDOI page documents.
inline UnsubscribeResult read_plain_text(std::string_view text, int http_status) {
  constexpr std::string_view id_prefix{"MT-"};
  if (text.empty()) return in_doubt("an empty body");
  if (starts_with(text, id_prefix) && text.size() > id_prefix.size() &&
      std::all_of(text.begin(), text.end(), is_id_character)) {
    return accepted_if_2xx(std::string(text), http_status);
  }
  const auto code = three_digits(text);
  if (code && is_refusal(*code)) return gateway_error(*code);
  return in_doubt("not a documented answer");
}

inline UnsubscribeResult read_body(std::string_view body, int http_status) {
  std::string_view text = trim(body);
  if (starts_with(text, byte_order_mark)) text = trim(text.substr(byte_order_mark.size()));
  // nlohmann/json would end at a NUL byte, and would skip a byte order mark.
  if (text.find('\0') != std::string_view::npos) return in_doubt("a NUL byte in the body");
  if (text.find(byte_order_mark) != std::string_view::npos) {
    return in_doubt("a second byte order mark in the body");
  }
  return starts_with(text, "{") ? read_object(text, http_status)
                                : read_plain_text(text, http_status);
}

/// Returns what to do about an HTTP status. It is appended to `UnexpectedResponse::reason`.
constexpr std::string_view advice(int http_status) noexcept {
  if (http_status >= 300 && http_status <= 399 && http_status != 304) {
    return "; redirects are not followed: set base_url to the gateway's own address";
  }
  if (http_status >= 500) return "; send again later";
  switch (http_status) {
    case 408:
    case 425:
    case 429:
      return "; send again later";
    case 401:
    case 403:
      return "; check account_id and api_key";
    case 404:
      return "; check base_url, account_id and api_key";
    case 407:
      return "; the proxy asks for other credentials: check CurlOptions::proxy";
    default:
      return {};
  }
}

}  // namespace detail

MOBIVATE_INLINE UnsubscribeResult parse_response(const HttpResponse& response) {
  UnsubscribeResult result = detail::read_body(response.body, response.status);
  if (auto* unexpected = std::get_if<UnexpectedResponse>(&result)) {
    unexpected->http_status = response.status;
    unexpected->reason += detail::advice(response.status);
    unexpected->body = response.body.substr(0, detail::longest_excerpt);
  }
  return result;
}

}  // namespace mobivate
