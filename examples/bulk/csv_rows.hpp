#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "line_reader.hpp"

struct csv_parser;

namespace bulk {

using Fields = std::vector<std::string>;

/// Whether the line holds a carriage return before its end. Its file may then end lines in carriage
/// returns alone.
bool has_inner_carriage_return(std::string_view line);

/// Whether the row is empty, or only commas.
bool is_empty(const Fields& fields);

struct CsvRow {
  std::size_t line = 0;        ///< Number of its first line.
  std::size_t more_lines = 0;  ///< Number of further lines, inside quotes.
  Fields fields{};
  std::string problem{};  ///< Why `fields` may be wrong. Empty: they are right.
  bool ended = true;      ///< False if the row has no line feed at its end.
};

/// Reads CSV with libcsv, strictly as RFC 4180: quotes stand around a whole field, and a quote
/// inside a field is written twice. Spaces around a field do not belong to it, unless they are
/// quoted.
///
/// A row is one line, unless a field that may hold line breaks has one. A row with a problem ends
/// with its first line. So a quote that is not closed spoils its own line, and never the rows after
/// it.
class CsvRows {
 public:
  explicit CsvRows(LineReader& lines);

  /// Makes `next` read this line first.
  void put_back(Line line) { pending_.push_front(std::move(line)); }

  /// From now on, a row with another number of fields has a problem.
  void expect_fields(std::size_t count) { expected_fields_ = count; }

  /// Allows line breaks in these fields. If `is_row` is true for a line between two line breaks, a
  /// stray quote has swallowed that row: then they are not allowed.
  void allow_line_breaks(std::vector<bool> fields, std::function<bool(const Fields&)> is_row);

  /// Returns the next row, or nothing at the end.
  std::optional<CsvRow> next();

  /// Like `LineReader::at_hand`.
  bool at_hand(std::chrono::milliseconds longest) {
    return !pending_.empty() || lines_.at_hand(longest);
  }

 private:
  enum class Parsed { row, open /* within quotes */, wrong };
  struct FreeParser {
    void operator()(csv_parser* parser) const;
  };

  std::optional<Line> take_line();
  void read_on(CsvRow& row, Parsed& parsed);
  bool may_go_on() const;
  bool swallows_a_row(const std::deque<Line>& more);
  void forget_row();
  Parsed parse(std::string_view line);
  bool feed(std::string_view text);
  std::string problem(Parsed parsed, const Fields& fields) const;

  LineReader& lines_;
  std::unique_ptr<csv_parser, FreeParser> parser_;
  std::deque<Line> pending_;  // lines to read again
  Fields fields_;
  bool row_ended_ = false;
  std::optional<std::size_t> expected_fields_;
  std::vector<bool> line_breaks_;  // for each field: whether it may hold line breaks
  std::function<bool(const Fields&)> is_row_;
};

}  // namespace bulk
