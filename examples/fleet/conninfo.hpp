#pragma once

#include <string>

struct pg_conn;

namespace fleet {

/// Throws `std::invalid_argument` if libpq can't read where the database is.
void check_conninfo(const std::string& conninfo);

/// Connects, by libpq's own ways, with the fleet's defaults for what the user did not set. The
/// caller owns the connection, which may have failed; null: there is no memory.
pg_conn* connect(const std::string& conninfo);

}  // namespace fleet
