#include "writer.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <unistd.h>

#include "schema.hpp"
#include "sql.hpp"

namespace fleet {

namespace {

constexpr Seconds beat_interval{5};
constexpr Seconds doubt_interval{1};
constexpr Seconds plan_interval{10};
constexpr Seconds poll_interval{0.25};
constexpr Seconds look_interval{1};
constexpr Seconds shortest_backoff{0.1};
constexpr Seconds longest_backoff{10};

/// Returns a name that no other worker has: machine, process and a random number.
std::string make_name() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  std::random_device device;
  return std::string(host) + ':' + std::to_string(::getpid()) + ':' + std::to_string(device());
}

BootTime in(Seconds time) {
  return BootClock::now() + to_boot(time);
}

}  // namespace

Writer::Writer(Database& database, const WorkOptions& options, Desk& desk)
    : database_(database),
      options_(options),
      desk_(desk),
      name_(make_name()),
      leases_(name_, Seconds(options.lease)) {}

double Writer::random(double least, double most) {
  return std::uniform_real_distribution<double>(least, most)(random_);
}

void Writer::run() {
  while (!finished_) {
    try {
      Connection database = connect_to_schema(database_);
      greet(database);
      serve(database);
      finished_ = true;
    } catch (const DatabaseGone& error) {
      lose(error.what());
      if (desk_.is_done()) break;
      wait_to_connect();
    } catch (const WrongSchema& error) {
      refusal_ = error.what();
      break;
    } catch (const std::exception& error) {
      refusal_ = std::string("the database refuses a statement: ") + error.what() +
                 ". If the schema or a right is missing, run setup and grants.sql";
      break;
    }
  }
  finished_ = true;
}

/// Told once; what could not be written is kept.
void Writer::lose(const std::string& why) {
  desk_.keep(std::exchange(outcomes_, {}), std::exchange(given_back_, {}));
  doubtful_ = false;  // what came with a warning is written again
  leases_.forget_clock();
  leases_.begin_at_front();
  if (!told_of_pooler_ && database_.unprepared) {
    told_of_pooler_ = true;
    desk_.say(
        "The way to the database keeps no prepared statements (a pooler in transaction mode "
        "does not): going on without them");
    backoff_ = shortest_backoff;
    if (!gone_) return;
  }
  if (gone_.exchange(true)) return;
  desk_.say("The database can't be used: " + why +
            ". Nothing new is leased; outcomes are kept, and written when it is back. Connecting "
            "again by itself");
}

