#include "schema.hpp"

#include <iostream>
#include <string>

#include "operate.hpp"
#include "sql.hpp"

namespace fleet {

namespace {

constexpr std::int64_t schema_version = 1;

/// Throws `WrongSchema` unless the schema has this program's version, or a newer one, `newest` at
/// most.
void require_version(Connection& connection, const Database& database, std::int64_t newest) {
  const auto version = connection.run(sql::pace).integer(0, 1);
  const std::string there =
      "the schema " + database.schema + " has version " + std::to_string(version);
  if (version < schema_version) {
    throw WrongSchema(there + ", and this program needs " + std::to_string(schema_version) +
                      ": run `fleet_unsubscribe setup` of this program");
  }
  if (version > newest) {
    throw WrongSchema(there + ", and this program knows " + std::to_string(newest) +
                      " at most: use the newer program");
  }
}

}  // namespace

Connection connect_to_schema(Database& database) {
  Connection connection(database);
  require_version(connection, database, schema_version + 1);
  return connection;
}

void require_commit(const Connection& connection, const char* what) {
  if (connection.warning().empty()) return;
  throw DatabaseGone("the database warns of the commit: " + connection.warning() + ". " + what +
                     " may be lost with this server: run the same command again when its standby "
                     "is back");
}

ExitCode set_up(Database& database) {
  Connection connection(database);
  connection.run_script("begin");
  // Two at once would both find nothing there.
  connection.run_script("select pg_advisory_xact_lock(7227362011)");
  const Rows there = connection.run("select to_regclass($1) is not null",
                                    {quoted_name(database.schema) + ".pacing"});
  const bool is_new = !there.truth(0, 0);
  if (is_new) {
    connection.run_script(sql::schema);
  } else {
    require_version(connection, database, schema_version);
  }
  connection.run_script("commit");
  require_commit(connection, "The schema");
  std::cout << "The schema " << database.schema << (is_new ? " is made" : " is up to date")
            << ".\n";
  if (is_new) {
    std::cout << "Next: examples/fleet/sql/grants.sql gives applications, workers and operators "
                 "their rights;\n`fleet_unsubscribe rate N` sets how many requests a second the "
                 "fleet may send (10 now);\n`fleet_unsubscribe work` sends.\n";
  }
  return done;
}

}  // namespace fleet
