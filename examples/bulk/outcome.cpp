#include "outcome.hpp"

#include <array>
#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

namespace bulk {

namespace {

using mobivate::StopState;
using Json = nlohmann::ordered_json;

/// RFC 3339, in UTC, with milliseconds.
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

/// What the gateway answered; null if it did not.
Json code(const mobivate::UnsubscribeResult& result) {
  if (std::holds_alternative<mobivate::Accepted>(result)) return 200;
  if (const auto* failed = std::get_if<mobivate::SendFailed>(&result)) return failed->code;
  const auto* error = std::get_if<mobivate::GatewayError>(&result);
  return error != nullptr && error->code ? Json(*error->code) : Json();
}

std::optional<StopState> state(const std::string& name) {
  for (const StopState known :
       {StopState::accepted, StopState::refused, StopState::not_sent, StopState::unknown}) {
    if (name == mobivate::to_string(known)) return known;
  }
  return std::nullopt;
}

}  // namespace

std::string reason(const mobivate::UnsubscribeResult& result) {
  const auto prefix = mobivate::to_string(mobivate::stop_state(result)).size() + 2;  // and ": "
  return mobivate::to_string(result).substr(prefix);
}

std::string to_line(const Outcome& outcome) {
  const auto* accepted = std::get_if<mobivate::Accepted>(&outcome.result);
  const Json json{{"time", now()},
                  {"line", outcome.line},
                  {"source", outcome.request.source},
                  {"keyword", outcome.request.keyword},
                  {"destination", outcome.request.destination},
                  {"reference", outcome.request.reference},
                  {"state", mobivate::to_string(mobivate::stop_state(outcome.result))},
                  {"code", code(outcome.result)},
                  {"message_id", accepted == nullptr ? Json() : Json(accepted->message_id)},
                  {"reason", accepted == nullptr ? Json(reason(outcome.result)) : Json()},
                  {"attempts", outcome.attempts},
                  {"milliseconds", outcome.elapsed.count()}};
  // A row that can't be sent, or a gateway's words, need not be UTF-8; JSON must be.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::optional<PastOutcome> past_outcome(std::string_view line) {
  try {
    const auto json = nlohmann::json::parse(line);
    mobivate::UnsubscribeRequest request;
    request.source = json.at("source").get<std::uint32_t>();
    request.keyword = json.at("keyword").get<std::string>();
    request.destination = json.at("destination").get<std::string>();
    request.reference = json.at("reference").get<std::string>();
    const auto known = state(json.at("state").get_ref<const std::string&>());
    if (!known) return std::nullopt;
    return PastOutcome{row_key(request), *known};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace bulk