void Writer::wait_to_connect() {
  const BootTime end = in(Seconds(random(0, backoff_.count())));
  while (BootClock::now() < end && !desk_.is_done()) {
    ::usleep(20'000);
  }
  backoff_ = std::min(2 * backoff_, longest_backoff);
}

void Writer::greet(Connection& database) {
  beat(database);
  const bool is_back = gone_.exchange(false);
  if (is_back) desk_.say("The database is back");
  backoff_ = shortest_backoff;
  next_lease_ = next_front_ = next_look_ = BootClock::now();
  next_plan_ = in(plan_interval);
}

void Writer::serve(Connection& database) {
  while (!desk_.is_done()) {
    const BootTime now = BootClock::now();
    if (doubtful_) {
      if (now >= next_beat_) clear_doubt(database);
      desk_.wait_for_work(next_beat_);
      continue;
    }
    if (desk_.has_to_write() && !write(database)) continue;
    if (now >= next_lease_) lease(database);
    if (now >= next_plan_) {
      database.plan_anew();
      next_plan_ = in(plan_interval);
    }
    if (now >= next_beat_ || desk_.paused() != told_pause_) beat(database);
    BootTime until = std::min(next_beat_, in(poll_interval));
    if (desk_.wanted() > 0) until = std::min(until, next_lease_);
    if (!desk_.has_to_write()) desk_.wait_for_work(until);
  }
  leave(database);
}

/// Returns false if the commit is in doubt.
bool Writer::write(Connection& database) {
  if (const auto hold = desk_.take_hold()) {
    desk_.say("The gateway asks to wait " + std::to_string(hold->count()) +
              " seconds (Retry-After): the whole fleet waits, an hour at most");
    database.run_prepared(sql::hold, {std::to_string(hold->count())});
    if (is_doubtful(database)) return false;
  }
  outcomes_ = desk_.take_outcomes();
  given_back_ = desk_.take_given_back();
  write_outcomes(database);
  if (!doubtful_) give_rows_back(database);
  if (doubtful_) return false;
  desk_.note_written(outcomes_.size() + given_back_.size());
  outcomes_.clear();
  given_back_.clear();
  return true;
}

void Writer::write_outcomes(Connection& database) {
  if (outcomes_.empty()) return;
  const auto written = finish(database, name_, outcomes_);
  const std::unordered_set<std::int64_t> ids(written.begin(), written.end());
  for (const Outcome& outcome : outcomes_) {
    if (ids.count(outcome.id) > 0) desk_.count(outcome);
  }
  is_doubtful(database);
}

void Writer::give_rows_back(Connection& database) {
  if (given_back_.empty()) return;
  give_back(database, name_, given_back_);
  is_doubtful(database);
}

/// A lease goes on where the last one ended. Once a second, and while there is nothing to do, it
/// goes back a few seconds, or to the front. Returns true if to the front.
bool Writer::choose_where_to_look() {
  const BootTime now = BootClock::now();
  if (!idle_ && now < next_look_) return false;
  next_look_ = now + to_boot(look_interval);
  const bool from_front = now >= next_front_;
  from_front ? leases_.begin_at_front() : leases_.go_back();
  return from_front;
}

void Writer::lease(Connection& database) {
  const std::size_t wanted = desk_.wanted();
  if (wanted == 0) return;
  const bool from_front = choose_where_to_look();
  const BootTime begin = BootClock::now();
  Lease lease = leases_.take(database, wanted);
  const Seconds took = BootClock::now() - begin;
  if (from_front) {
    // While a snapshot is open, dead rows make the way from the front long: it takes a twentieth of
    // the time at most.
    next_front_ = begin + to_boot(20 * took);
    if (lease.raced) leases_.go_back();
  }
  if (is_doubtful(database)) {
    desk_.refuse(lease.stops);
    return;
  }
  note_lease(lease, wanted, took);
  check_end(database, lease, from_front);
  if (!lease.stops.empty()) desk_.add(std::move(lease.stops));
}

/// Decides when to lease again.
void Writer::note_lease(const Lease& lease, std::size_t wanted, Seconds took) {
  idle_ = lease.picked == 0 && lease.wait && lease.wait->count() <= 0;
  Seconds wait{0};
  if (lease.raced) {
    wait = Seconds(random(0.002, 0.03));
  } else if (!lease.stops.empty()) {
    // A second's moments are taken: more come free as time goes by, and many are leased at once.
    const Seconds ahead = lease.stops.back().moment - BootClock::now();
    if (ahead > Seconds(0.75)) wait = Seconds(random(0.2, 0.3));
    if (lease.picked < wanted && ahead <= Seconds(0.75))
      wait = std::clamp(took, Seconds(0.01), poll_interval);
  } else if (lease.picked == 0) {
    wait = Seconds(random(0.2, 0.25));
    if (lease.wait && lease.wait->count() > 0) wait = std::min(*lease.wait, Seconds(1)) + wait;
  }
  next_lease_ = in(wait);
}

/// With --until-empty: ends when nothing is left that is not final. It asks for that after a look
/// at all rows that are due, since the question takes as long.
void Writer::check_end(Connection& database, const Lease& lease, bool from_front) {
  if (!options_.until_empty || lease.picked > 0 || lease.raced) return;
  if (!from_front) {
    next_lease_ = std::min(next_lease_, std::max(BootClock::now(), next_front_));
    return;
  }
  if (!database.run_prepared(sql::unfinished, {}).truth(0, 0)) desk_.stop();
}

void Writer::beat(Connection& database) {
  const Counts counts = desk_.counts();
  const std::string paused = desk_.paused();
  database.run_prepared(sql::heartbeat,
                        {name_, std::to_string(desk_.in_flight()), std::to_string(counts.sent),
                         std::to_string(counts.accepted), std::to_string(counts.refused),
                         std::to_string(counts.later), paused.empty() ? Value() : Value(paused)});
  told_pause_ = paused;
  next_beat_ = in(beat_interval);
  is_doubtful(database);
}

/// Whether the last commit came with a warning: a synchronous standby may not have it.
bool Writer::is_doubtful(const Connection& database) {
  if (database.warning().empty()) return false;
  if (!doubtful_) {
    desk_.say("The database warns of a commit: " + database.warning() +
              ". It may be lost with this server, so it is not taken as done: nothing is leased "
              "until a commit comes without a warning");
  }
  doubtful_ = true;
  next_beat_ = in(doubt_interval);
  return true;
}

/// A commit without a warning tells that the standby has all before it, too.
void Writer::clear_doubt(Connection& database) {
  beat(database);
  if (!database.warning().empty()) return;
  doubtful_ = false;
  desk_.say("The database commits without a warning again: going on");
  // Each may have been skipped by the statement that came before it.
  const auto outcomes = std::exchange(outcomes_, {});
  const auto given_back = std::exchange(given_back_, {});
  desk_.keep(outcomes, given_back);
}

void Writer::leave(Connection& database) {
  try {
    database.run_prepared(sql::forget_workers, {name_});
  } catch (const std::exception&) {
    // `status` then shows this worker for half a minute.
  }
}

}  // namespace fleet
