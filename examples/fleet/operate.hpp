#pragma once

#include "database.hpp"
#include "options.hpp"

namespace fleet {

/// Each does what the subcommand of its name does, and prints it. They throw `DatabaseGone` and
/// `DatabaseError`.
ExitCode set_up(Database& database);
ExitCode rate(Database& database, const Options& options);
ExitCode find(Database& database, const Options& options);
ExitCode status(Database& database, const Options& options);
ExitCode retry(Database& database, const RetryOptions& options);
ExitCode forget(Database& database, const ForgetOptions& options);
ExitCode submit(Database& database, const SubmitOptions& options);

}  // namespace fleet
