#pragma once

#include <stdexcept>

#include "database.hpp"

namespace fleet {

/// The schema is one that this program can't use.
struct WrongSchema : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Connects. Throws `WrongSchema` if the schema is older than this program, or newer by more than
/// one version: each version of the schema serves the programs of the version before, too.
Connection connect_to_schema(Database& database);

/// A commit that may be lost with this server is not taken as done: throws `DatabaseGone` if it
/// came with a warning.
void require_commit(const Connection& connection, const char* what);

}  // namespace fleet
