#pragma once

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

/// One row of the list.
struct StopRow {
  std::size_t line = 0;                               ///< On which it begins.
  mobivate::UnsubscribeRequest request{};             ///< As much of it as could be read.
  std::optional<mobivate::InvalidRequest> problem{};  ///< Why it can't be sent.
};

/// The requests of a CSV file, whose header names members of `UnsubscribeRequest`.
class StopList {
 public:
  /// `defaults` holds for columns that are missing and for empty fields. Throws `InputError` if the
  /// header can't be right.
  StopList(LineReader& lines, mobivate::UnsubscribeRequest defaults);

  /// Nothing when the lines end.
  std::optional<StopRow> next();

 private:
  struct Column {
    std::string_view name;
    /// Returns what is wrong with the text.
    std::string (*read)(mobivate::UnsubscribeRequest& request, const std::string& text);
  };
  static const std::vector<Column>& known_columns();

  const Column& column(const std::string& name) const;
  void require_columns() const;
  [[noreturn]] void fail(const std::string& problem) const;
  bool has(std::string_view name) const;

  std::string name_;
  CsvRows rows_;
  mobivate::UnsubscribeRequest defaults_;
  std::vector<Column> columns_;
};

}  // namespace bulk
