#include "decide.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "../bulk/outcome.hpp"

namespace fleet {

namespace {

using mobivate::Accepted;
using mobivate::GatewayError;
using mobivate::SendFailed;
using mobivate::StopState;
using mobivate::UnexpectedResponse;

constexpr int accepted_code = 200;
constexpr int hold_code = 541;

/// Returns the state's text, which lives as long as the program.
const char* state_name(StopState state) {
  switch (state) {
    case StopState::accepted:
      return "accepted";
    case StopState::refused:
      return "refused";
    case StopState::not_sent:
      return "not_sent";
    case StopState::unknown:
      break;
  }
  return "unknown";
}

Outcome outcome_of(const LeasedStop& stop) {
  Outcome outcome;
  outcome.id = stop.id;
  outcome.lease = stop.lease;
  outcome.lease_end = stop.lease_end;
  return outcome;
}

/// Returns the gateway's words as PostgreSQL takes them: UTF-8, without NUL.
std::string storable(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
  const nlohmann::json words(std::move(text));
  const auto replace = nlohmann::json::error_handler_t::replace;
  return nlohmann::json::parse(words.dump(-1, ' ', false, replace)).get<std::string>();
}

/// Fills in what the gateway said.
void describe(Outcome& outcome, const mobivate::UnsubscribeResult& result) {
  if (const auto* accepted = std::get_if<Accepted>(&result)) {
    outcome.message_id = storable(accepted->message_id);
    outcome.code = accepted_code;
    return;
  }
  outcome.reason = storable(bulk::reason(result));
  outcome.code = mobivate::gateway_code(result);
  outcome.after_unknown = false;
  if (const auto* failed = std::get_if<SendFailed>(&result)) {
    outcome.after_unknown = failed->after_unknown;
  } else if (const auto* error = std::get_if<GatewayError>(&result)) {
    outcome.after_unknown = error->after_unknown;
  } else if (const auto* unexpected = std::get_if<UnexpectedResponse>(&result)) {
    outcome.http_status = unexpected->http_status;
  }
}

Seconds delay(const Patience& patience, int delays, double random) {
  constexpr Seconds longest{3'600};
  constexpr int most_doublings = 30;
  const Seconds even = std::ldexp(1.0, std::min(delays, most_doublings)) * patience.later;
  return std::min(even, longest) * (0.8 + 0.4 * random);
}

}  // namespace

About about(const Ended& ended) {
  const auto& result = ended.result;
  if (const auto* error = std::get_if<GatewayError>(&result)) {
    return error->code ? About::subscriber : About::account;
  }
  if (const auto* unexpected = std::get_if<UnexpectedResponse>(&result)) {
    const bool is_rejected = unexpected->http_status == 401 || unexpected->http_status == 403;
    return is_rejected ? About::account : About::subscriber;
  }
  return std::holds_alternative<mobivate::TransportError>(result) ? About::connection
                                                                  : About::subscriber;
}

Outcome decide(const LeasedStop& stop, const Ended& ended, const Patience& patience, bool counts,
               double random) {
  Outcome outcome = outcome_of(stop);
  const StopState state = mobivate::stop_state(ended.result);
  describe(outcome, ended.result);
  // Without a connection there was no request.
  outcome.attempts = ended.requested && !ended.had_no_connection ? 1 : 0;
  const bool is_unknown = state == StopState::unknown && !ended.had_no_connection;
  outcome.maybe_sent = is_unknown && ended.requested;

  const bool is_about_account = about(ended) == About::account;
  const bool is_want_of_connection = ended.had_no_connection || (state == StopState::not_sent &&
                                                                 about(ended) == About::connection);
  const bool is_hold = mobivate::gateway_code(ended.result) == hold_code;
  const bool is_later = is_about_account || is_want_of_connection || is_hold || is_unknown ||
                        state == StopState::unknown;
  if (!is_later) {
    outcome.state = state_name(state);
    return outcome;
  }
  outcome.tries = is_want_of_connection || (is_about_account && !counts) ? 0 : 1;
  if (outcome.tries == 1 && stop.tries + 1 >= patience.tries) {
    outcome.state = state_name(state);
    return outcome;
  }
  outcome.delays = 1;
  outcome.due_in = delay(patience, stop.delays, random);
  return outcome;
}

Outcome never_sent(const LeasedStop& stop, std::string reason) {
  Outcome outcome = outcome_of(stop);
  outcome.state = "not_sent";
  outcome.reason = std::move(reason);
  outcome.after_unknown = false;
  return outcome;
}

}  // namespace fleet
