#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

#include "known_rows.hpp"
#include "stop_list.hpp"

namespace bulk {

/// The outcome of a row in one run.
struct Outcome {
  std::size_t line = 0;
  mobivate::UnsubscribeRequest request{};
  mobivate::UnsubscribeResult result{};
  int attempts = 0;
  std::chrono::milliseconds elapsed{0};  ///< Sum of all attempts, without the waits between them.
  int http_status = 0;                   ///< HTTP status of the last attempt. 0: no answer came.
};

/// Returns the result in words, without its state: `590: subscriber not found`.
std::string reason(const mobivate::UnsubscribeResult& result);

/// Whether the answer is about the account, not the subscriber: HTTP 401 or 403, or an undocumented
/// error.
bool is_about_account(const mobivate::UnsubscribeResult& result, int http_status);

/// Returns the same result after an earlier attempt that may have stopped the subscriber: see
/// `mobivate::CallOptions::maybe_sent_before`.
mobivate::UnsubscribeResult after_unknown(mobivate::UnsubscribeResult result);

/// The first characters of each line of a journal.
inline constexpr std::string_view line_start{"{\"time\":\""};

/// Return a line of the journal as JSON, with the current time and a line feed.
std::string to_line(const Outcome& outcome);
std::string sending_line(const StopRow& row);

/// The part of a line that a later run needs.
struct PastLine {
  mobivate::UnsubscribeRequest request{};  ///< Only the fields of a `RowKey`.
  Journalled state = Journalled::nothing;
  bool is_about_account = false;
  bool is_after_unknown = false;
};

/// Reads a line of a journal, without its line feed. Returns nothing if the text is not such a
/// line.
std::optional<PastLine> past_line(std::string_view line);

}  // namespace bulk
