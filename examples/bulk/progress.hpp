#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace bulk {

/// The progress of a run.
struct Position {
  double share = 0;             ///< Part of the list read so far, from 0 to 1. 0: not known.
  std::size_t rows = 0;         ///< Rows done so far, those of earlier runs included.
  std::size_t done = 0;         ///< Rows done by this run.
  std::size_t known_ahead = 0;  ///< Rows not read yet that earlier runs have finished.
  std::string counts{};         ///< Number of rows for each outcome, in words.
};

/// Shows the progress of a run on standard error: a bar on a terminal, otherwise a plain line now
/// and then. A failure to write never ends the run.
class Progress {
 public:
  Progress();
  ~Progress();

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;

  /// Whether it is time for an update.
  bool is_due() const;
  void update(const Position& position);

  /// Prints a line of its own.
  void say(const std::string& line);

  /// Removes the bar.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string text(const Position& position) const;
  std::string bar(double share, const std::string& text) const;

  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
  bool bar_drawn_ = false;
};

}  // namespace bulk
