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

/// If several apply, the program ends with the highest one.
enum ExitCode {
  all_accepted = 0,
  some_refused = 1,
  unfinished = 2,
  stopped = 3,
  nothing_can_be_sent = 4,
  journal_in_use = 5,
  journal_failed = 6,
};

/// The options of the command line.
struct Options {
  std::string command;  ///< The command line, quoted for a shell.
  std::string list;     ///< Path of the CSV file. `-`: standard input.
  std::string journal;
  mobivate::UnsubscribeRequest defaults{};  ///< Values for columns that the list lacks.
  bool kenya = false;
  bool ignore_other_columns = false;
  std::size_t in_flight = 32;
  double rate = 0;  ///< HTTP requests per second. 0: no limit.
  int attempts = mobivate::RetryPolicy().max_attempts;
  std::int64_t timeout = 60'000;  ///< Milliseconds.
  double give_up_after = 600;     ///< Seconds.
  mobivate::CurlOptions curl{};
  bool retry_refused = false;
  bool errors_are_final = false;
  bool dry_run = false;
};

/// Adds the options to the command line's parser. `options` must outlive `app`.
void add_options(CLI::App& app, Options& options);

/// Adds the options for columns that a list lacks. `request` and `kenya` must outlive `app`.
void add_values(CLI::App& app, mobivate::UnsubscribeRequest& request, bool& kenya);
/// Adds --in-flight, --timeout and --ca-bundle. All arguments must outlive `app`.
void add_sending(CLI::App& app, std::size_t& in_flight, std::int64_t& timeout,
                 mobivate::CurlOptions& curl);

/// Returns what is wrong with an option. Empty: nothing.
std::string problem_of(const Options& options);
/// The same for the options of `add_values`.
std::string problem_of_values(const mobivate::UnsubscribeRequest& defaults);

/// Returns what is wrong with a credential in the environment. Empty: nothing. The text names the
/// variable and never its value.
std::string problem_of_environment();

std::string shell_quoted(const std::string& word);
std::string shell_command(int argc, const char* const* argv);

}  // namespace bulk
