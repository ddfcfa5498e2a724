#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <mobivate/doi_client.hpp>

#include "clock.hpp"
#include "database.hpp"
#include "decide.hpp"
#include "options.hpp"
#include "stops.hpp"

namespace fleet {

/// What a worker has done.
struct Counts {
  std::uint64_t sent = 0;  ///< HTTP requests begun.
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t not_sent = 0;
  std::uint64_t unknown = 0;
  std::uint64_t later = 0;  ///< Outcomes after which the row is due again.

  std::uint64_t written() const { return accepted + refused + not_sent + unknown + later; }
};

/// The stops that a worker holds, shared by three threads: the main thread begins requests at their
/// moments, the client's thread ends them, and the database's thread leases and writes. No function
/// waits for the network or for the database.
class Desk {
 public:
  explicit Desk(const WorkOptions& options);

  // For the database's thread.

  /// Returns how many rows to lease now.
  std::size_t wanted() const;
  void add(std::vector<LeasedStop> stops);
  /// Takes what is to be written. It counts as held until `note_written`.
  std::vector<Outcome> take_outcomes();
  std::vector<GivenBack> take_given_back();
  std::optional<std::chrono::seconds> take_hold();
  /// Something could not be written: it is kept.
  void keep(std::vector<Outcome> outcomes, std::vector<GivenBack> stops);
  /// Forgets what was taken. `counted` of the outcomes were still this worker's rows.
  void note_written(std::size_t taken) noexcept;
  void count(const Outcome& outcome);
  /// Gives back rows whose lease may be lost with this server.
  void refuse(const std::vector<LeasedStop>& stops);
  /// Waits until there is something to write, or until then.
  void wait_for_work(BootTime until);
  bool has_to_write() const;
  bool is_done() const;  ///< Whether it stops, and holds nothing any more.
  BootTime last_lease_end() const;

  // For the main thread.

  /// Returns the stops whose requests are to begin now.
  std::vector<LeasedStop> begin();
  /// Waits until a request is to begin, or for this long.
  void wait_for_moment(Seconds longest);
  void stop();
  std::vector<std::string> take_messages();

  // For the client's thread.

  void end(const LeasedStop& stop, const Ended& ended, BootTime sent_at);

  // For all.

  void say(std::string message);
  Counts counts() const;
  std::size_t in_flight() const;
  bool is_stopping() const;
  /// Why it is paused. Empty: it is not.
  std::string paused() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  std::size_t held() const { return waiting_.size() + in_flight_ + unwritten_; }
  void give_back_waiting();
  bool begin_first(BootTime now, std::vector<LeasedStop>& begun);
  void put(Outcome outcome);
  void put(GivenBack stop);
  void note_answer(About answer, const Ended& ended);
  double random();

  const WorkOptions& options_;
  mutable std::mutex mutex_{};
  std::condition_variable for_sender_{};
  std::condition_variable for_database_{};

  std::deque<LeasedStop> waiting_{};  // by moment
  std::size_t in_flight_ = 0;
  std::vector<Outcome> outcomes_{};
  std::vector<GivenBack> given_back_{};
  std::size_t unwritten_ = 0;  // outcomes and rows to give back, also those being written
  BootTime first_unwritten_{};
  std::optional<std::chrono::seconds> hold_{};
  Counts counts_{};
  BootTime counted_from_ = BootClock::now();  // for the speed at which requests end
  std::uint64_t ended_ = 0;
  double ends_per_second_ = 0;
  bool sender_is_idle_ = false;
  bool stopping_ = false;
  BootTime last_lease_end_{};

  int account_failures_ = 0;
  bool last_was_about_account_ = false;
  std::string paused_{};
  BootTime next_probe_{};

  std::vector<std::string> messages_{};
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace fleet
