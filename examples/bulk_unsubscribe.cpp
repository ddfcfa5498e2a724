// Stops every subscriber of a CSV file; may be killed at any moment, and run again to go on.

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>

#include "bulk/in_flight.hpp"
#include "bulk/journal.hpp"
#include "bulk/options.hpp"
#include "bulk/run.hpp"
#include "bulk/signals.hpp"
#include "bulk/stop_list.hpp"
#include "bulk/summary.hpp"

namespace bulk { namespace {

mobivate::DoiClient make_client(const Options& options, InFlight& in_flight) {
  auto client = mobivate::ClientOptions::from_environment();
  client.total_timeout = std::chrono::milliseconds(options.timeout);
  client.retry.max_attempts = options.attempts;
  client.on_attempt = [&in_flight](const mobivate::Attempt& it) { in_flight.count(it); };
  return mobivate::DoiClient(client, std::make_shared<mobivate::CurlTransport>(options.curl));
}

bool stop_asked() {
  return signals_caught() > 0;
}

/// Says why the run ended before the list did, if so.
ExitCode ended(const LineReader& lines, const Run& run) {
  const ExitCode code = run.exit_code();
  if (code == bad_usage) std::cerr << lines.error() << '\n';
  if (code == stopped) {
    std::cerr << "Stopped before the end of " << lines.name()
              << ". To go on, run the same command again.\n";
  }
  return code;
}

ExitCode check_all(const Options& options) {
  LineReader lines(options.list, stop_asked);
  StopList list(lines, options.defaults);
  auto past = options.journal.empty() ? Past() : read_past(options.journal);
  if (options.retry_refused) past.finished.forget_refused();

  Run run(lines, list, past.finished, [](const Outcome&) {});
  while (run.next()) run.count_as_to_send();
  run.hide();
  print_dry_summary(std::cout, run.tally());
  return ended(lines, run);
}

/// Sends what `run` has to be sent, until the list ends or a signal comes.
void send_rows(const mobivate::DoiClient& client, const Options& options, Run& run,
               Journal& journal, InFlight& in_flight) {
  bool told = false;
  const auto tell_of_stop = [&] {
    if (told || !stop_asked()) return;
    told = true;
    run.say("Stopping: waiting for " + std::to_string(in_flight.size()) +
            " answers; Ctrl-C once more waits no longer");
  };
  mobivate::BatchOptions batch;
  batch.max_in_flight = options.in_flight;
  batch.max_per_second = options.rate;
  // Asked all the time, so the place for what is to be done now and then.
  batch.cancelled = [&] {
    tell_of_stop();
    run.show();
    journal.sync_if_due();
    return signals_caught() > 1;
  };
  const auto next = [&]() -> std::optional<mobivate::UnsubscribeRequest> {
    const auto row = run.next();
    if (!row) return std::nullopt;
    in_flight.add(*row);
    return row->request;
  };
  const auto on_result = [&](const mobivate::UnsubscribeRequest& request,
                             const mobivate::UnsubscribeResult& result) {
    run.finish(in_flight.take(request, result));
  };
  client.unsubscribe_all(next, on_result, batch);
}

ExitCode send_all(const Options& options) {
  InFlight in_flight;
  const auto client = make_client(options, in_flight);
  LineReader lines(options.list, stop_asked);
  StopList list(lines, options.defaults);
  Journal journal(options.journal);
  auto past = journal.repair();
  if (past.torn_bytes > 0) {
    std::cerr << options.journal << ": took off the half line with which an earlier run ended\n";
  }
  if (options.retry_refused) past.finished.forget_refused();

  Run run(lines, list, past.finished, [&](const Outcome& outcome) { journal.append(outcome); });
  send_rows(client, options, run, journal, in_flight);
  journal.sync();
  run.hide();
  print_summary(std::cout, run.tally());
  const ExitCode code = ended(lines, run);
  if (code == unfinished) {
    std::cerr << "To send what is not sent or unknown, run the same command again. Rows reported "
                 "above are to be corrected first.\n";
  }
  return code;
}

}}  // namespace bulk

int main(int argc, char** argv) {
  bulk::Options options;
  CLI::App app{"Stops the billing of every subscriber in a CSV file through Mobivate's gateway."};
  bulk::add_options(app, options);
  try {
    app.parse(argc, argv);
    if (options.journal.empty() && !options.dry_run) throw CLI::RequiredError("--journal");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bulk::bad_usage;
  }
  if (options.kenya) options.defaults.stop = mobivate::Stop::one;

  bulk::catch_signals();
  std::signal(SIGXFSZ, SIG_IGN);  // a journal that gets too large is an error like a full disk
  const auto failed = [](const std::exception& error, bulk::ExitCode code) {
    std::cerr << "bulk_unsubscribe: " << error.what() << '\n';
    return code;
  };
  try {
    return options.dry_run ? bulk::check_all(options) : bulk::send_all(options);
  } catch (const bulk::JournalInUse& error) {
    return failed(error, bulk::journal_in_use);
  } catch (const bulk::JournalError& error) {
    return failed(error, bulk::journal_failed);
  } catch (const bulk::InputError& error) {
    return failed(error, bulk::stop_asked() ? bulk::stopped : bulk::bad_usage);
  } catch (const std::invalid_argument& error) {
    return failed(error, bulk::bad_usage);
  }
}
