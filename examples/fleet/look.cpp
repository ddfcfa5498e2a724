#include <iostream>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "operate.hpp"
#include "schema.hpp"
#include "sql.hpp"
#include "words.hpp"

namespace fleet {

namespace {

using nlohmann::ordered_json;

/// Returns a value of a row by its column's type.
ordered_json value(const Rows& rows, int row, int column) {
  if (rows.is_null(row, column)) return nullptr;
  const std::string name = rows.name(column);
  for (const char* number : {"source", "amount", "frequency", "lane", "code", "http_status",
                             "attempts", "in_flight", "sent", "accepted", "refused", "later"}) {
    if (name == number) return rows.integer(row, column);
  }
  if (name == "seen_seconds_ago" || name == "seconds") return rows.number(row, column);
  if (name == "after_unknown") return rows.truth(row, column);
  return rows.text(row, column);
}

ordered_json object(const Rows& rows, int row) {
  ordered_json all = ordered_json::object();
  for (int column = 0; column < rows.columns(); ++column) {
    all[rows.name(column)] = value(rows, row, column);
  }
  return all;
}

ordered_json objects(const Rows& rows) {
  ordered_json all = ordered_json::array();
  for (int row = 0; row < rows.size(); ++row) all.push_back(object(rows, row));
  return all;
}

std::string text_of(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Prints a row of a person's stops in words.
void print_found(const ordered_json& row) {
  std::cout << text_of(row["destination"]) << ' ' << text_of(row["reference"]) << ": "
            << text_of(row["state"]);
  if (!row["message_id"].is_null()) std::cout << ", message id " << text_of(row["message_id"]);
  if (!row["reason"].is_null()) std::cout << ", " << text_of(row["reason"]);
  if (row["after_unknown"] == true) {
    std::cout << ", after an attempt without an answer, which may have stopped the subscriber";
  }
  std::cout << "\n  source " << row["source"] << ", keyword " << text_of(row["keyword"])
            << ", submitted " << text_of(row["submitted_at"]);
  for (const char* name : {"sent_at", "done_at", "due_at"}) {
    if (!row[name].is_null()) {
      std::cout << ", " << std::string(name).substr(0, std::string(name).find('_')) << ' '
                << text_of(row[name]);
    }
  }
  std::cout << ", " << counted(row["attempts"].get<std::size_t>(), "request", "requests") << '\n';
}

}  // namespace

ExitCode find(Database& database, const Options& options) {
  Connection connection = connect_to_schema(database);
  const auto found = objects(connection.run(sql::find, {options.number}));
  if (options.json) {
    std::cout << found.dump(2) << '\n';
  } else {
    for (const auto& row : found) print_found(row);
  }
  if (found.empty() && !options.json) {
    std::cout << "Nothing was submitted for " << options.number
              << ". Give the number as it was submitted: digits, no +, no spaces.\n";
  }
  return found.empty() ? some_refused : done;
}

namespace {

struct Overview {
  ordered_json unfinished{};
  ordered_json done{};
  ordered_json workers{};
  ordered_json holders{};
  std::int64_t rate = 0;
  std::int64_t held_for = 0;
};

Overview overview(Connection& connection) {
  Overview it;
  const Rows rows = connection.run(sql::status_unfinished);
  it.unfinished = ordered_json::array();
  for (int row = 0; row < rows.size(); ++row) {
    it.unfinished.push_back({{"lane", rows.integer(row, 0)},
                             {"state", rows.text(row, 1)},
                             {"rows", rows.integer(row, 2)},
                             {"due", rows.integer(row, 3)},
                             {"oldest_due_seconds", rows.number(row, 4)}});
  }
  const Rows done = connection.run(sql::status_done);
  it.done = ordered_json::object();
  for (const char* state : {"accepted", "refused", "not_sent", "unknown"}) it.done[state] = 0;
  for (int row = 0; row < done.size(); ++row) it.done[done.text(row, 0)] = done.integer(row, 1);
  it.workers = objects(connection.run(sql::status_workers));
  it.holders = objects(connection.run(sql::status_vacuum));
  const Rows pace = connection.run(sql::pace);
  it.rate = pace.integer(0, 0);
  it.held_for = pace.integer(0, 2);
  return it;
}

void print_json(const Overview& it) {
  const ordered_json all{
      {"rate", it.rate},           {"held_for_seconds", it.held_for}, {"unfinished", it.unfinished},
      {"done_last_hour", it.done}, {"workers", it.workers},           {"holds_vacuum", it.holders}};
  std::cout << all.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

void metric(const char* name, const char* help) {
  std::cout << "# HELP mobivate_fleet_" << name << ' ' << help << "\n# TYPE mobivate_fleet_" << name
            << " gauge\n";
}

void print_prometheus(const Overview& it) {
  std::map<int, std::int64_t> due{{0, 0}, {1, 0}};
  std::map<int, double> oldest{{0, 0}, {1, 0}};
  for (const auto& row : it.unfinished) {
    const int lane = row["lane"];
    due[lane] += row["due"].get<std::int64_t>();
    oldest[lane] = std::max(oldest[lane], row["oldest_due_seconds"].get<double>());
  }
  metric("due", "Stops that are due and that no worker is sending");
  for (const auto& [lane, rows] : due) {
    std::cout << "mobivate_fleet_due{lane=\"" << lane << "\"} " << rows << '\n';
  }
  metric("oldest_due_seconds", "How long the oldest of them has been due");
  for (const auto& [lane, seconds] : oldest) {
    std::cout << "mobivate_fleet_oldest_due_seconds{lane=\"" << lane << "\"} " << seconds << '\n';
  }
  metric("done_last_hour", "Stops that became final in the last hour");
  for (const auto& [state, rows] : it.done.items()) {
    std::cout << "mobivate_fleet_done_last_hour{state=\"" << state << "\"} " << rows << '\n';
  }
  std::size_t paused = 0;
  for (const auto& worker : it.workers) paused += worker["paused"].is_null() ? 0U : 1U;
  metric("rate", "Most HTTP requests a second; 0: paused");
  std::cout << "mobivate_fleet_rate " << it.rate << '\n';
  metric("workers", "Workers seen in the last half a minute");
  std::cout << "mobivate_fleet_workers " << it.workers.size() << '\n';
  metric("paused_workers", "Workers whose account the gateway refuses");
  std::cout << "mobivate_fleet_paused_workers " << paused << '\n';
}

void print_text(const Overview& it) {
  if (it.rate == 0) {
    std::cout << "rate: 0, the fleet is paused; `rate N` ends that\n";
  } else {
    std::cout << "rate: " << it.rate << " requests a second\n";
  }
  if (it.held_for > 0) {
    std::cout << "held by the gateway (Retry-After): " << it.held_for << " seconds more\n";
  }
  std::cout << "not final:\n";
  if (it.unfinished.empty()) std::cout << "  nothing\n";
  for (const auto& row : it.unfinished) {
    std::cout << "  lane " << row["lane"] << ", " << text_of(row["state"]) << ": " << row["rows"]
              << ", of them due " << row["due"];
    if (row["due"] > 0) {
      std::cout << ", the oldest for " << row["oldest_due_seconds"].get<long>() << " seconds";
    }
    std::cout << '\n';
  }
  std::cout << "final in the last hour:";
  const char* separator = " ";
  for (const auto& [state, rows] : it.done.items()) {
    std::cout << separator << state << ' ' << rows;
    separator = ", ";
  }
  std::cout << "\nworkers:\n";
  if (it.workers.empty()) {
    std::cout << "  none was seen in the last half a minute: start `fleet_unsubscribe work`\n";
  }
  for (const auto& worker : it.workers) {
    std::cout << "  " << text_of(worker["worker"]) << ": " << worker["in_flight"]
              << " under way, sent " << worker["sent"] << ", accepted " << worker["accepted"]
              << ", refused " << worker["refused"] << ", later " << worker["later"] << '\n';
    if (!worker["paused"].is_null())
      std::cout << "    paused: " << text_of(worker["paused"]) << '\n';
  }
  for (const auto& holder : it.holders) {
    std::cout << "holds vacuum up: " << text_of(holder["holder"]) << ", "
              << text_of(holder["what"]);
    if (!holder["seconds"].is_null()) {
      std::cout << ", for " << holder["seconds"].get<long>() << " seconds";
    }
    std::cout << ". End it: the table grows, and the fleet becomes slower\n";
  }
}

}  // namespace

ExitCode status(Database& database, const Options& options) {
  Connection connection = connect_to_schema(database);
  const Overview it = overview(connection);
  if (options.json) {
    print_json(it);
  } else if (options.prometheus) {
    print_prometheus(it);
  } else {
    print_text(it);
  }
  return done;
}

}  // namespace fleet
