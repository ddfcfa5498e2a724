#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <mobivate/doi_client.hpp>

#include "stops.hpp"

namespace fleet {

/// When a stop that has no final outcome is tried again.
struct Patience {
  Seconds later{60};  ///< The first delay. It doubles up to an hour.
  int tries = 20;
};

/// How the one HTTP request of a lease ended.
struct Ended {
  mobivate::UnsubscribeResult result{};
  bool requested = false;  ///< Whether a request was begun.
  /// Of the request alone, without what is known of earlier ones. Only if `requested`.
  bool had_no_connection = false;
  std::optional<std::chrono::seconds> retry_after{};
};

/// What an answer says of the worker.
enum class About {
  subscriber,  ///< An answer for one subscriber.
  account,     ///< The account is refused: no stop can be sent.
  connection,  ///< No answer.
};

About about(const Ended& ended);

/// Returns what is to be written of a row. `counts` is false for an answer about the account that
/// must not count as a try. `random` is from 0 to 1.
Outcome decide(const LeasedStop& stop, const Ended& ended, const Patience& patience, bool counts,
               double random);

/// For a stop that can't be sent.
Outcome never_sent(const LeasedStop& stop, std::string reason);

}  // namespace fleet
