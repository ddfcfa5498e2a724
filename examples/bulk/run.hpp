#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "journal.hpp"
#include "known_rows.hpp"
#include "line_reader.hpp"
#include "options.hpp"
#include "outcome.hpp"
#include "progress.hpp"
#include "stop_list.hpp"
#include "summary.hpp"

namespace bulk {

/// A row, and its state in the journal before this run.
struct RowToSend {
  StopRow row{};
  Journalled before = Journalled::nothing;
};

/// Reads a list, skips the rows that need not or can't be sent, and counts all outcomes.
class Run {
 public:
  /// Without a journal, no outcome is recorded. All arguments must outlive the run.
  Run(LineReader& lines, const Options& options, KnownRows& known, Journal* journal);

  /// Returns the rows that an earlier run was sending when it was killed. `next` then skips them.
  /// Returns none if the list can't be read twice.
  std::vector<RowToSend> rows_in_flight();

  /// Returns the next row to send. Returns nothing at the end of the list, after a signal, and if
  /// the list has no row yet.
  std::optional<RowToSend> next();

  /// Waits for the next row. Returns false if that takes longer than this.
  bool at_hand(std::chrono::milliseconds longest) { return list_->at_hand(longest); }
  /// Whether the list has no more rows.
  bool is_at_end() const { return at_end_; }

  /// Notes that a row was not sent, or not waited for, because of a signal.
  void interrupt() { interrupted_ = true; }

  /// Records an outcome and counts it.
  void finish(const Outcome& outcome);
  /// Counts an outcome that could not be recorded.
  void count(const mobivate::UnsubscribeResult& result) {
    tally_.now.add(mobivate::stop_state(result));
  }
  /// Notes that a row of `rows_in_flight` is being finished.
  void count_ahead() { ++ahead_; }
  void count_as_to_send() { ++tally_.to_send; }

  /// Shows the progress, if it is time for an update.
  void show();
  /// Ends the display, and warns if the list's last line has no line end.
  void end();
  void say(const std::string& line) { progress_.say(line); }

  const Tally& tally();
  ExitCode exit_code() const;

 private:
  void report(const StopRow& row);

  LineReader& lines_;
  const Options& options_;
  KnownRows& known_;
  Journal* journal_;
  std::optional<StopList> list_;
  bool at_end_ = false;
  bool interrupted_ = false;
  std::size_t ahead_ = 0;  // finished rows that `next` has not reached yet
  std::size_t finished_earlier_;
  std::size_t reports_printed_ = 0;
  bool told_of_more_ = false;
  Tally tally_{};
  Progress progress_{};
};

}  // namespace bulk
