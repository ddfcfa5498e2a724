// Stops subscribers from many places at once, on several machines, around the clock: a stop is a
// row in PostgreSQL, and workers send it. See docs/guide/fleet.md.

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

#include "bulk/line_reader.hpp"
#include "bulk/signals.hpp"
#include "fleet/conninfo.hpp"
#include "fleet/database.hpp"
#include "fleet/operate.hpp"
#include "fleet/options.hpp"
#include "fleet/schema.hpp"
#include "fleet/work.hpp"

namespace fleet { namespace {

void print_error(const std::string& problem) {
  std::cerr << "fleet_unsubscribe: " << problem << '\n';
}

ExitCode act(Database& database, const Options& options) {
  if (options.action == "setup") return set_up(database);
  if (options.action == "submit") return submit(database, options.submit);
  if (options.action == "work") return work(database, options.work);
  if (options.action == "rate") return rate(database, options);
  if (options.action == "find") return find(database, options);
  if (options.action == "status") return status(database, options);
  if (options.action == "retry") return retry(database, options.retry);
  return forget(database, options.forget);
}

ExitCode run(const Options& options) {
  Database database;
  database.conninfo = options.database;
  database.schema = options.schema;
  try {
    if (const auto problem = problem_of(options); !problem.empty()) {
      throw std::invalid_argument(problem);
    }
    check_conninfo(options.database);
    return act(database, options);
  } catch (const DatabaseGone& error) {
    print_error(std::string("the database can't be used: ") + error.what());
    return database_failed;
  } catch (const WrongSchema& error) {
    print_error(error.what());
    return database_failed;
  } catch (const DatabaseError& error) {
    const bool is_missing = error.sqlstate == "42P01" || error.sqlstate == "3F000";
    print_error(std::string("the database refuses: ") + error.what() +
                (is_missing ? ". Run `fleet_unsubscribe setup` first" : ""));
    return database_failed;
  } catch (const bulk::InputError& error) {
    print_error(bulk::signals_caught() > 0 ? "stopped before the list was read" : error.what());
    return bulk::signals_caught() > 0 ? stopped : wrong_use;
  } catch (const std::invalid_argument& error) {
    print_error(error.what());
    return wrong_use;
  }
}

}}  // namespace fleet

int main(int argc, char** argv) {
  bulk::open_standard_streams();
  bulk::catch_signals();
  fleet::Options options;
  CLI::App app{"Stops subscribers through Mobivate's gateway, from rows in PostgreSQL."};
  fleet::add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? fleet::done : fleet::wrong_use;
  }
  options.action = app.get_subcommands().front()->get_name();
  if (options.submit.kenya) options.submit.defaults.stop = mobivate::Stop::one;
  return fleet::run(options);
}
