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

namespace {

using namespace bulk;  // the parts of this program

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
  bool told = false;
  const auto tell_of_stop = [&] {
    if (told || !stop_asked()) return;
    told = true;
    run.say("Stopping: waiting for " + std::to_string(in_flight.size()) +
            " answers; Ctrl-C once more waits no longer");
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
  mobivate::BatchOptions batch;
  batch.max_in_flight = options.in_flight;
  batch.max_per_second = options.rate;
  batch.cancelled = [&] {
    tell_of_stop();
    run.show();
    journal.sync_if_due();
    return signals_caught() > 1;
  };
  client.unsubscribe_all(next, on_result, batch);
  journal.sync();
  run.hide();
  print_summary(std::cout, run.tally());
  const ExitCode code = ended(lines, run);
  if (code == unfinished) {
    std::cerr
        << "To send what is not sent or unknown, run the same command again; correct the rows "
           "reported above first.\n";
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Stops the billing of every subscriber in a CSV file through Mobivate's gateway."};
  add_options(app, options);
  try {
    app.parse(argc, argv);
    if (options.journal.empty() && !options.dry_run) throw CLI::RequiredError("--journal");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_usage;
  }
  if (options.kenya) options.defaults.stop = mobivate::Stop::one;

  catch_signals();
  std::signal(SIGXFSZ, SIG_IGN);  // a journal that gets too large is an error like a full disk
  const auto failed = [](const std::exception& error, ExitCode code) {
    std::cerr << "bulk_unsubscribe: " << error.what() << '\n';
    return code;
  };
  try {
    return options.dry_run ? check_all(options) : send_all(options);
  } catch (const JournalInUse& error) {
    return failed(error, journal_in_use);
  } catch (const JournalError& error) {
    return failed(error, journal_failed);
  } catch (const InputError& error) {
    return failed(error, stop_asked() ? stopped : bad_usage);
  } catch (const std::invalid_argument& error) {
    return failed(error, bad_usage);
  }
}
