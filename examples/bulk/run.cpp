#include "run.hpp"

#include <algorithm>
#include <utility>

#include "signals.hpp"

namespace bulk {

Run::Run(const LineReader& lines, StopList& list, const FinishedRows& finished, Record record)
    : lines_(lines), list_(list), finished_(finished), record_(std::move(record)) {}

std::optional<StopRow> Run::next() {
  while (signals_caught() == 0) {
    show();
    auto row = list_.next();
    if (!row) break;
    if (row->problem) {
      report_problem(*row);
    } else if (const auto state = finished_.find(row_key(row->request))) {
      tally_.earlier.add(*state);
    } else {
      return row;
    }
  }
  return std::nullopt;
}

void Run::finish(const Outcome& outcome) {
  record_(outcome);
  tally_.now.add(mobivate::stop_state(outcome.result));
}

void Run::show() {
  Position position;
  if (lines_.size() > 0) {
    position.share = static_cast<double>(lines_.position()) / static_cast<double>(lines_.size());
  }
  position.finished_ahead = finished_.size() - std::min(finished_.size(), tally_.earlier.all());
  progress_.update(tally_, position);
}

ExitCode Run::exit_code() const {
  if (!lines_.error().empty()) return bad_usage;
  if (signals_caught() > 0 && !lines_.at_end()) return stopped;
  if (tally_.now.not_sent + tally_.now.unknown > 0) return unfinished;
  if (tally_.now.refused + tally_.earlier.refused > 0) return some_refused;
  return all_accepted;
}

void Run::report_problem(const StopRow& row) {
  const Outcome outcome{row.line, row.request, *row.problem};
  say(lines_.name() + ":" + std::to_string(row.line) + ": " + reason(outcome.result));
  finish(outcome);
}

}  // namespace bulk
