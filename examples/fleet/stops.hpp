#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mobivate/unsubscribe_request.hpp>

#include "clock.hpp"
#include "database.hpp"

namespace fleet {

/// A row that this worker has leased.
struct LeasedStop {
  std::int64_t id = 0;
  std::int64_t lease = 0;
  BootTime lease_end{};
  BootTime moment{};         ///< When its request is to begin.
  std::string was_due_at{};  ///< In PostgreSQL's words, to give it back.
  bool maybe_sent = false;   ///< An earlier request may have come through.
  int tries = 0;
  int delays = 0;
  mobivate::UnsubscribeRequest request{};
  std::string problem{};  ///< Why `request` can't be sent. Empty: perhaps it can.
};

/// What is to be written of a row.
struct Outcome {
  std::int64_t id = 0;
  std::int64_t lease = 0;
  BootTime lease_end{};
  const char* state = "waiting";
  std::optional<std::string> message_id{};
  std::optional<int> code{};
  std::optional<std::string> reason{};
  std::optional<int> http_status{};
  std::optional<bool> after_unknown{};
  int attempts = 0;
  int tries = 0;
  int delays = 0;
  bool maybe_sent = false;
  std::optional<BootTime> sent_at{};
  std::optional<Seconds> due_in{};  ///< Nothing: final.
};

/// A row that was not sent.
struct GivenBack {
  std::int64_t id = 0;
  std::int64_t lease = 0;
  BootTime lease_end{};
  std::string due_at{};
};

inline GivenBack given_back(const LeasedStop& stop) {
  return {stop.id, stop.lease, stop.lease_end, stop.was_due_at};
}

/// The answer to a wish for rows.
struct Lease {
  std::vector<LeasedStop> stops{};
  std::size_t picked = 0;         ///< With those that lost their fifth lease.
  bool raced = false;             ///< Another worker was quicker.
  std::optional<Seconds> wait{};  ///< How long the second ahead is full. Nothing: paused.
};

/// Leases rows for one worker.
class Leases {
 public:
  Leases(std::string worker, Seconds length) : worker_(std::move(worker)), length_(length) {}

  Lease take(Connection& database, std::size_t most);
  /// The next lease begins at the front.
  void begin_at_front();
  /// Another server may have another clock.
  void forget_clock() noexcept { clock_.forget(); }

 private:
  struct Position {
    std::string due_at{"-infinity"};
    std::int64_t id = 0;
  };

  std::string worker_;
  Seconds length_;
  ServerClock clock_{};
  Seconds lead_{0.02};  // what an answer needs to arrive
  Position lanes_[2]{};
};

/// Write outcomes. Return the rows that were still this worker's.
std::vector<std::int64_t> finish(Connection& database, const std::string& worker,
                                 const std::vector<Outcome>& outcomes);
std::vector<std::int64_t> give_back(Connection& database, const std::string& worker,
                                    const std::vector<GivenBack>& stops);

}  // namespace fleet
