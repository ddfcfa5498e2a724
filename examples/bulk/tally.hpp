#pragma once

#include <cstddef>

#include <mobivate/unsubscribe_result.hpp>

namespace bulk {

/// Rows by what became of them.
struct Counts {
  std::size_t accepted = 0;
  std::size_t refused = 0;
  std::size_t not_sent = 0;
  std::size_t unknown = 0;

  void add(mobivate::StopState state) {
    switch (state) {
      case mobivate::StopState::accepted:
        ++accepted;
        return;
      case mobivate::StopState::refused:
        ++refused;
        return;
      case mobivate::StopState::not_sent:
        ++not_sent;
        return;
      case mobivate::StopState::unknown:
        break;
    }
    ++unknown;
  }

  std::size_t all() const { return accepted + refused + not_sent + unknown; }
};

/// How far a run is.
struct Tally {
  Counts now{};             ///< Of this run.
  Counts earlier{};         ///< Rows that this run met and an earlier one had finished.
  std::size_t to_send = 0;  ///< Rows that a dry run found well.

  std::size_t all() const { return now.all() + earlier.all() + to_send; }
};

}  // namespace bulk
