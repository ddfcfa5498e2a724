#include "stop_list.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

namespace bulk {

namespace {

using mobivate::Stop;
using mobivate::UnsubscribeRequest;

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ptr != end || parsed.ec != std::errc()) return std::nullopt;
  return value;
}

std::string read_number(std::optional<std::uint32_t>& field, const std::string& text) {
  field = number(text);
  return field ? "" : "is no number: write digits only, from 0 to 4294967295";
}

std::string read_text(std::string& field, const std::string& text) {
  field = text;
  return {};
}

std::string read_source(UnsubscribeRequest& request, const std::string& text) {
  std::optional<std::uint32_t> source;
  std::string problem = read_number(source, text);
  request.source = source.value_or(0);
  return problem;
}

std::string read_stop(UnsubscribeRequest& request, const std::string& text) {
  request.stop = text == "one" ? Stop::one : Stop::flag;
  if (text == "one" || text == "flag") return {};
  return "is neither: write flag for Network Double Opt-in, one for Web Opt-In Kenya";
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

/// The journal is JSON, so UTF-8: it could not tell rows apart by other bytes.
std::optional<mobivate::InvalidRequest> encoding_problem(const UnsubscribeRequest& request) {
  const char* const reason = "is not UTF-8: save the list as UTF-8";
  if (!is_utf8(request.keyword)) return mobivate::InvalidRequest{"keyword", reason};
  if (!is_utf8(request.campaign)) return mobivate::InvalidRequest{"campaign", reason};
  if (!is_utf8(request.provider)) return mobivate::InvalidRequest{"provider", reason};
  if (!is_utf8(request.reference)) return mobivate::InvalidRequest{"reference", reason};
  return std::nullopt;
}

/// As JSON: whatever it holds, it can't steer a terminal.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

const std::vector<StopList::Column>& StopList::known_columns() {
  using Request = UnsubscribeRequest;
  using Text = std::string;
  static const std::vector<Column> columns{
      {"source", read_source},
      {"destination", [](Request& r, const Text& t) { return read_text(r.destination, t); }},
      {"keyword", [](Request& r, const Text& t) { return read_text(r.keyword, t); }},
      {"amount", [](Request& r, const Text& t) { return read_number(r.amount, t); }},
      {"frequency", [](Request& r, const Text& t) { return read_number(r.frequency, t); }},
      {"campaign", [](Request& r, const Text& t) { return read_text(r.campaign, t); }},
      {"provider", [](Request& r, const Text& t) { return read_text(r.provider, t); }},
      {"reference", [](Request& r, const Text& t) { return read_text(r.reference, t); }},
      {"stop", read_stop}};
  return columns;
}

StopList::StopList(LineReader& lines, UnsubscribeRequest defaults)
    : name_(lines.name()), rows_(lines), defaults_(std::move(defaults)) {
  const auto header = rows_.next();
  if (!lines.error().empty()) throw InputError(lines.error());
  if (!header) fail("is empty: its first row must name the columns, as in destination,reference");
  if (!header->problem.empty()) fail("has a wrong header: " + header->problem);
  for (const auto& name : header->fields) {
    if (has(name)) fail("has two columns named " + quoted(name) + ": remove one");
    columns_.push_back(column(name));
  }
  require_columns();
  rows_.expect_fields(columns_.size());
}

std::optional<StopRow> StopList::next() {
  const auto csv = rows_.next();
  if (!csv) return std::nullopt;
  StopRow row{csv->line, defaults_, std::nullopt};
  const auto wrong = [&row](std::string_view field, std::string reason) {
    if (!row.problem) row.problem = {std::string(field), std::move(reason)};
  };
  if (!csv->problem.empty()) wrong("row", csv->problem);
  for (std::size_t i = 0; i < std::min(columns_.size(), csv->fields.size()); ++i) {
    const std::string& text = csv->fields[i];
    if (text.empty()) continue;
    std::string problem = columns_[i].read(row.request, text);
    if (!problem.empty()) wrong(columns_[i].name, std::move(problem));
  }
  if (!row.problem) row.problem = mobivate::validate(row.request);
  if (!row.problem) row.problem = encoding_problem(row.request);
  return row;
}

const StopList::Column& StopList::column(const std::string& name) const {
  std::string names;
  for (const auto& known : known_columns()) {
    if (known.name == name) return known;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  fail("has a column named " + quoted(name) + ": the first row must name the columns, and knows " +
       names + ", with commas between");
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
