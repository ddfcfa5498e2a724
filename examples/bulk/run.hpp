#pragma once

#include <functional>
#include <optional>
#include <string>

#include "finished_rows.hpp"
#include "line_reader.hpp"
#include "options.hpp"
#include "outcome.hpp"
#include "progress.hpp"
#include "stop_list.hpp"
#include "tally.hpp"

namespace bulk {

/// Goes through a list, sorts out the rows that are not to be sent, and counts what becomes of all.
class Run {
 public:
  using Record = std::function<void(const Outcome&)>;

  /// `record` is given each outcome before it is counted. All that is passed outlives the run.
  Run(const LineReader& lines, StopList& list, const FinishedRows& finished, Record record);

  /// The next row to be sent. Nothing at the end of the list, and once a signal came.
  std::optional<StopRow> next();

  void finish(const Outcome& outcome);
  void count_as_to_send() { ++tally_.to_send; }

  /// Shows how far the run is, if it is time to.
  void show();
  /// Ends the display.
  void hide() { progress_.clear(); }
  void say(const std::string& line) { progress_.say(line); }

  const Tally& tally() const { return tally_; }
  ExitCode exit_code() const;

 private:
  void report_problem(const StopRow& row);

  const LineReader& lines_;
  StopList& list_;
  const FinishedRows& finished_;
  Record record_;
  Tally tally_{};
  Progress progress_{};
};

}  // namespace bulk
