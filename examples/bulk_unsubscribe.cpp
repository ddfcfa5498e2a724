// Stops every subscriber of a CSV file. If it is killed, run the same command again to go on.

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>

#include "bulk/journal.hpp"
#include "bulk/options.hpp"
#include "bulk/run.hpp"
#include "bulk/sender.hpp"
#include "bulk/signals.hpp"
#include "bulk/summary.hpp"

namespace bulk { namespace {

void print_error(const std::string& problem) {
  std::cerr << "bulk_unsubscribe: " << problem << '\n';
}

mobivate::DoiClient make_client(const Options& options, InFlight& in_flight) {
  auto client = mobivate::ClientOptions::from_environment();
  client.total_timeout = std::chrono::milliseconds(options.timeout);
  client.retry.max_attempts = options.attempts;
  client.on_attempt = [&in_flight](const mobivate::Attempt& it) { in_flight.count(it); };
  return mobivate::DoiClient(client, std::make_shared<mobivate::CurlTransport>(options.curl));
}

Again sent_again(const Options& options) {
  return {options.retry_refused, !options.errors_are_final};
}

bool stop_asked() {
  return signals_caught() > 0;
}

/// Prints why the list was not read to its end, or that it has no rows.
void explain_end(const LineReader& lines, Run& run) {
  run.end();
  if (!lines.error().empty()) {
    print_error(lines.error());
  } else if (run.is_at_end() && run.tally().all() == 0) {
    print_error(lines.name() + " has no rows below its header");
  }
}

ExitCode check_all(const Options& options) {
  LineReader lines(options.list, stop_asked);
  KnownRows known;
  if (!options.journal.empty()) read_journal(options.journal, sent_again(options), known);

  Run run(lines, options, known, nullptr);
  while (run.at_hand(std::chrono::milliseconds(100)) || !stop_asked()) {
    while (run.next()) run.count_as_to_send();
    if (run.is_at_end() || stop_asked()) break;
  }
  explain_end(lines, run);
  const ExitCode code = run.exit_code();
  print_dry_summary(std::cout, run.tally());
  print_repeated(std::cout, known);
  if (code == unfinished) std::cout << "Correct the reported rows in the list.\n";
  return code;
}

ExitCode send_all(const Options& options) {
  if (const auto problem = problem_of_environment(); !problem.empty()) throw InputError(problem);
  KnownRows known;
  InFlight in_flight(known);
  const auto client = make_client(options, in_flight);
  LineReader lines(options.list, stop_asked);
  Journal journal(options.journal);
  if (journal.read(sent_again(options), known)) {
    std::cerr << options.journal << ": removed half a line that an earlier run left at its end\n";
  }

  Run run(lines, options, known, &journal);
  Sender sender(options, client, run, journal, in_flight);
  ExitCode code = journal_failed;
  std::string problem;
  try {
    sender.send_all();
    journal.sync();
    problem = sender.given_up();
    code = problem.empty() ? run.exit_code() : nothing_can_be_sent;
    explain_end(lines, run);
  } catch (const JournalError& error) {
    sender.abandon();
    run.end();
    problem = error.what();
  }
  print_summary(std::cout, run.tally());
  const std::size_t gone = run.is_at_end() ? known.count(Journalled::sending) : 0;
  if (gone > 0) {
    std::cout << gone << (gone == 1 ? " row was" : " rows were")
              << " in flight when an earlier run was killed, but not in this list: not sent again, "
                 "so still unknown. The last line of such a row in the journal is \"sending\"\n";
  }
  print_repeated(std::cout, known);
  std::cout.flush();
  if (!problem.empty()) print_error(problem);
  print_end(std::cout, options, run.tally(), code);
  return code;
}

ExitCode run(const Options& options) {
  try {
    if (const auto problem = problem_of(options); !problem.empty()) throw InputError(problem);
    return options.dry_run ? check_all(options) : send_all(options);
  } catch (const JournalInUse& error) {
    print_error(error.what());
    return journal_in_use;
  } catch (const JournalError& error) {
    print_error(error.what());
    return journal_failed;
  } catch (const InputError& error) {
    print_error(stop_asked() ? "stopped before the list was read" : error.what());
    return stop_asked() ? stopped : nothing_can_be_sent;
  } catch (const std::invalid_argument& error) {
    print_error(error.what());
    return nothing_can_be_sent;
  }
}

}}  // namespace bulk

int main(int argc, char** argv) {
  bulk::open_standard_streams();
  bulk::catch_signals();
  bulk::Options options;
  options.command = bulk::shell_command(argc, argv);
  CLI::App app{"Stops the billing of every subscriber in a CSV file through Mobivate's gateway."};
  bulk::add_options(app, options);
  try {
    app.parse(argc, argv);
    if (options.journal.empty() && !options.dry_run) throw CLI::RequiredError("--journal");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bulk::nothing_can_be_sent;
  }
  if (options.kenya) options.defaults.stop = mobivate::Stop::one;
  return bulk::run(options);
}
