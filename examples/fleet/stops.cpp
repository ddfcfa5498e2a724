#include "stops.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "sql.hpp"

namespace fleet {

namespace {

// Columns of lease.sql.
enum Column {
  clock_column,
  wait_column,
  raced_column,
  end_of_lane_0_column,
  end_of_lane_1_column,
  looked_until_column,
  lease_column,
  id_column,
  seconds_column,
  moment_column,
  paced_column,
  lane_column,
  was_due_at_column,
  ends_column,
  maybe_sent_column,
  tries_column,
  delays_column,
  source_column,
  destination_column,
  keyword_column,
  amount_column,
  frequency_column,
  campaign_column,
  provider_column,
  reference_column,
  stop_column,
};

// So a worker that goes back comes to where it was 5 to 10 seconds ago.
constexpr Seconds mark_interval{5};

/// Reads a number of a request, which SQL holds in 64 bits.
std::uint32_t number(const Rows& rows, int row, int column, const char* name,
                     std::string& problem) {
  const std::int64_t value = rows.integer(row, column);
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  if (value >= 0 && value <= most) return static_cast<std::uint32_t>(value);
  if (problem.empty()) {
    problem = std::string(name) + ": " + std::to_string(value) + " is not from 0 to 4294967295";
  }
  return 0;
}

LeasedStop read_stop(const Rows& rows, int row) {
  LeasedStop stop;
  stop.id = rows.integer(row, id_column);
  stop.lease = rows.integer(row, lease_column);
  stop.was_due_at = rows.text(row, was_due_at_column);
  stop.maybe_sent = rows.truth(row, maybe_sent_column);
  stop.tries = static_cast<int>(rows.integer(row, tries_column));
  stop.delays = static_cast<int>(rows.integer(row, delays_column));
  auto& request = stop.request;
  request.source = number(rows, row, source_column, "source", stop.problem);
  request.destination = rows.text(row, destination_column);
  request.keyword = rows.text(row, keyword_column);
  if (!rows.is_null(row, amount_column)) {
    request.amount = number(rows, row, amount_column, "amount", stop.problem);
  }
  if (!rows.is_null(row, frequency_column)) {
    request.frequency = number(rows, row, frequency_column, "frequency", stop.problem);
  }
  request.campaign = rows.text(row, campaign_column);
  request.provider = rows.text(row, provider_column);
  request.reference = rows.text(row, reference_column);
  request.stop = rows.text(row, stop_column) == "one" ? mobivate::Stop::one : mobivate::Stop::flag;
  return stop;
}

}  // namespace

Lease Leases::take(Connection& database, std::size_t most) {
  const BootTime asked = BootClock::now();
  const Rows rows = database.run_prepared(
      sql::lease, {worker_, std::to_string(most), std::to_string(length_.count()),
                   std::to_string(lead_.count()), lanes_[0].due_at, std::to_string(lanes_[0].id),
                   lanes_[1].due_at, std::to_string(lanes_[1].id)});
  const BootTime arrived = BootClock::now();
  Lease lease;
  lease.raced = rows.truth(0, raced_column);
  if (!rows.is_null(0, wait_column)) lease.wait = Seconds(rows.number(0, wait_column));
  clock_.see(asked, arrived, std::chrono::microseconds(rows.integer(0, clock_column)));
  if (!lease.raced) note_ends(rows);
  if (!rows.is_null(0, id_column)) {
    note_lead(arrived - clock_.at(std::chrono::microseconds(rows.integer(0, paced_column))));
    for (int row = 0; row < rows.size(); ++row) take_row(rows, row, asked, lease);
  }
  if (!lease.raced) note_marks(arrived);
  return lease;
}

/// A lane without rows that are due: goes on where the statement stopped looking.
void Leases::note_ends(const Rows& rows) {
  const int columns[] = {end_of_lane_0_column, end_of_lane_1_column};
  for (int lane = 0; lane < 2; ++lane) {
    if (rows.truth(0, columns[lane])) lanes_[lane] = {rows.text(0, looked_until_column), 0};
  }
}

/// An answer that is slow after its moments were reserved is expected again for a while: the first
/// moment must be after it. How long the statement looked for rows does not matter.
void Leases::note_lead(Seconds on_its_way) {
  constexpr Seconds shortest{0.005};
  constexpr Seconds longest{0.5};
  lead_ = std::clamp(std::max(1.5 * on_its_way, 0.9 * lead_), shortest, longest);
}

void Leases::take_row(const Rows& rows, int row, BootTime asked, Lease& lease) {
  lanes_[rows.integer(row, lane_column)] = {rows.text(row, was_due_at_column),
                                            rows.integer(row, id_column)};
  ++lease.picked;
  if (rows.truth(row, ends_column)) return;
  LeasedStop stop = read_stop(rows, row);
  stop.lease_end = asked + to_boot(Seconds(rows.number(row, seconds_column)));
  stop.moment = clock_.at(std::chrono::microseconds(rows.integer(row, moment_column)));
  lease.stops.push_back(std::move(stop));
}

void Leases::note_marks(BootTime now) {
  if (next_mark_ && now < *next_mark_) return;
  for (int lane = 0; lane < 2; ++lane) {
    marks_[lane] = next_mark_ ? newest_marks_[lane] : lanes_[lane];
    newest_marks_[lane] = lanes_[lane];
  }
  next_mark_ = now + to_boot(mark_interval);
}

void Leases::go_back() {
  if (!next_mark_) return;
  for (int lane = 0; lane < 2; ++lane) lanes_[lane] = std::min(lanes_[lane], marks_[lane]);
}

void Leases::begin_at_front() {
  for (Position& lane : lanes_) lane = Position();
}

namespace {

/// The columns of a statement that writes many rows.
class Columns {
 public:
  explicit Columns(const std::string& worker, std::size_t count) : arrays_(count) {
    values_.push_back(worker);
  }

