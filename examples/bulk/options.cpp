#include "options.hpp"

#include <CLI/CLI.hpp>

namespace bulk {

namespace {

void add_defaults(CLI::App& app, Options& options) {
  const char* const group = "For rows without a value of their own";
  app.add_option("--source", options.defaults.source, "The service's shortcode")->group(group);
  app.add_option("--keyword", options.defaults.keyword, "The service's keyword")->group(group);
  app.add_option("--amount", options.defaults.amount, "Cents")->group(group);
  app.add_option("--provider", options.defaults.provider, "Network")->group(group);
  app.add_option("--frequency", options.defaults.frequency, "Days between billings")->group(group);
  app.add_option("--campaign", options.defaults.campaign, "Your name for the campaign")
      ->group(group);
  app.add_flag("--kenya", options.kenya, "Web Opt-In Kenya (stop=1) in place of NDOI (stop)")
      ->group(group);
}

void add_pace(CLI::App& app, Options& options) {
  app.add_option("--in-flight", options.in_flight, "Requests under way at once")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--rate", options.rate,
                 "HTTP requests a second at most, retries included; 0: no limit")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--attempts", options.attempts, "HTTP requests for one row at most")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout, "For one row, retries included, in milliseconds")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
}

}  // namespace

void add_options(CLI::App& app, Options& options) {
  app.add_option("list", options.list,
                 "CSV file; -: standard input, and while it is waited for, so are the answers")
      ->required();
  app.add_option("--journal", options.journal,
                 "File that gets a line for each outcome; required unless --dry-run");
  app.add_flag("--dry-run", options.dry_run, "Check every row, and send nothing");
  app.add_flag("--retry-refused", options.retry_refused,
               "Send rows again that an earlier run saw refused");
  add_pace(app, options);
  app.add_option("--ca-bundle", options.curl.ca_bundle,
                 "PEM certificates to trust instead of the system's")
      ->check(CLI::ExistingFile);
  add_defaults(app, options);
  app.footer(
      "List:\n"
      "  CSV in UTF-8. The first row names the columns: destination and reference, and as needed\n"
      "  source, keyword, amount, provider, frequency, campaign and stop (flag or one).\n"
      "  A row that can't be sent is reported by its line, and the run goes on.\n\n"
      "Journal:\n"
      "  One JSON object a line; a line is never changed. With the same list and journal, a run "
      "goes\n"
      "  on where an earlier one ended, even if that was killed: rows that are accepted or "
      "refused\n"
      "  are not sent again, rows that are not sent or unknown are. Rows are told apart by "
      "source,\n"
      "  keyword, destination and reference; one that is twice in the list is sent twice.\n\n"
      "Ctrl-C:\n"
      "  Takes no more rows, and waits for the answers to those sent. Once more: doesn't wait.\n\n"
      "Environment:\n"
      "  MOBIVATE_BASE_URL     https://host[:port][/prefix]; http only for this machine\n"
      "  MOBIVATE_ACCOUNT_ID   your account id\n"
      "  MOBIVATE_API_KEY      your API key\n\n"
      "Exit codes, the last that holds:\n"
      "  0  every row is accepted, by this run or an earlier one; or with --dry-run, can be sent\n"
      "  1  some rows are refused, all others accepted\n"
      "  2  some rows are not sent or unknown: correct what is reported, and run it again\n"
      "  3  stopped by Ctrl-C or SIGTERM: run it again to go on\n"
      "  4  wrong options, no credentials, or the list can't be read\n"
      "  5  the journal is in use by another run\n"
      "  6  the journal can't be read or written: mend that, and run it again");
}

}  // namespace bulk
