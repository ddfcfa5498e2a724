#pragma once

#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "clock.hpp"
#include "database.hpp"
#include "desk.hpp"
#include "options.hpp"
#include "stops.hpp"

namespace fleet {

/// The worker's side of the database: leases stops for the desk and writes their outcomes, on a
/// thread of its own. When the database is gone, it connects again, for ever.
class Writer {
 public:
  Writer(Database& database, const WorkOptions& options, Desk& desk);

  /// Returns when the desk stops and everything is written, or when the database refuses a
  /// statement.
  void run();

  bool is_finished() const { return finished_; }
  bool is_gone() const { return gone_; }
  /// Why the database, or its schema, can't be used at all. Empty: it can. Read it when finished.
  const std::string& refusal() const { return refusal_; }

 private:
  void serve(Connection& database);
  void greet(Connection& database);
  bool write(Connection& database);
  void write_outcomes(Connection& database);
  void give_rows_back(Connection& database);
  void lease(Connection& database);
  bool choose_where_to_look();
  void note_lease(const Lease& lease, std::size_t wanted, Seconds took);
  void check_end(Connection& database, const Lease& lease, bool from_front);
  void beat(Connection& database);
  bool is_doubtful(const Connection& database);
  void clear_doubt(Connection& database);
  void leave(Connection& database);
  void lose(const std::string& why);
  void wait_to_connect();
  double random(double least, double most);

  Database& database_;
  const WorkOptions& options_;
  Desk& desk_;
  const std::string name_;
  Leases leases_;
  std::minstd_rand random_{std::random_device()()};

  std::vector<Outcome> outcomes_{};  // being written, or committed with a warning
  std::vector<GivenBack> given_back_{};
  bool doubtful_ = false;  // a commit came with a warning
  std::atomic<bool> gone_{false};
  std::atomic<bool> finished_{false};
  std::string refusal_{};
  Seconds backoff_{0.1};
  bool told_of_pooler_ = false;

  bool idle_ = true;
  BootTime next_lease_{};
  BootTime next_front_{};
  BootTime next_look_{};
  BootTime next_beat_{};
  BootTime next_plan_{};
  std::string told_pause_{};
};

}  // namespace fleet
