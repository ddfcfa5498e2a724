#include "outcome.hpp"

#include <array>
#include <ctime>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

namespace bulk {

namespace {

using mobivate::StopState;
using nlohmann::json;

/// Returns the time as RFC 3339, in UTC, with milliseconds.
std::string now() {
  using std::chrono::milliseconds;
  const auto time = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  const auto since_epoch = std::chrono::duration_cast<milliseconds>(time.time_since_epoch());
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, sizeof "2025-01-31T12:34:56"> date{};
  std::strftime(date.data(), date.size(), "%FT%T", &utc);
  const auto fraction = std::to_string(1'000 + since_epoch.count() % 1'000);
  return date.data() + ("." + fraction.substr(1)) + "Z";
}

/// Returns the text as JSON. Bytes that are not UTF-8 are replaced: a row that can't be sent, or
/// the gateway's words, may have some.
std::string json_text(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Returns a line up to its state. Written by hand for speed: each row needs it twice.
std::string line_up_to_state(std::size_t line, const mobivate::UnsubscribeRequest& request) {
  std::string text(line_start);
  text.reserve(512);
  text += now() + "\",\"line\":" + std::to_string(line);
  text += ",\"source\":" + std::to_string(request.source);
  text += ",\"keyword\":" + json_text(request.keyword);
  text += ",\"destination\":" + json_text(request.destination);
  text += ",\"reference\":" + json_text(request.reference);
  return text += ",\"state\":";
}

bool is_documented(int code) {
  return !mobivate::describe(code).empty();
}

/// Returns the code of a refusal. Returns nothing for a refusal without a code, and for any other
/// result.
std::optional<int> refusal_code(const mobivate::UnsubscribeResult& result) {
  if (const auto* failed = std::get_if<mobivate::SendFailed>(&result)) return failed->code;
  const auto* error = std::get_if<mobivate::GatewayError>(&result);
  return error == nullptr ? std::nullopt : error->code;
}

bool is_after_unknown(const mobivate::UnsubscribeResult& result) {
  if (const auto* failed = std::get_if<mobivate::SendFailed>(&result)) return failed->after_unknown;
  const auto* error = std::get_if<mobivate::GatewayError>(&result);
  return error != nullptr && error->after_unknown;
}

std::optional<Journalled> state(const std::string& name) {
  if (name == "sending") return Journalled::sending;
  if (name == to_string(StopState::accepted)) return Journalled::accepted;
  if (name == to_string(StopState::refused)) return Journalled::refused;
  if (name == to_string(StopState::unknown)) return Journalled::unknown;
  if (name == to_string(StopState::not_sent)) return Journalled::nothing;
  return std::nullopt;
}

bool is_rejected_login(int http_status) {
  return http_status == 401 || http_status == 403;
}

}  // namespace

std::string reason(const mobivate::UnsubscribeResult& result) {
  const auto prefix = to_string(mobivate::stop_state(result)).size() + 2;  // and ": "
  return mobivate::to_string(result).substr(prefix);
}

bool is_about_account(const mobivate::UnsubscribeResult& result, int http_status) {
  if (is_rejected_login(http_status)) return true;
  const auto code = refusal_code(result);
  return mobivate::stop_state(result) == StopState::refused && !(code && is_documented(*code));
}

mobivate::UnsubscribeResult after_unknown(mobivate::UnsubscribeResult result) {
  if (auto* failed = std::get_if<mobivate::SendFailed>(&result)) failed->after_unknown = true;
  if (auto* error = std::get_if<mobivate::GatewayError>(&result)) error->after_unknown = true;
  if (auto* error = std::get_if<mobivate::TransportError>(&result)) error->maybe_delivered = true;
  return result;
}

std::string to_line(const Outcome& outcome) {
  const auto* accepted = std::get_if<mobivate::Accepted>(&outcome.result);
  const auto code = refusal_code(outcome.result);
  std::string line = line_up_to_state(outcome.line, outcome.request);
  line += json_text(to_string(mobivate::stop_state(outcome.result)));
  line += ",\"code\":";
  line += accepted != nullptr ? "200" : code ? std::to_string(*code) : "null";
  line += ",\"message_id\":";
  line += accepted != nullptr ? json_text(accepted->message_id) : "null";
  line += ",\"reason\":";
  line += accepted != nullptr ? "null" : json_text(reason(outcome.result));
  line += ",\"attempts\":" + std::to_string(outcome.attempts);
  line += ",\"milliseconds\":" + std::to_string(outcome.elapsed.count());
  line += ",\"http_status\":";
  line += outcome.http_status == 0 ? "null" : std::to_string(outcome.http_status);
  line += is_after_unknown(outcome.result) ? ",\"after_unknown\":true}\n"
                                           : ",\"after_unknown\":false}\n";
  return line;
}

std::string sending_line(const StopRow& row) {
  return line_up_to_state(row.line, row.request) +
         "\"sending\",\"code\":null,\"message_id\":null,\"reason\":null,\"attempts\":0,"
         "\"milliseconds\":0,\"http_status\":null,\"after_unknown\":false}\n";
}

std::optional<PastLine> past_line(std::string_view line) {
  try {
    const auto members = json::parse(line);
    PastLine past;
    past.request.source = members.at("source").get<std::uint32_t>();
    past.request.keyword = members.at("keyword").get<std::string>();
    past.request.destination = members.at("destination").get<std::string>();
    past.request.reference = members.at("reference").get<std::string>();
    const auto known = state(members.at("state").get_ref<const std::string&>());
    if (!known) return std::nullopt;
    past.state = *known;
    const auto integer = [&members](const char* name) {
      const auto member = members.find(name);  // journals of older versions have no http_status
      return member != members.end() && member->is_number_integer() ? member->get<int>() : 0;
    };
    past.is_about_account =
        past.state == Journalled::refused &&
        (!is_documented(integer("code")) || is_rejected_login(integer("http_status")));
    past.is_after_unknown = members.value("after_unknown", false);
    return past;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace bulk
