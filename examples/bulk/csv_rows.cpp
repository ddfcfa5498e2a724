#include "csv_rows.hpp"

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

#include <csv.h>

namespace bulk {

namespace {

constexpr std::size_t longest_row = LineReader::longest_line;  // bytes; most rows are one line

csv_parser* new_parser() {
  auto parser = std::make_unique<csv_parser>();
  // CSV_REPALL_NL: report empty rows too, so that no line is missed.
  if (csv_init(parser.get(), CSV_STRICT | CSV_REPALL_NL) != 0) throw std::bad_alloc();
  // Only LF ends a line. The CR of a CRLF then counts as a space after the last field.
  csv_set_term_func(parser.get(), [](unsigned char c) { return c == CSV_LF ? 1 : 0; });
  csv_set_space_func(parser.get(), [](unsigned char c) {
    return c == CSV_SPACE || c == CSV_TAB || c == CSV_CR ? 1 : 0;
  });
  return parser.release();
}

/// Returns why a line can't be a row, whatever its fields. Empty: it can.
std::string line_problem(const Line& line) {
  if (line.too_long) {
    return "longer than " + std::to_string(longest_row) + " bytes: is its line break missing?";
  }
  if (line.text.find('\0') != std::string::npos) {
    return "a NUL byte: is this part of the file UTF-16? Save all of it as UTF-8";
  }
  return {};
}

}  // namespace

bool has_inner_carriage_return(std::string_view line) {
  const std::size_t last = line.find_last_not_of('\r');
  return last != std::string_view::npos && line.find('\r') < last;
}

bool is_empty(const Fields& fields) {
  return std::all_of(fields.begin(), fields.end(), [](const auto& field) { return field.empty(); });
}

void CsvRows::FreeParser::operator()(csv_parser* parser) const {
  csv_free(parser);
  delete parser;
}

CsvRows::CsvRows(LineReader& lines) : lines_(lines), parser_(new_parser()) {}

void CsvRows::allow_line_breaks(std::vector<bool> fields,
                                std::function<bool(const Fields&)> is_row) {
  line_breaks_ = std::move(fields);
  is_row_ = std::move(is_row);
}

std::optional<CsvRow> CsvRows::next() {
  auto line = take_line();
  if (!line) return std::nullopt;
  CsvRow row{line->number, 0, {}, line_problem(*line), line->ended};
  if (!row.problem.empty()) return row;
  Parsed parsed = parse(line->text);
  if (parsed == Parsed::open) read_on(row, parsed);
  row.fields = std::exchange(fields_, {});
  row.problem = problem(parsed, row.fields);
  if (!row.problem.empty() && has_inner_carriage_return(line->text)) {
    row.problem =
        "a carriage return in the middle: if lines end in carriage returns alone, change "
        "them to line feeds: tr '\\r' '\\n' <list >new-list";
  }
  forget_row();
  return row;
}

/// Adds the next lines to a row whose last field is still open, if the whole is then a valid row.
void CsvRows::read_on(CsvRow& row, Parsed& parsed) {
  std::deque<Line> more;
  std::size_t bytes = 0;
  while (parsed == Parsed::open && bytes <= longest_row && may_go_on()) {
    auto line = take_line();
    if (!line) break;
    bytes += line->text.size();
    const bool usable = line_problem(*line).empty();
    more.push_back(std::move(*line));
    if (!usable) break;
    parsed = parse(more.back().text);
  }
  Fields fields = fields_;
  const bool whole =
      parsed == Parsed::row && fields.size() == expected_fields_ && !swallows_a_row(more);
  fields_ = std::move(fields);
  if (whole) {
    row.more_lines = more.size();
    row.ended = more.back().ended;
    return;
  }
  parsed = Parsed::open;
  pending_.insert(pending_.begin(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
}

bool CsvRows::may_go_on() const {
  return fields_.size() < line_breaks_.size() && line_breaks_[fields_.size()];
}

/// Whether a line between the first and the last is a valid row by itself.
bool CsvRows::swallows_a_row(const std::deque<Line>& more) {
  for (std::size_t i = 0; i + 1 < more.size(); ++i) {
    forget_row();
    if (parse(more[i].text) == Parsed::row && fields_.size() == expected_fields_ &&
        is_row_(fields_)) {
      return true;
    }
  }
  return false;
}

void CsvRows::forget_row() {
  csv_fini(parser_.get(), nullptr, nullptr, nullptr);
  fields_.clear();
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
  return row_ended_ ? Parsed::row : Parsed::open;
}

bool CsvRows::feed(std::string_view text) {
  const auto on_field = [](void* field, std::size_t size, void* rows) {
    auto& fields = static_cast<CsvRows*>(rows)->fields_;
    size == 0 ? fields.emplace_back() : fields.emplace_back(static_cast<const char*>(field), size);
  };
  const auto on_row = [](int, void* rows) { static_cast<CsvRows*>(rows)->row_ended_ = true; };
  return csv_parse(parser_.get(), text.data(), text.size(), on_field, on_row, this) == text.size();
}

std::string CsvRows::problem(Parsed parsed, const Fields& fields) const {
  if (parsed == Parsed::open) {
    return "a quote is opened and not closed on this line: put the whole field in quotes, without "
           "line breaks, and write a quote inside it twice";
  }
  if (parsed == Parsed::wrong) {
    return "a quote inside a field: put the whole field in quotes, and write the quote twice";
  }
  if (!expected_fields_ || fields.size() == *expected_fields_ || is_empty(fields)) return {};
  return std::to_string(fields.size()) + " fields, where the header has " +
         std::to_string(*expected_fields_) + ": put a field that holds a comma in quotes";
}

}  // namespace bulk
