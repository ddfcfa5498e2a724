#include "csv_rows.hpp"

#include <iterator>
#include <new>
#include <utility>

#include <csv.h>

namespace bulk {

namespace {

constexpr std::size_t longest_row = LineReader::longest_line;  // as a row most often is a line

csv_parser* new_parser() {
  auto parser = std::make_unique<csv_parser>();
  // CSV_REPALL_NL: empty rows are reported too, so that each line that ends a row is seen to.
  if (csv_init(parser.get(), CSV_STRICT | CSV_REPALL_NL) != 0) throw std::bad_alloc();
  // Lines end in LF alone: the CR of a CRLF is a space at the end of the last field.
  csv_set_term_func(parser.get(), [](unsigned char c) { return c == CSV_LF ? 1 : 0; });
  csv_set_space_func(parser.get(), [](unsigned char c) {
    return c == CSV_SPACE || c == CSV_TAB || c == CSV_CR ? 1 : 0;
  });
  return parser.release();
}

}  // namespace

void CsvRows::FreeParser::operator()(csv_parser* parser) const {
  csv_free(parser);
  delete parser;
}

CsvRows::CsvRows(LineReader& lines) : lines_(lines), parser_(new_parser()) {}

std::optional<CsvRow> CsvRows::next() {
  std::size_t first = 0;  // the number of the row's first line
  std::deque<Line> more;  // its other lines
  std::size_t bytes = 0;
  while (auto line = take_line()) {
    bytes += line->text.size();
    const bool too_long = line->too_long || bytes > longest_row;
    const Parsed parsed = too_long ? Parsed::too_long : parse(line->text);
    if (parsed == Parsed::blank) {
      bytes = 0;
      continue;
    }
    if (first == 0) {
      first = line->number;
    } else {
      more.push_back(std::move(*line));
    }
    if (parsed != Parsed::open) return finish(first, parsed, std::move(more));
  }
  if (first == 0 || !lines_.at_end()) return std::nullopt;
  return finish(first, Parsed::open, std::move(more));
}

std::optional<Line> CsvRows::take_line() {
  if (pending_.empty()) return lines_.next();
  Line line = std::move(pending_.front());
  pending_.pop_front();
  return line;
}

CsvRows::Parsed CsvRows::parse(std::string_view line) {
  row_ended_ = false;
  if (!feed(line) || !feed("\n")) return Parsed::wrong;
  if (!row_ended_) return Parsed::open;
  return fields_.empty() ? Parsed::blank : Parsed::row;
}

bool CsvRows::feed(std::string_view text) {
  const auto on_field = [](void* field, std::size_t size, void* rows) {
    auto& fields = static_cast<CsvRows*>(rows)->fields_;
    size == 0 ? fields.emplace_back() : fields.emplace_back(static_cast<const char*>(field), size);
  };
  const auto on_row = [](int, void* rows) { static_cast<CsvRows*>(rows)->row_ended_ = true; };
  return csv_parse(parser_.get(), text.data(), text.size(), on_field, on_row, this) == text.size();
}

CsvRow CsvRows::finish(std::size_t first, Parsed parsed, std::deque<Line> more) {
  csv_fini(parser_.get(), nullptr, nullptr, nullptr);  // forgets a row that it is still in
  CsvRow row{first, std::exchange(fields_, {}), {}};
  row.problem = problem(parsed, row.fields.size(), !more.empty());
  if (row.problem.empty()) return row;
  pending_.insert(pending_.begin(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  return row;
}

std::string CsvRows::problem(Parsed parsed, std::size_t fields, bool several_lines) const {
  const bool unexpected_fields = expected_fields_ && fields != *expected_fields_;
  if (parsed == Parsed::row && !unexpected_fields) return {};
  if (parsed == Parsed::open || several_lines) {
    return "a quote is opened and not closed as it should be: put the whole field in quotes, and "
           "write a quote inside it twice";
  }
  if (parsed == Parsed::too_long) {
    return "longer than " + std::to_string(longest_row) + " bytes: is its line break missing?";
  }
  if (parsed == Parsed::wrong) {
    return "a quote inside a field: put the whole field in quotes, and write the quote twice";
  }
  return std::to_string(fields) + " fields, where the header has " +
         std::to_string(*expected_fields_) + ": put a field that holds a comma in quotes";
}

}  // namespace bulk
