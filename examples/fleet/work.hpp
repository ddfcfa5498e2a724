#pragma once

#include "database.hpp"
#include "options.hpp"

namespace fleet {

/// Leases stops, sends them and writes their outcomes, until a signal comes; with `until_empty`,
/// until nothing is left.
ExitCode work(Database& database, const WorkOptions& options);

}  // namespace fleet
