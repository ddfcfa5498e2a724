#include "options.hpp"

#include <CLI/CLI.hpp>
#include <mobivate/version.hpp>

namespace fleet {

namespace {

const char* const states[] = {"accepted", "refused", "not_sent", "unknown"};

void add_submit(CLI::App& app, SubmitOptions& options) {
  auto* submit = app.add_subcommand("submit", "Puts a CSV list into the table, in one transaction");
  submit->add_option("list", options.list, "CSV file; - reads standard input")
      ->required()
      ->option_text("FILE REQUIRED");
  submit->add_flag("--ignore-other-columns", options.ignore_other_columns,
                   "Ignore columns that are not named below");
  submit
      ->add_option("--lane", options.lane,
                   "0: sent first, with the stops that applications insert; 1: sent after them")
      ->check(CLI::Range(0, 1))
      ->capture_default_str();
  bulk::add_values(*submit, options.defaults, options.kenya);
}

void add_work(CLI::App& app, WorkOptions& options) {
  auto* work = app.add_subcommand("work", "Leases stops, sends them, and writes their outcomes");
  bulk::add_sending(*work, options.in_flight, options.timeout, options.curl);
  work->add_option(
          "--lease", options.lease,
          "Seconds for which leased stops belong to this worker alone; at least --timeout plus 2")
      ->check(CLI::Range(1.0, 86'400.0))
      ->capture_default_str();
  work->add_option(
          "--later", options.later,
          "Seconds to the next try of a stop without an answer, or with 541; doubles to an hour")
      ->check(CLI::Range(0.0, 3'600.0))
      ->capture_default_str();
  work->add_option("--tries", options.tries,
                   "Maximum number of tries of a stop without an answer, or with 541")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  work->add_option("--probe", options.probe,
                   "Seconds between two tries while the gateway refuses the account")
      ->check(CLI::Range(1.0, 3'600.0))
      ->capture_default_str();
  work->add_flag("--until-empty", options.until_empty, "End when all stops are final");
}

void add_reading(CLI::App& app, Options& options) {
  auto* rate = app.add_subcommand(
      "rate", "Shows or sets how many HTTP requests a second the whole fleet may send");
  rate->add_option("rate", options.rate, "Requests a second; 0 pauses the fleet")
      ->check(CLI::Range(0, 1'000'000));
  auto* find = app.add_subcommand("find", "Tells what became of a subscriber's stops");
  find->add_option("number", options.number, "The destination, as it was submitted")->required();
  find->add_flag("--json", options.json, "Print JSON");
  auto* status = app.add_subcommand(
      "status", "Tells what is waiting, being sent and done, and which workers are alive");
  auto* json = status->add_flag("--json", options.json, "Print JSON");
  status->add_flag("--prometheus", options.prometheus, "Print metrics")->excludes(json);
}

void add_changing(CLI::App& app, Options& options) {
  auto* retry = app.add_subcommand("retry", "Makes final stops due again");
  retry->add_option("--state", options.retry.states, "Only stops in this state; may be repeated")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(states), std::end(states))));
  retry->add_option("--code", options.retry.codes, "Only stops with this code; may be repeated");
  retry->add_option("--since", options.retry.since,
                    "Only stops that became final at this time or later");
  auto* forget = app.add_subcommand("forget", "Deletes final stops");
  auto* number =
      forget->add_option("number", options.forget.number, "The subscriber whose stops are deleted");
  forget
      ->add_option("--older-than", options.forget.older_than,
                   "Delete stops that became final so many days ago, or earlier")
      ->check(CLI::Range(0, 36'500))
      ->excludes(number);
}

}  // namespace

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "fleet_unsubscribe " + std::string(mobivate::version));
  app.set_help_all_flag("--help-all", "Print the help of all subcommands and exit");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--database", options.database,
                 "The database: \"host=… dbname=…\" or a URL, as libpq takes it; without it, "
                 "PGHOST, PGSERVICE and so on are used. Keep passwords in ~/.pgpass");
  app.add_option("--schema", options.schema, "The schema in the database")->capture_default_str();
  app.add_subcommand("setup", "Creates or upgrades the schema; safe to run again");
  add_submit(app, options.submit);
  add_work(app, options.work);
  add_reading(app, options);
  add_changing(app, options);
  app.footer(
      "Environment, of work:\n"
      "  MOBIVATE_BASE_URL      https://host[:port][/prefix]; http only for this machine\n"
      "  MOBIVATE_ACCOUNT_ID    your account id\n"
      "  MOBIVATE_API_KEY       your API key\n"
      "  MOBIVATE_API_KEY_FILE  a file whose first line is the key, if MOBIVATE_API_KEY is not "
      "set\n\n"
      "Exit codes (the highest, if several apply):\n"
      "  0  done; work --until-empty: every stop that it made final is accepted\n"
      "  1  work --until-empty: some are refused; find: no stop of this number\n"
      "  2  submit: some rows can't be sent; work --until-empty: some are not sent or unknown\n"
      "  3  stopped by Ctrl-C, SIGTERM or SIGHUP: nothing is lost\n"
      "  4  an option, the list or a credential is wrong\n"
      "  6  the database can't be used; if it can't be reached, work waits for it instead");
}

std::string problem_of(const Options& options) {
  if (options.schema.empty() || options.schema.find('\0') != std::string::npos) {
    return "--schema is empty: name one, or leave it out";
  }
  if (options.action == "submit") return bulk::problem_of_values(options.submit.defaults);
  if (options.action == "work") {
    const double least = static_cast<double>(options.work.timeout) / 1'000 + 2;
    if (options.work.lease < least) {
      return "--lease must be at least --timeout plus 2 seconds: raise it, or lower --timeout";
    }
  }
  const auto& retry = options.retry;
  if (options.action == "retry" && retry.states.empty() && retry.codes.empty() &&
      retry.since.empty()) {
    return "retry wants at least one of --state, --code and --since";
  }
  if (options.action == "forget" && options.forget.number.empty() && !options.forget.older_than) {
    return "forget wants a number, or --older-than DAYS";
  }
  return {};
}

}  // namespace fleet
