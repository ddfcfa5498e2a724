#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "line_reader.hpp"

struct csv_parser;

namespace bulk {

struct CsvRow {
  std::size_t line = 0;  ///< On which it begins.
  std::vector<std::string> fields{};
  std::string problem{};  ///< Why `fields` can't be relied on; empty if they can.
};

/// RFC 4180, strictly, by libcsv: a quote stands around a whole field, or twice inside one. Spaces
/// around a field are not part of it, unless quoted; empty lines are skipped.
///
/// A row with a problem ends with its first line, and the next line is read as a row of its own: a
/// quote that is not closed costs its own line, not the rest of the file.
class CsvRows {
 public:
  explicit CsvRows(LineReader& lines);

  /// From now on, a row with more or fewer has a problem.
  void expect_fields(std::size_t count) { expected_fields_ = count; }

  /// Nothing when the lines end.
  std::optional<CsvRow> next();

 private:
  enum class Parsed { row, open /* within quotes */, blank, wrong, too_long };
  struct FreeParser {
    void operator()(csv_parser* parser) const;
  };

  std::optional<Line> take_line();
  Parsed parse(std::string_view line);
  bool feed(std::string_view text);
  CsvRow finish(std::size_t first, Parsed parsed, std::deque<Line> more);
  std::string problem(Parsed parsed, std::size_t fields, bool several_lines) const;

  LineReader& lines_;
  std::unique_ptr<csv_parser, FreeParser> parser_;
  std::deque<Line> pending_;  // lines to be read again
  std::vector<std::string> fields_;
  bool row_ended_ = false;
  std::optional<std::size_t> expected_fields_;
};

}  // namespace bulk
