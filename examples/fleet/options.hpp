#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mobivate/curl_options.hpp>
#include <mobivate/unsubscribe_request.hpp>

#include "../bulk/options.hpp"

namespace CLI {
class App;
}

namespace fleet {

/// If several apply, the program ends with the highest one. Those that `bulk_unsubscribe` has, too,
/// have the same numbers.
enum ExitCode {
  done = bulk::all_accepted,
  some_refused = bulk::some_refused,
  unfinished = bulk::unfinished,
  stopped = bulk::stopped,
  wrong_use = bulk::nothing_can_be_sent,
  database_failed = bulk::journal_failed,
};

struct WorkOptions {
  std::size_t in_flight = 32;
  std::int64_t timeout = 60'000;  ///< Milliseconds.
  mobivate::CurlOptions curl{};
  double lease = 90;  ///< Seconds.
  double later = 60;  ///< Seconds.
  int tries = 20;
  double probe = 60;  ///< Seconds between two stops while paused.
  bool until_empty = false;
};

struct SubmitOptions {
  std::string list{};
  mobivate::UnsubscribeRequest defaults{};
  bool kenya = false;
  bool ignore_other_columns = false;
  int lane = 1;
};

struct RetryOptions {
  std::vector<std::string> states{};
  std::vector<int> codes{};
  std::string since{};
};

struct ForgetOptions {
  std::string number{};
  std::optional<int> older_than{};  ///< Days.
};

/// The options of the command line.
struct Options {
  std::string database{};
  std::string schema = "mobivate";
  std::string action{};  ///< The subcommand.
  SubmitOptions submit{};
  WorkOptions work{};
  RetryOptions retry{};
  ForgetOptions forget{};
  std::optional<int> rate{};
  std::string number{};
  bool json = false;
  bool prometheus = false;
};

/// Adds the options to the command line's parser. `options` must outlive `app`.
void add_options(CLI::App& app, Options& options);

/// Returns what is wrong with an option. Empty: nothing.
std::string problem_of(const Options& options);

}  // namespace fleet
