#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

#include "finished_rows.hpp"

namespace bulk {

/// The result without its state, in words: `590: subscriber not found`.
std::string reason(const mobivate::UnsubscribeResult& result);

/// What became of a row in one run.
struct Outcome {
  std::size_t line = 0;
  mobivate::UnsubscribeRequest request{};
  mobivate::UnsubscribeResult result{};
  int attempts = 0;
  std::chrono::milliseconds elapsed{0};  ///< In all attempts together, without the waits between.
};

/// How each line of a journal begins.
inline constexpr std::string_view line_start{"{\"time\":\""};

/// The outcome as JSON, on one line with its line feed; it says that it happened now.
std::string to_line(const Outcome& outcome);

/// What a later run has to know of an outcome.
struct PastOutcome {
  RowKey row{};
  mobivate::StopState state = mobivate::StopState::unknown;
};

/// Reads what `to_line` wrote, without the line feed. Nothing if that isn't what it is.
std::optional<PastOutcome> past_outcome(std::string_view line);

}  // namespace bulk
