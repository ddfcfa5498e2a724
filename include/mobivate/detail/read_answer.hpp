#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include <mobivate/detail/answer_reader.hpp>
#include <mobivate/detail/ascii.hpp>
#include <mobivate/detail/json_quirks.hpp>
#include <mobivate/detail/plain_member.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

inline constexpr std::size_t body_excerpt = 256;

inline std::string_view trim_with_byte_order_mark(std::string_view text) noexcept {
  constexpr std::string_view utf8_byte_order_mark{"\xEF\xBB\xBF"};
  text = trim(text);
  if (!starts_with(text, utf8_byte_order_mark)) return text;
  return trim(text.substr(utf8_byte_order_mark.size()));
}

inline UnsubscribeResult in_doubt(std::string reason) {
  return UnexpectedResponse{0, std::move(reason), {}};
}

inline UnsubscribeResult accepted_if_2xx(std::string message_id, int http_status) {
  if (is_2xx(http_status)) return Accepted{std::move(message_id)};
  return in_doubt("a success body under a status that is no success");
}

/// False if the text is not to be believed; `answer.doubt` says why.
inline bool read_json(std::string json, AnswerReader& answer) {
  // nlohmann/json takes a NUL byte for the end of the input; in JSON it can't stand anywhere.
  if (json.find('\0') != std::string::npos) {
    answer.doubt = "not valid JSON: it holds a NUL byte";
    return false;
  }
  blank_trailing_comma(json);
  if (!simplify_numbers(json)) {
    answer.doubt = "not valid JSON";
    return false;
  }
  return nlohmann::json::sax_parse(json, &answer);
}

inline bool read_member(const PlainMember& member, AnswerReader& answer) {
  std::string value(member.value);
  return answer.start_object(1) && answer.key(member.name) && answer.string(value);
}

inline UnsubscribeResult read_object(std::string_view text, int http_status) {
  AnswerReader answer;
  const auto member = single_plain_member(text);
  const bool is_read = member ? read_member(*member, answer) : read_json(std::string(text), answer);
  if (!is_read) return in_doubt(std::move(answer.doubt));

  if (answer.message_id && !answer.failed && !answer.error) {
    return accepted_if_2xx(std::move(*answer.message_id), http_status);
  }
  if (answer.message_id) return in_doubt("a success and a refusal at once");
  if (answer.failed && answer.error && answer.error->code != answer.failed->code) {
    return in_doubt("two refusals that differ");
  }
  if (answer.failed) return std::move(*answer.failed);
  if (answer.error) return std::move(*answer.error);
  return in_doubt("no documented member");
}

/// The form of an older edition of the NDOI page.
inline UnsubscribeResult read_plain_text(std::string_view text, int http_status) {
  constexpr std::string_view id_prefix{"MT-"};
  const auto is_id_character = [](char c) { return is_alphanumeric(c) || c == '-'; };
  if (text.empty()) return in_doubt("an empty body");
  if (starts_with(text, id_prefix) && text.size() > id_prefix.size() &&
      std::all_of(text.begin(), text.end(), is_id_character)) {
    return accepted_if_2xx(std::string(text), http_status);
  }
  const auto code = three_digits(text);
  if (code && *code >= 100 && !is_2xx(*code)) return gateway_error(*code);
  return in_doubt("a body that is no documented answer");
}

/// What to do about an HTTP status that explains an undocumented answer.
constexpr std::string_view advice(int http_status) noexcept {
  if (http_status >= 300 && http_status <= 399) {
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
      return "; the proxy wants other credentials";
    default:
      return {};
  }
}

/// See `parse_response`.
inline UnsubscribeResult read_answer(const HttpResponse& response) {
  const std::string_view text = trim_with_byte_order_mark(response.body);
  UnsubscribeResult result = starts_with(text, "{") ? read_object(text, response.status)
                                                    : read_plain_text(text, response.status);
  if (auto* unexpected = std::get_if<UnexpectedResponse>(&result)) {
    unexpected->http_status = response.status;
    unexpected->reason += advice(response.status);
    unexpected->body = response.body.substr(0, body_excerpt);
  }
  return result;
}

}}}  // namespace mobivate::v0::detail
