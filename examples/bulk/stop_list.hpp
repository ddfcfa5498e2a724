#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

#include "csv_rows.hpp"
#include "line_reader.hpp"

namespace bulk {

/// Returns why a text can't be sent. Empty: it can.
std::string text_problem(const std::string& text);

/// One row of the list.
struct StopRow {
  std::size_t line = 0;                               ///< Number of its first line.
  mobivate::UnsubscribeRequest request{};             ///< The fields that could be read.
  std::optional<mobivate::InvalidRequest> problem{};  ///< Why the row can't be sent.
};

/// Numbers of lines that are not rows.
struct SkippedLines {
  std::size_t headers = 0;  ///< The first header, and those of files that were joined to it.
  std::size_t empty = 0;    ///< Empty lines, and lines of commas only.
  std::size_t inside_fields = 0;

  std::size_t all() const { return headers + empty + inside_fields; }
};

/// Reads requests from a CSV file whose header names members of `UnsubscribeRequest`.
class StopList {
 public:
  /// `defaults` has the values for missing columns and empty fields. Throws `InputError` if the
  /// file is not such a list, or its header is wrong.
  StopList(LineReader& lines, mobivate::UnsubscribeRequest defaults, bool ignore_other_columns);

  /// Returns the next row, or nothing at the end.
  std::optional<StopRow> next();

  /// Like `LineReader::at_hand`.
  bool at_hand(std::chrono::milliseconds longest) { return rows_.at_hand(longest); }

  const SkippedLines& skipped() const { return skipped_; }
  /// Returns the number of lines read: the skipped lines, and one line for each row.
  std::size_t lines() const { return lines_; }
  /// Returns the number of the last line if it has no line end, otherwise 0.
  std::size_t line_without_end() const { return line_without_end_; }

 private:
  using Request = mobivate::UnsubscribeRequest;
  struct Column {
    std::string_view name;
    /// Stores the text and returns what is wrong with it. Null: the column is ignored.
    std::string (*read)(Request& request, const std::string& text);
  };
  static const std::vector<Column>& known_columns();

  void read_header(LineReader& lines);
  Column column(const std::string& name) const;
  void require_columns() const;
  [[noreturn]] void fail(const std::string& problem) const;
  bool has(std::string_view name) const;
  bool skip(const CsvRow& csv);
  std::string read(Request& request, const Fields& fields, std::string_view& field) const;
  std::string row_problem(const CsvRow& csv);
  bool is_cut_off(const CsvRow& csv, const StopRow& row) const;

  std::string name_;
  CsvRows rows_;
  Request defaults_;
  bool ignore_other_columns_;
  std::vector<std::string> header_;  // names as `plain_name` returns them
  std::vector<Column> columns_;
  SkippedLines skipped_{};
  std::size_t lines_ = 0;
  std::size_t line_without_end_ = 0;
  std::size_t other_header_ = 0;          // line of a header that differs from the first; 0: none
  std::size_t shortest_destination_ = 0;  // among the valid rows so far; 0: no such row
};

}  // namespace bulk
