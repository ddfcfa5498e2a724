#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <mobivate/client_options.hpp>
#include <mobivate/curl_options.hpp>
#include <mobivate/unsubscribe_request.hpp>

namespace CLI {
class App;
}

namespace bulk {

/// Where several hold, the one that comes last here.
enum ExitCode {
  all_accepted = 0,
  some_refused = 1,
  unfinished = 2,
  stopped = 3,
  bad_usage = 4,
  journal_in_use = 5,
  journal_failed = 6,
};

/// What the command line says.
struct Options {
  std::string list;  ///< `-`: standard input.
  std::string journal;
  mobivate::UnsubscribeRequest defaults{};  ///< For columns that the list lacks.
  bool kenya = false;
  std::size_t in_flight = 32;
  double rate = 0;  ///< HTTP requests a second; 0: no limit.
  int attempts = mobivate::RetryPolicy().max_attempts;
  std::int64_t timeout = 60'000;  ///< Milliseconds.
  mobivate::CurlOptions curl{};
  bool retry_refused = false;
  bool dry_run = false;
};

/// Ties the options to the command line; `options` outlives `app`.
void add_options(CLI::App& app, Options& options);

}  // namespace bulk
