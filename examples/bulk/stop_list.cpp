#include "stop_list.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

namespace bulk {

namespace {

using mobivate::InvalidRequest;
using mobivate::Stop;
using mobivate::UnsubscribeRequest;

constexpr std::string_view ascii_space{" \t\r\n"};

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// Returns the name of a column in lower case, without surrounding spaces.
std::string plain_name(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(ascii_space), text.size());
  text.remove_prefix(first);
  return lower_case(std::string(text.substr(0, text.find_last_not_of(ascii_space) + 1)));
}

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ptr != end || parsed.ec != std::errc()) return std::nullopt;
  return value;
}

std::string read_number(std::optional<std::uint32_t>& field, const std::string& text) {
  field = number(text);
  return field ? "" : "is not a number: write digits only, from 0 to 4294967295";
}

std::string read_source(UnsubscribeRequest& request, const std::string& text) {
  std::optional<std::uint32_t> source;
  std::string problem = read_number(source, text);
  request.source = source.value_or(0);
  return problem;
}

std::string read_stop(UnsubscribeRequest& request, const std::string& text) {
  const std::string name = lower_case(text);
  request.stop = name == "one" ? Stop::one : Stop::flag;
  if (name == "one" || name == "flag") return {};
  return "is neither flag nor one: write flag for Network Double Opt-in, one for Web Opt-In Kenya";
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Words that spreadsheets and exports write for an empty cell, or for an error.
bool is_word_for_nothing(const std::string& word) {
  constexpr std::array words{"#n/a",   "n/a",   "<na>",    "(blank)", "(null)", "-",      "--",
                             "#null!", "#ref!", "#value!", "#name?",  "#num!",  "#div/0!"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Whether the text is a number in powers of ten (25E10), as spreadsheets show long numbers.
bool is_in_powers_of_ten(const std::string& word) {
  const auto exponent = word.find('e');
  return exponent > 0 && exponent < word.size() - 1 && word.size() - exponent <= 4 &&
         std::count_if(word.begin(), word.end(), is_digit) ==
             static_cast<std::ptrdiff_t>(word.size()) - 1;
}

/// Whether the text is a word, not a number or a hash: no digit, and shorter than a hash.
std::string read_destination(UnsubscribeRequest& request, const std::string& text) {
  constexpr std::size_t longest_word = 11;
  request.destination = text;
  const std::string word = lower_case(text);
  const bool is_word =
      word.size() <= longest_word &&
      std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (is_word || is_word_for_nothing(word)) {
    return "is a word, perhaps from an empty spreadsheet cell: write the subscriber's number";
  }
  if (is_in_powers_of_ten(word)) {
    return "is a number in powers of ten, so its last digits are lost: export the column again, as "
           "text";
  }
  return {};
}

/// Returns the name of the first control character: U+0000 to U+001F or U+007F to U+009F.
std::optional<std::string> control_character(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    const bool is_latin = c == 0xC2 && i + 1 < text.size();  // U+0080 to U+00BF in UTF-8
    if (is_latin) c = static_cast<unsigned char>(text[i + 1]);
    if (!(is_latin ? c < 0xA0 : c < 0x20 || c == 0x7F)) continue;
    std::array<char, sizeof "U+009F"> name{};
    std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(c));
    return name.data();
  }
  return std::nullopt;
}

bool is_utf8(const std::string& text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return true;
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

std::string read_text(std::string& field, const std::string& text) {
  field = text;
  return text_problem(text);
}

/// Returns the text as JSON, so that it can't control a terminal.
std::string as_json(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

bool names_a_column(std::string_view line, char separator) {
  while (true) {
    const auto end = std::min(line.find(separator), line.size());
    std::string name = plain_name(line.substr(0, end));
    name.erase(std::remove(name.begin(), name.end(), '"'), name.end());
    if (name == "destination" || name == "reference") return true;
    if (end == line.size()) return false;
    line.remove_prefix(end + 1);
  }
}

bool begins_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// Returns why a file that begins like this is not a CSV file in UTF-8 with commas. Empty: it may
/// be one.
std::string format_problem(const std::string& start) {
  if (begins_with(start, "PK\x03\x04") || begins_with(start, "\xD0\xCF\x11\xE0")) {
    return "is a spreadsheet: save it as \"CSV UTF-8\"";
  }
  if (begins_with(start, "\xFF\xFE") || begins_with(start, "\xFE\xFF") ||
      start.find('\0') != std::string::npos) {
    return "is UTF-16: save it as \"CSV UTF-8\", or convert it with: iconv -f UTF-16 -t UTF-8 "
           "<list >new-list";
  }
  if (begins_with(plain_name(start), "sep=") || begins_with(plain_name(start), "\"sep=")) {
    return "begins with a line sep=, which only spreadsheets understand: delete that line, and "
           "separate the columns with commas";
  }
  if (has_inner_carriage_return(start)) {
    return "ends its lines with carriage returns alone: change them to line feeds with: tr '\\r' "
           "'\\n' <list >new-list";
  }
  if (names_a_column(start, ',')) return {};
  const auto separated_by = [](const char* what) {
    return std::string("has ") + what + " between its columns: save it with commas between";
  };
  if (names_a_column(start, ';')) return separated_by("semicolons");
  if (names_a_column(start, '\t')) return separated_by("tabs");
  if (names_a_column(start, '|')) return separated_by("vertical bars");
  return {};
}

}  // namespace

std::string text_problem(const std::string& text) {
  // The journal is JSON, so it is UTF-8. It could not tell rows with other bytes apart.
  if (!is_utf8(text)) return "is not UTF-8: save it as UTF-8";
  if (const auto character = control_character(text)) {
    return "has the control character " + *character + ": remove it";
  }
  if (!text.empty() && text.front() == '#' && is_word_for_nothing(lower_case(text))) {
    return "is an error of a spreadsheet: write the right value";
  }
  return {};
}

const std::vector<StopList::Column>& StopList::known_columns() {
  using Text = std::string;
  static const std::vector<Column> columns{
      {"source", read_source},
      {"destination", read_destination},
      {"keyword", [](Request& r, const Text& t) { return read_text(r.keyword, t); }},
      {"amount", [](Request& r, const Text& t) { return read_number(r.amount, t); }},
      {"frequency", [](Request& r, const Text& t) { return read_number(r.frequency, t); }},
      {"campaign", [](Request& r, const Text& t) { return read_text(r.campaign, t); }},
      {"provider", [](Request& r, const Text& t) { return read_text(r.provider, t); }},
      {"reference", [](Request& r, const Text& t) { return read_text(r.reference, t); }},
      {"stop", read_stop}};
  return columns;
}

StopList::StopList(LineReader& lines, UnsubscribeRequest defaults, bool ignore_other_columns)
    : name_(lines.name()),
      rows_(lines),
      defaults_(std::move(defaults)),
      ignore_other_columns_(ignore_other_columns) {
  read_header(lines);
  require_columns();
  rows_.expect_fields(columns_.size());
  std::vector<bool> ignored;
  for (const Column& column : columns_) ignored.push_back(column.read == nullptr);
  rows_.allow_line_breaks(std::move(ignored), [this](const Fields& fields) {
    Request request = defaults_;
    std::string_view field;
    return read(request, fields, field).empty() && !mobivate::validate(request);
  });
}

void StopList::read_header(LineReader& lines) {
  auto first = lines.next();
  if (!first) {
    if (!lines.error().empty()) throw InputError(lines.error());
    fail("is empty: its first row must name the columns, as in destination,reference");
  }
  const std::string problem = format_problem(first->text);
  if (!problem.empty()) fail(problem);
  rows_.put_back(std::move(*first));
  std::optional<CsvRow> header;
  do {
    header = rows_.next();
    if (!lines.error().empty()) throw InputError(lines.error());
    if (!header) fail("is empty: its first row must name the columns, as in destination,reference");
    ++lines_;
    if (!header->problem.empty()) fail("has a wrong header: " + header->problem);
    if (is_empty(header->fields)) ++skipped_.empty;
  } while (is_empty(header->fields));
  ++skipped_.headers;
  for (const auto& text : header->fields) {
    const Column found = column(text);
    if (found.read != nullptr && has(found.name)) {
      fail("has two columns named " + as_json(text) + ": remove one");
    }
    header_.push_back(plain_name(text));
    columns_.push_back(found);
  }
}

std::optional<StopRow> StopList::next() {
  auto csv = rows_.next();
  while (csv && skip(*csv)) csv = rows_.next();
  if (!csv) return std::nullopt;
  lines_ += 1 + csv->more_lines;
  skipped_.inside_fields += csv->more_lines;

  StopRow row{csv->line, defaults_, std::nullopt};
  const auto wrong = [&row](std::string_view field, std::string reason) {
    if (!row.problem && !reason.empty()) row.problem = {std::string(field), std::move(reason)};
  };
  wrong("row", row_problem(*csv));
  if (other_header_ != 0) return row;  // the meaning of its fields is not known
  std::string_view field;
  std::string reason = read(row.request, csv->fields, field);
  wrong(field, std::move(reason));
  if (!row.problem) row.problem = mobivate::validate(row.request);
  if (!row.problem && is_cut_off(*csv, row)) {
    wrong("row",
          "is the last row, has no line end, and its number is shorter than all others: the file "
          "may have been cut off. If the row is complete, add a line end");
  }
  if (!row.problem) {
    if (!csv->ended) line_without_end_ = csv->line + csv->more_lines;
    const std::size_t size = row.request.destination.size();
    shortest_destination_ =
        shortest_destination_ == 0 ? size : std::min(shortest_destination_, size);
  }
  return row;
}

/// Counts the line if it is not a row.
bool StopList::skip(const CsvRow& csv) {
  if (!csv.problem.empty()) return false;
  const bool empty = is_empty(csv.fields);
  const bool header =
      !empty && other_header_ == 0 &&
      std::equal(csv.fields.begin(), csv.fields.end(), header_.begin(), header_.end(),
                 [](const std::string& text, const std::string& name) {
                   return text.size() >= name.size() && plain_name(text) == name;
                 });
  skipped_.empty += empty ? 1 : 0;
  skipped_.headers += header ? 1 : 0;
  lines_ += empty || header ? 1 + csv.more_lines : 0;
  return empty || header;
}

std::string StopList::row_problem(const CsvRow& csv) {
  if (other_header_ != 0) {
    return "is below line " + std::to_string(other_header_) +
           ", a header that differs from the first: put both into a list of their own";
  }
  const auto has_field = [&csv](std::string_view name) {
    return std::any_of(csv.fields.begin(), csv.fields.end(), [name](const std::string& text) {
      return text.size() >= name.size() && plain_name(text) == name;
    });
  };
  if (has_field("destination") && has_field("reference")) {
    other_header_ = csv.line;
    return "is a header that differs from the first, so no row below it is sent: put this header "
           "and its rows into a list of their own";
  }
  return csv.problem;
}

/// Returns what is wrong with a field, and sets `field` to its name.
std::string StopList::read(Request& request, const Fields& fields, std::string_view& field) const {
  std::string problem;
  for (std::size_t i = 0; i < std::min(columns_.size(), fields.size()); ++i) {
    if (fields[i].empty() || columns_[i].read == nullptr) continue;
    std::string wrong = columns_[i].read(request, fields[i]);
    if (wrong.empty() || !problem.empty()) continue;
    problem = std::move(wrong);
    field = columns_[i].name;
  }
  return problem;
}

/// Whether the last row may be cut off: a download that broke off ends in the middle of a row, and
/// the rest of its number may be the number of another subscriber.
bool StopList::is_cut_off(const CsvRow& csv, const StopRow& row) const {
  return !csv.ended && row.request.destination.size() < shortest_destination_;
}

StopList::Column StopList::column(const std::string& name) const {
  std::string names;
  for (const auto& known : known_columns()) {
    if (known.name == plain_name(name)) return known;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  if (ignore_other_columns_) return {{}, nullptr};
  fail("has a column named " + as_json(name) +
       ": the first row must name the columns, with commas between. Columns can be " + names +
       "; --ignore-other-columns ignores all others");
}

void StopList::require_columns() const {
  const auto require = [this](std::string_view name, bool has_default) {
    if (has(name) || has_default) return;
    const bool own_to_each = name == "destination" || name == "reference";
    fail("has no column " + std::string(name) + ": add it" +
         (own_to_each ? "" : ", or give one for all rows with --" + std::string(name)));
  };
  const bool maybe_kenya = defaults_.stop == Stop::one || has("stop");
  require("source", defaults_.source != 0);
  require("destination", false);
  require("keyword", !defaults_.keyword.empty());
  require("amount", defaults_.amount || maybe_kenya);
  require("provider", !defaults_.provider.empty() || maybe_kenya);
  require("reference", false);
}

void StopList::fail(const std::string& problem) const {
  throw InputError(name_ + " " + problem);
}

bool StopList::has(std::string_view name) const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [name](const Column& column) { return column.name == name; });
}

}  // namespace bulk
