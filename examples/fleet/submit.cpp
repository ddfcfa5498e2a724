#include <iostream>
#include <string>
#include <string_view>

#include "../bulk/line_reader.hpp"
#include "../bulk/signals.hpp"
#include "../bulk/stop_list.hpp"
#include "../bulk/summary.hpp"
#include "operate.hpp"
#include "schema.hpp"
#include "sql.hpp"

namespace fleet {

namespace {

constexpr std::size_t most_reports = 20;
constexpr std::size_t copied_at_once = 65'536;  // bytes

/// Adds a field of a line that COPY reads.
void add(std::string& line, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        line += "\\\\";
        break;
      case '\t':
        line += "\\t";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      default:
        line += c;
    }
  }
}

void add_or_null(std::string& line, const std::string& text) {
  text.empty() ? line += "\\N" : (add(line, text), line);
}

void add_or_null(std::string& line, std::optional<std::uint32_t> number) {
  line += number ? std::to_string(*number) : "\\N";
}

void add_row(std::string& lines, const mobivate::UnsubscribeRequest& request) {
  lines += std::to_string(request.source) + '\t';
  add(lines, request.destination);
  lines += '\t';
  add(lines, request.keyword);
  lines += '\t';
  add_or_null(lines, request.amount);
  lines += '\t';
  add_or_null(lines, request.frequency);
  lines += '\t';
  add_or_null(lines, request.campaign);
  lines += '\t';
  add_or_null(lines, request.provider);
  lines += '\t';
  add(lines, request.reference);
  lines += request.stop == mobivate::Stop::one ? "\tone\n" : "\tflag\n";
}

struct Staged {
  std::size_t rows = 0;
  std::size_t reported = 0;
  bulk::Reasons problems{};
};

void report(const bulk::StopRow& row, Staged& staged) {
  const std::string problem = row.problem->field + ' ' + row.problem->reason;
  staged.problems.add(problem, row.line);
  ++staged.reported;
  if (staged.reported <= most_reports) {
    std::cerr << "line " << row.line << ": " << problem << '\n';
  } else if (staged.reported == most_reports + 1) {
    std::cerr << "More lines can't be sent: the end of the output counts them\n";
  }
}

Staged stage(Connection& connection, bulk::StopList& list) {
  Staged staged;
  connection.run_script(sql::stage);
  connection.begin_copy("copy staged_stops from stdin");
  std::string lines;
  while (auto row = list.next()) {
    if (row->problem) {
      report(*row, staged);
      continue;
    }
    ++staged.rows;
    add_row(lines, row->request);
    if (lines.size() < copied_at_once) continue;
    connection.copy(lines);
    lines.clear();
  }
  connection.copy(lines);
  connection.end_copy();
  return staged;
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + (count == 1 ? one : many);
}

}  // namespace

ExitCode submit(Database& database, const SubmitOptions& options) {
  bulk::LineReader lines(options.list, [] { return bulk::signals_caught() > 0; });
  bulk::StopList list(lines, options.defaults, options.ignore_other_columns);
  Connection connection = connect_to_schema(database);
  connection.run_script("begin");
  const Staged staged = stage(connection, list);
  if (bulk::signals_caught() > 0 || !lines.error().empty()) {
    connection.run_script("rollback");
    const bool is_stopped = bulk::signals_caught() > 0;
    std::cerr << "fleet_unsubscribe: "
              << (is_stopped ? "stopped before the list was read" : lines.error())
              << ". Nothing was submitted: run the same command again\n";
    return is_stopped ? stopped : wrong_use;
  }
  const std::size_t added = connection.run(sql::submit, {std::to_string(options.lane)}).changed();
  connection.run_script("commit");
  if (!connection.warning().empty()) {
    throw DatabaseGone("the database warns of the commit: " + connection.warning() +
                       ". The list may be lost with this server: run the same command again when "
                       "its standby is back; stops that are there are not added twice");
  }
  if (staged.reported > 0) {
    std::cout << "Reported:\n";
    staged.problems.print(std::cout, true);
  }
  std::cout << counted(added, " stop is", " stops are") << " submitted in lane " << options.lane
            << ", " << counted(staged.rows - added, " was", " were") << " there already, "
            << staged.reported << " can't be sent.\n";
  if (staged.rows + staged.reported == 0) {
    std::cerr << "fleet_unsubscribe: " << lines.name() << " has no rows below its header\n";
    return wrong_use;
  }
  if (staged.reported == 0) return done;
  std::cout << "Next: correct the reported rows, then run the same command again.\n";
  return unfinished;
}

}  // namespace fleet