  ArrayText& operator[](std::size_t column) { return arrays_[column]; }

  Values take() && {
    for (ArrayText& array : arrays_) values_.push_back(std::move(array).take());
    return std::move(values_);
  }

 private:
  std::vector<ArrayText> arrays_;
  Values values_{};
};

template <class Number>
void add(ArrayText& array, const std::optional<Number>& number) {
  number ? array.add_number(*number) : array.add_null();
}

void add(ArrayText& array, const std::optional<std::string>& text) {
  text ? array.add(*text) : array.add_null();
}

void add_truth(ArrayText& array, bool truth) {
  array.add(truth ? "t" : "f");
}

std::vector<std::int64_t> ids(const Rows& rows) {
  std::vector<std::int64_t> all;
  for (int row = 0; row < rows.size(); ++row) all.push_back(rows.integer(row, 0));
  return all;
}

}  // namespace

std::vector<std::int64_t> finish(Connection& database, const std::string& worker,
                                 const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) return {};
  Columns columns(worker, 14);
  const BootTime now = BootClock::now();
  for (const Outcome& it : outcomes) {
    columns[0].add_number(it.id);
    columns[1].add_number(it.lease);
    columns[2].add(it.state);
    add(columns[3], it.message_id);
    add(columns[4], it.code);
    add(columns[5], it.reason);
    add(columns[6], it.http_status);
    it.after_unknown ? add_truth(columns[7], *it.after_unknown) : columns[7].add_null();
    columns[8].add_number(it.attempts);
    columns[9].add_number(it.tries);
    columns[10].add_number(it.delays);
    add_truth(columns[11], it.maybe_sent);
    it.sent_at ? columns[12].add_number(Seconds(now - *it.sent_at).count())
               : columns[12].add_null();
    it.due_in ? columns[13].add_number(it.due_in->count()) : columns[13].add_null();
  }
  return ids(database.run_prepared(sql::finish, std::move(columns).take()));
}

std::vector<std::int64_t> give_back(Connection& database, const std::string& worker,
                                    const std::vector<GivenBack>& stops) {
  if (stops.empty()) return {};
  Columns columns(worker, 3);
  for (const GivenBack& it : stops) {
    columns[0].add_number(it.id);
    columns[1].add_number(it.lease);
    columns[2].add(it.due_at);
  }
  return ids(database.run_prepared(sql::give_back, std::move(columns).take()));
}

}  // namespace fleet
