#include "operate.hpp"

#include <iostream>
#include <string>

#include "../bulk/signals.hpp"
#include "schema.hpp"
#include "sql.hpp"
#include "words.hpp"

namespace fleet {

namespace {

/// Repeats a statement that changes a thousand rows a transaction, until none is left.
std::size_t repeat(Connection& connection, const char* sql, const Values& values) {
  std::size_t all = 0;
  while (bulk::signals_caught() == 0) {
    const std::size_t changed = connection.run(sql, values).changed();
    require_commit(connection, "What was done");
    all += changed;
    if (changed == 0) break;
  }
  return all;
}

}  // namespace

ExitCode rate(Database& database, const Options& options) {
  Connection connection = connect_to_schema(database);
  if (options.rate) {
    connection.run(sql::rate, {std::to_string(*options.rate)});
    require_commit(connection, "The rate");
  }
  const Rows pace = connection.run(sql::pace);
  const auto rate = pace.integer(0, 0);
  if (rate == 0) {
    std::cout << "The fleet is paused: its rate is 0.\n";
  } else {
    std::cout << "The fleet sends at most "
              << counted(static_cast<std::size_t>(rate), "request", "requests") << " a second.\n";
  }
  if (const auto held = pace.integer(0, 2); held > 0) {
    std::cout << "The gateway asked it to wait (Retry-After): " << held << " seconds are left.\n";
  }
  return done;
}

ExitCode retry(Database& database, const RetryOptions& options) {
  Connection connection = connect_to_schema(database);
  Values values(4);
  if (!options.states.empty()) {
    ArrayText states;
    for (const auto& state : options.states) states.add(state);
    values[0] = std::move(states).take();
  }
  if (!options.codes.empty()) {
    ArrayText codes;
    for (const int code : options.codes) codes.add_number(code);
    values[1] = std::move(codes).take();
  }
  if (!options.since.empty()) values[2] = options.since;
  values[3] = connection.run("select clock_timestamp()::text").text(0, 0);
  std::size_t all = 0;
  try {
    all = repeat(connection, sql::retry, values);
  } catch (const DatabaseError& error) {
    if (error.sqlstate != "22007" && error.sqlstate != "22008") throw;
    std::cerr << "fleet_unsubscribe: --since is not a time that PostgreSQL reads: "
                 "write it as 2026-01-31 12:00:00+00\n";
    return wrong_use;
  }
  std::cout << counted(all, "stop is", "stops are") << " due again.\n";
  return bulk::signals_caught() > 0 ? stopped : done;
}

ExitCode forget(Database& database, const ForgetOptions& options) {
  Connection connection = connect_to_schema(database);
  const bool by_number = !options.number.empty();
  const std::size_t all =
      by_number ? repeat(connection, sql::forget_number, {options.number})
                : repeat(connection, sql::forget_old, {std::to_string(*options.older_than)});
  const Rows left =
      connection.run(sql::unfinished_rows, {by_number ? Value(options.number) : Value()});
  std::cout << counted(all, "stop is", "stops are") << " forgotten.\n"
            << left.integer(0, 0) << (left.integer(0, 0) == 1 ? " is" : " are")
            << " not final and stay" << (left.integer(0, 0) == 1 ? "s" : "") << ".\n";
  return bulk::signals_caught() > 0 ? stopped : done;
}

}  // namespace fleet
