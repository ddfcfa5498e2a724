#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>

#include <mobivate/unsubscribe_result.hpp>

#include "known_rows.hpp"
#include "options.hpp"
#include "stop_list.hpp"

namespace bulk {

/// Number of rows for each outcome.
struct Counts {
  std::size_t accepted = 0;
  std::size_t refused = 0;
  std::size_t not_sent = 0;
  std::size_t unknown = 0;

  void add(mobivate::StopState state);
  std::size_t all() const { return accepted + refused + not_sent + unknown; }
};

/// Counts reasons. Reasons that differ only in numbers count as the same.
class Reasons {
 public:
  /// Counts a reason, and returns its count so far.
  std::size_t add(const std::string& reason, std::size_t line);
  std::size_t size() const { return reasons_.size(); }
  /// Prints the ten most frequent reasons with their counts, and the sum of the others.
  void print(std::ostream& out, bool with_lines) const;

 private:
  struct Given {
    std::string example{};
    std::size_t count = 0;
    std::size_t first_line = 0;
    std::size_t last_line = 0;
  };
  std::map<std::string, Given> reasons_;
};

/// The counts of a run so far.
struct Tally {
  Counts now{};               ///< Rows that this run has sent.
  Counts earlier{};           ///< Rows of the list that an earlier run had finished.
  std::size_t to_send = 0;    ///< Valid rows of a dry run.
  std::size_t reported = 0;   ///< Rows that can't be sent.
  std::size_t identical = 0;  ///< Rows that repeat an earlier row.
  std::size_t not_final = 0;  ///< Refused rows that will be sent again.
  std::size_t lines = 0;      ///< Lines of the list read so far.
  SkippedLines skipped{};
  Reasons problems{};  ///< Why rows can't be sent.
  Reasons failures{};  ///< Why other rows are not accepted.

  std::size_t rows() const { return now.all() + earlier.all() + to_send; }
  std::size_t all() const { return rows() + reported; }
};

/// Prints the outcomes of all rows and lines as a table.
void print_summary(std::ostream& out, const Tally& tally);
/// The same for a dry run.
void print_dry_summary(std::ostream& out, const Tally& tally);

/// Prints numbers and references that are repeated in the list and may be mistakes.
void print_repeated(std::ostream& out, KnownRows& rows);

/// Prints what the exit code means, and what to do next.
void print_end(std::ostream& out, const Options& options, const Tally& tally, ExitCode code);

}  // namespace bulk
