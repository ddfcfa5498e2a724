#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
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

/// Leases rows for one worker. Each lease looks for rows after those of the one before, so that
/// versions of rows that vacuum can't remove yet are passed once, and not by every lease.
class Leases {
 public:
  Leases(std::string worker, Seconds length) : worker_(std::move(worker)), length_(length) {}

  Lease take(Connection& database, std::size_t most);
  /// The next lease looks at all rows that are due.
  void begin_at_front();
  /// The next lease looks again at what this worker passed in the last 5 to 10 seconds: a row may
  /// have been committed, or given back, behind it.
  void go_back();
  /// Another server may have another clock.
  void forget_clock() noexcept { clock_.forget(); }

 private:
  /// A place in a lane. The text sorts as the times do.
  struct Position {
    std::string due_at{"-infinity"};
    std::int64_t id = 0;

    bool operator<(const Position& other) const {
      return std::tie(due_at, id) < std::tie(other.due_at, other.id);
    }
  };

  void note_ends(const Rows& rows);
  void note_lead(Seconds on_its_way);
  void note_marks(BootTime now);
  void take_row(const Rows& rows, int row, BootTime asked, Lease& lease);

  std::string worker_;
  Seconds length_;
  ServerClock clock_{};
  Seconds lead_{0.02};  // what an answer needs to arrive
  Position lanes_[2]{};
  Position marks_[2]{};         // where each lane was 5 to 10 seconds ago
  Position newest_marks_[2]{};  // up to 5 seconds ago
  std::optional<BootTime> next_mark_{};
};

/// Write outcomes. Return the rows that were still this worker's.
std::vector<std::int64_t> finish(Connection& database, const std::string& worker,
                                 const std::vector<Outcome>& outcomes);
std::vector<std::int64_t> give_back(Connection& database, const std::string& worker,
                                    const std::vector<GivenBack>& stops);

}  // namespace fleet
