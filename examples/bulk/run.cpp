#include "run.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

#include "signals.hpp"

namespace bulk {

namespace {

constexpr std::size_t most_reports_of_a_kind = 3;
constexpr std::size_t most_reports = 20;

bool is_final(Journalled state) {
  return state == Journalled::accepted || state == Journalled::refused;
}

std::string in_words(const Tally& tally) {
  std::string text;
  const auto add = [&text](std::size_t rows, const char* name) {
    if (rows > 0) text += ", " + std::to_string(rows) + ' ' + name;
  };
  add(tally.to_send, "to send");
  add(tally.now.accepted, "accepted");
  add(tally.now.refused, "refused");
  add(tally.now.not_sent, "not sent");
  add(tally.now.unknown, "unknown");
  add(tally.reported, "reported");
  add(tally.earlier.all(), "earlier");
  return text;
}

}  // namespace

Run::Run(LineReader& lines, const Options& options, KnownRows& known, Journal* journal)
    : lines_(lines),
      options_(options),
      known_(known),
      journal_(journal),
      list_(std::in_place, lines, options.defaults, options.ignore_other_columns),
      finished_earlier_(known.count(Journalled::accepted) + known.count(Journalled::refused)) {}

std::vector<RowToSend> Run::rows_in_flight() {
  std::vector<RowToSend> rows;
  const std::size_t count = known_.count(Journalled::sending);
  if (count == 0 || !lines_.rewind()) return rows;
  StopList list(lines_, options_.defaults, options_.ignore_other_columns);
  while (rows.size() < count) {
    const auto row = list.next();
    if (!row) break;
    if (row->problem) continue;
    KnownRow& known = known_[known_.key(row->request)];
    if (known.journalled() != Journalled::sending || known.line != 0) continue;
    known.meet(row->line, row->request);
    rows.push_back({*row, Journalled::sending});
  }
  if (signals_caught() > 0) return rows;
  lines_.rewind();
  list_.emplace(lines_, options_.defaults, options_.ignore_other_columns);
  return rows;
}

std::optional<RowToSend> Run::next() {
  while (signals_caught() == 0 && at_hand(std::chrono::milliseconds(0))) {
    show();
    auto row = list_->next();
    if (!row) {
      at_end_ = signals_caught() == 0 || lines_.at_end();
      break;
    }
    if (row->problem) {
      report(*row);
      continue;
    }
    KnownRow& known = known_[known_.key(row->request)];
    if (known.line == row->line) {
      --ahead_;
      continue;
    }
    if (known.line != 0) {
      if (known.is_identical(row->request)) {
        ++tally_.identical;
      } else {
        row->problem = {"row", "has source, keyword, destination and reference of line " +
                                   std::to_string(known.line) +
                                   ", but other values: give it a reference of its own"};
        report(*row);
      }
      continue;
    }
    known.meet(row->line, row->request);
    const Journalled before = known.journalled();
    if (!is_final(before)) return RowToSend{std::move(*row), before};
    ++(before == Journalled::accepted ? tally_.earlier.accepted : tally_.earlier.refused);
  }
  return std::nullopt;
}

void Run::finish(const Outcome& outcome) {
  try {
    if (journal_ != nullptr) journal_->append(to_line(outcome));
  } catch (const JournalError&) {
    ++tally_.now.unknown;  // the next run will count it like this
    throw;
  }
  const auto state = mobivate::stop_state(outcome.result);
  tally_.now.add(state);
  if (state == mobivate::StopState::accepted) return;
  tally_.failures.add(reason(outcome.result), outcome.line);
  if (state != mobivate::StopState::refused || options_.errors_are_final) return;
  tally_.not_final += is_about_account(outcome.result, outcome.http_status) ? 1U : 0U;
}

void Run::show() {
  if (!progress_.is_due()) return;
  Position position;
  position.share = lines_.share();
  position.rows = tally_.all();
  position.done = tally_.now.all() + tally_.to_send;
  position.known_ahead = finished_earlier_ - std::min(finished_earlier_, tally_.earlier.all());
  position.counts = in_words(tally_);
  progress_.update(position);
}

void Run::end() {
  progress_.clear();
  if (list_->line_without_end() == 0) return;
  std::cerr << lines_.name() << " has no line end after its last line: check that line "
            << list_->line_without_end() << " is complete\n";
}

const Tally& Run::tally() {
  tally_.skipped = list_->skipped();
  tally_.lines = list_->lines() + ahead_;
  return tally_;
}

ExitCode Run::exit_code() const {
  const bool nothing_done = tally_.all() == 0;
  if (nothing_done && (at_end_ || !lines_.error().empty())) return nothing_can_be_sent;
  if (signals_caught() > 0 && (!at_end_ || interrupted_)) return stopped;
  if (!lines_.error().empty() || tally_.reported + tally_.not_final > 0) return unfinished;
  if (tally_.now.not_sent + tally_.now.unknown > 0) return unfinished;
  if (tally_.now.refused + tally_.earlier.refused > 0) return some_refused;
  return all_accepted;
}

void Run::report(const StopRow& row) {
  const Outcome outcome{row.line, row.request, *row.problem};
  const std::string problem = reason(outcome.result);
  ++tally_.reported;
  const std::size_t alike = tally_.problems.add(problem, row.line);
  if (journal_ != nullptr) journal_->append(to_line(outcome));
  if (alike > most_reports_of_a_kind || reports_printed_ >= most_reports) {
    if (!told_of_more_) say("More such rows are counted; the journal names them.");
    told_of_more_ = true;
    return;
  }
  ++reports_printed_;
  say(lines_.name() + ":" + std::to_string(row.line) + ": " + problem);
}

}  // namespace bulk
