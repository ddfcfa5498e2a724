#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "tally.hpp"

namespace bulk {

/// How much of the list is done.
struct Position {
  double share = 0;  ///< From 0 to 1; 0 if it can't be known.
  /// Rows of the list that earlier runs finished and this one has not come to yet.
  std::size_t finished_ahead = 0;
};

/// Shows on standard error how far a run is: a bar that is drawn over and over on a terminal, a
/// plain line now and then elsewhere.
class Progress {
 public:
  Progress();
  ~Progress();

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;

  /// Shows this if it is time to; cheap to call often.
  void update(const Tally& tally, const Position& position);

  /// A line of its own.
  void say(const std::string& line);

  /// Takes the bar away.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string text(const Tally& tally, const Position& position) const;
  std::string bar(double share, const std::string& text) const;

  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
  bool bar_drawn_ = false;
};

/// `1:02:03`.
std::string in_words(std::chrono::seconds time);

}  // namespace bulk
