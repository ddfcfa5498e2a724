#include "options.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>
#include <mobivate/version.hpp>

#include "stop_list.hpp"

namespace bulk {

namespace {

void add_in_flight(CLI::App& app, std::size_t& in_flight) {
  app.add_option("--in-flight", in_flight, "Maximum number of requests in flight")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

void add_timeout(CLI::App& app, std::int64_t& timeout) {
  app.add_option("--timeout", timeout,
                 "Longest time for one row, retries included, in milliseconds")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
}

void add_ca_bundle(CLI::App& app, mobivate::CurlOptions& curl) {
  app.add_option("--ca-bundle", curl.ca_bundle, "PEM certificates to trust instead of the system's")
      ->check(CLI::ExistingFile);
}

void add_pace(CLI::App& app, Options& options) {
  add_in_flight(app, options.in_flight);
  app.add_option("--rate", options.rate,
                 "Maximum of HTTP requests per second, retries included; 0: no limit")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--attempts", options.attempts, "Maximum number of HTTP requests for one row")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_timeout(app, options.timeout);
  app.add_option("--give-up-after", options.give_up_after,
                 "End the run after this time without an answer: seconds, or 10m, 2h")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, double>{{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3'600}},
          CLI::AsNumberWithUnit::DEFAULT, "TIME"))
      ->check(CLI::Range(0.0, 1e9))
      ->option_text("TIME [600]");
}

/// Returns the name of a character that can't be part of a credential: at its start or end, or a
/// byte that is not printable ASCII. Returns nothing if the text has no such character.
std::optional<std::string> stray_character(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, const char*>, 6> names{
      {{" ", "a space"},
       {"\t", "a tab"},
       {"\r", "a carriage return"},
       {"\n", "a line feed"},
       {"\"", "a double quote"},
       {"'", "a single quote"}}};
  for (const auto& [character, name] : names) {
    if (text.front() == character.front() || text.back() == character.front()) return name;
  }
  const auto is_printable_ascii = [](char c) { return c >= 0x20 && c < 0x7F; };
  const auto other = std::find_if_not(text.begin(), text.end(), is_printable_ascii);
  if (other == text.end()) return std::nullopt;
  std::array<char, sizeof "the byte 0xA0"> byte{};
  std::snprintf(byte.data(), byte.size(), "the byte 0x%02X",
                static_cast<unsigned>(static_cast<unsigned char>(*other)));
  return byte.data();
}

}  // namespace

void add_values(CLI::App& app, mobivate::UnsubscribeRequest& request, bool& kenya) {
  const char* const group = "Values for rows that have none of their own";
  const auto not_zero = CLI::Range(1.0, 4'294'967'295.0, "POSITIVE");
  app.add_option("--source", request.source, "The service's shortcode")
      ->check(not_zero)
      ->group(group);
  app.add_option("--keyword", request.keyword, "The service's keyword")->group(group);
  app.add_option("--amount", request.amount, "Cents")->group(group);
  app.add_option("--provider", request.provider, "Network")->group(group);
  app.add_option("--frequency", request.frequency, "Days between billings")
      ->check(not_zero)
      ->group(group);
  app.add_option("--campaign", request.campaign, "Your name for the campaign")->group(group);
  app.add_flag("--kenya", kenya, "Web Opt-In Kenya (stop=1) in place of NDOI (stop)")->group(group);
}

void add_sending(CLI::App& app, std::size_t& in_flight, std::int64_t& timeout,
                 mobivate::CurlOptions& curl) {
  add_in_flight(app, in_flight);
  add_timeout(app, timeout);
  add_ca_bundle(app, curl);
}

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "bulk_unsubscribe " + std::string(mobivate::version));
  app.add_option("list", options.list, "CSV file; - reads standard input")
      ->required()
      ->option_text("FILE REQUIRED");
  app.add_option("--journal", options.journal, "File that gets a line for each outcome")
      ->option_text("FILE REQUIRED (optional with --dry-run)");
  app.add_flag("--dry-run", options.dry_run, "Check every row, and send nothing");
  app.add_flag("--retry-refused", options.retry_refused,
               "Send the refused rows of earlier runs again");
  app.add_flag("--errors-are-final", options.errors_are_final,
               "Treat an undocumented error as a final refusal of its row");
  app.add_flag("--ignore-other-columns", options.ignore_other_columns,
               "Ignore columns that are not named below");
  add_pace(app, options);
  add_ca_bundle(app, options.curl);
  add_values(app, options.defaults, options.kenya);
  app.footer(
      "Examples:\n"
      "  $ cat stops.csv\n"
      "  > source,destination,keyword,amount,provider,reference\n"
      "  > 12345,254743210492,mv-100620006,100,safaricom,ABC1234\n"
      "  $ bulk_unsubscribe stops.csv --journal outcomes.ndjson --rate 200\n\n"
      "List:\n"
      "  CSV in UTF-8, with commas. The first row names the columns: destination and reference, "
      "and\n"
      "  as needed source, keyword, amount, provider, frequency, campaign and stop (flag or one).\n"
      "  A row that can't be sent is reported with its line, and the run goes on.\n\n"
      "Journal:\n"
      "  JSON, one object a line: \"state\":\"sending\" before a row is sent, then its outcome.\n"
      "  accepted: the subscriber is stopped. refused: the gateway refused the stop. not_sent: "
      "the\n"
      "  gateway got no request. unknown: the answer was lost.\n"
      "  Run the same command again to go on, even after a crash: accepted and refused rows are "
      "not\n"
      "  sent again, all others are. Rows with the same source, keyword, destination and\n"
      "  reference are one stop.\n\n"
      "Ctrl-C:\n"
      "  Takes no more rows, and waits for the answers to rows already sent. Press it again to "
      "end\n"
      "  without these answers.\n\n"
      "Environment:\n"
      "  MOBIVATE_BASE_URL     https://host[:port][/prefix]; http only for this machine\n"
      "  MOBIVATE_ACCOUNT_ID   your account id\n"
      "  MOBIVATE_API_KEY      your API key\n\n"
      "Exit codes (the highest, if several apply):\n"
      "  0  every row is accepted, by this run or an earlier one; with --dry-run: can be sent\n"
      "  1  some rows are refused, all others accepted\n"
      "  2  some rows are not sent or unknown: correct what is reported, and run it again\n"
      "  3  stopped by Ctrl-C, SIGTERM or SIGHUP: run it again to go on\n"
      "  4  nothing more can be sent: wrong options, list or credentials, or the gateway is gone\n"
      "  5  another run uses the journal: wait for its end\n"
      "  6  the journal can't be read or written: correct that, and run it again");
}

std::string problem_of(const Options& options) {
  return problem_of_values(options.defaults);
}

std::string problem_of_values(const mobivate::UnsubscribeRequest& defaults) {
  for (const auto& [name, text] :
       {std::pair{"--keyword ", defaults.keyword}, std::pair{"--campaign ", defaults.campaign},
        std::pair{"--provider ", defaults.provider}}) {
    const std::string problem = text_problem(text);
    if (!problem.empty()) return name + problem;
  }
  // A valid row, with the values that the options give.
  auto request = defaults;
  request.destination = "254743210492";
  request.reference = "ABC1234";
  if (request.source == 0) request.source = 12345;
  if (request.keyword.empty()) request.keyword = "mv-100620006";
  if (!request.amount) request.amount = 100;
  if (request.provider.empty()) request.provider = "safaricom";
  const auto problem = mobivate::validate(request);
  return problem ? "--" + problem->field + " " + problem->reason : "";
}

std::string problem_of_environment() {
  for (const char* name : {"MOBIVATE_BASE_URL", "MOBIVATE_ACCOUNT_ID", "MOBIVATE_API_KEY"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;  // the client refuses it and names it
    if (const auto character = stray_character(value)) {
      return std::string(name) + " has " + *character +
             " in it, which can't be part of it: remove it where the variable is set";
    }
  }
  return {};
}

std::string shell_quoted(const std::string& word) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '+' && c <= ':');  // digits, and + , - . / :
  };
  const auto is_plain_or = [&](char c) { return is_plain(c) || c == '_' || c == '=' || c == '%'; };
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain_or)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shell_command(int argc, const char* const* argv) {
  std::string command;
  for (int i = 0; i < argc; ++i) {
    command += (i == 0 ? "" : " ") + shell_quoted(argv[i]);
  }
  return command;
}

}  // namespace bulk
