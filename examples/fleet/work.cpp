#include "work.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <pthread.h>
#include <signal.h>

#include <mobivate/doi_client.hpp>

#include "../bulk/progress.hpp"
#include "../bulk/signals.hpp"
#include "desk.hpp"
#include "writer.hpp"

namespace fleet {

namespace {

constexpr Seconds longest_sleep{0.05};
constexpr Seconds report_interval{10};

/// What the client told of the last attempt. Its callbacks run one after another, on one thread:
/// first this, then the end of the same call.
struct LastAttempt {
  std::string destination{};
  std::string reference{};
  bool had_no_connection = false;
  std::optional<std::chrono::seconds> retry_after{};
};

bool had_no_connection(const mobivate::UnsubscribeResult& result) {
  using Kind = mobivate::TransportError::Kind;
  const auto* error = std::get_if<mobivate::TransportError>(&result);
  if (error == nullptr) return false;
  return !error->maybe_delivered || error->kind == Kind::resolve || error->kind == Kind::connect ||
         error->kind == Kind::tls;
}

bool asks_to_wait(int http_status) {
  return http_status == 429 || http_status == 503;
}

/// Reads the key from the file that MOBIVATE_API_KEY_FILE names: systemd passes credentials as
/// files. Returns an empty one, which the client refuses, if there is no such variable.
mobivate::Secret key_from_file() {
  const char* const path = std::getenv("MOBIVATE_API_KEY_FILE");
  if (path == nullptr) return mobivate::Secret();
  std::ifstream file(path);
  std::string key;
  if (!std::getline(file, key) || key.empty()) {
    throw std::invalid_argument("MOBIVATE_API_KEY is not set, and MOBIVATE_API_KEY_FILE names " +
                                std::string(path) + ", which has no key in it: set one of the two");
  }
  return mobivate::Secret(key);
}

/// Shows what a worker does: a line on a terminal, else a line of JSON every ten seconds.
class Report {
 public:
  explicit Report(Desk& desk) : desk_(desk) {}

  void show() {
    for (const auto& message : desk_.take_messages()) {
      progress_.say("fleet_unsubscribe: " + message);
    }
    if (is_terminal_ && progress_.is_due()) draw();
    if (!is_terminal_ && BootClock::now() - shown_ >= report_interval) print();
  }

  void end() {
    show();
    progress_.clear();
    print();
  }

 private:
  void draw() {
    const Counts counts = desk_.counts();
    progress_.update({0, counts.sent, counts.sent, 0,
                      " sent, " + std::to_string(counts.accepted) + " accepted, " +
                          std::to_string(counts.refused) + " refused, " +
                          std::to_string(counts.later) + " later"});
  }

  void print() {
    const Counts counts = desk_.counts();
    const Seconds past = BootClock::now() - shown_;
    const double rate = static_cast<double>(counts.sent - sent_) / std::max(past.count(), 0.001);
    std::cout << "{\"sent\":" << counts.sent << ",\"accepted\":" << counts.accepted
              << ",\"refused\":" << counts.refused << ",\"not_sent\":" << counts.not_sent
              << ",\"unknown\":" << counts.unknown << ",\"later\":" << counts.later
              << ",\"rate\":" << static_cast<double>(static_cast<long>(10 * rate)) / 10 << "}"
              << std::endl;
    sent_ = counts.sent;
    shown_ = BootClock::now();
  }

  Desk& desk_;
  bulk::Progress progress_{};
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  BootTime shown_ = BootClock::now();
  std::uint64_t sent_ = 0;
};

/// Sends stops through the client.
class Caller {
 public:
  Caller(const WorkOptions& options, Desk& desk)
      : timeout_(options.timeout),
        desk_(desk),
        client_(client_options(options), transport(options)) {}

  void call(LeasedStop stop) {
    const BootTime begin = BootClock::now();
    mobivate::CallOptions call;
    call.maybe_sent_before = stop.maybe_sent;
    // The client's clock stands still while the machine sleeps; the lease does not.
    call.cancelled = [end = begin + timeout_] { return BootClock::now() > end; };
    auto request = stop.request;
    client_.unsubscribe_async(
        std::move(request),
        [this, begin, stop = std::move(stop)](mobivate::UnsubscribeResult result) {
          end(stop, std::move(result), begin);
        },
        std::move(call));
  }

 private:
  mobivate::ClientOptions client_options(const WorkOptions& options) {
    auto client = mobivate::ClientOptions::from_environment();
    if (client.api_key.reveal().empty()) client.api_key = key_from_file();
    client.total_timeout = client.attempt_timeout = timeout_;
    client.connect_timeout = std::min(client.connect_timeout, timeout_);
    client.retry.max_attempts = 1;  // another try is another lease
    client.max_in_flight = options.in_flight;
    client.on_attempt = [this](const mobivate::Attempt& it) {
      last_ = {it.request->destination, it.request->reference, had_no_connection(*it.result),
               asks_to_wait(it.http_status) ? it.retry_after : std::nullopt};
    };
    return client;
  }

  static std::shared_ptr<mobivate::CurlTransport> transport(const WorkOptions& options) {
    return std::make_shared<mobivate::CurlTransport>(options.curl);
  }

  void end(const LeasedStop& stop, mobivate::UnsubscribeResult result, BootTime begin) {
    Ended ended;
    ended.requested =
        last_.destination == stop.request.destination && last_.reference == stop.request.reference;
    if (ended.requested) {
      ended.had_no_connection = last_.had_no_connection;
      ended.retry_after = last_.retry_after;
    }
    last_ = {};
    ended.result = std::move(result);
    desk_.end(stop, ended, begin);
  }

  const std::chrono::milliseconds timeout_;
  Desk& desk_;
  LastAttempt last_{};
  mobivate::DoiClient client_;
};

std::string seconds(Seconds time) {
  return std::to_string(static_cast<long>(std::max(0.0, time.count()) + 0.999));
}

void tell_of_stop(const WorkOptions& options, Desk& desk, const Writer& writer) {
  const Seconds timeout = std::chrono::milliseconds(options.timeout);
  const std::size_t answers = desk.in_flight();
  std::string text = "Stopping: leasing nothing more";
  if (answers > 0) {
    text += ", and waiting for " + std::to_string(answers) +
            (answers == 1 ? " answer" : " answers") + ", at most " + seconds(timeout) + " seconds";
  }
  text += '.';
  if (writer.is_gone()) {
    text += " The database is gone: waiting for it, at most " +
            seconds(desk.last_lease_end() - BootClock::now()) +
            " seconds, until the leases have ended.";
  }
  desk.say(text + " Press Ctrl-C again to end at once; nothing is lost either way");
}

ExitCode code_of(const Counts& counts) {
  if (counts.unknown + counts.not_sent > 0) return unfinished;
  return counts.refused > 0 ? some_refused : done;
}

/// Runs the main thread: begins requests at their moments.
class Worker {
 public:
  Worker(Database& database, const WorkOptions& options)
      : options_(options),
        desk_(options),
        caller_(options, desk_),
        writer_(database, options, desk_) {}

  ExitCode run() {
    std::thread thread = start_writer();
    while (!writer_.is_finished()) {
      heed_signals();
      for (LeasedStop& stop : desk_.begin()) caller_.call(std::move(stop));
      report_.show();
      desk_.wait_for_moment(longest_sleep);
    }
    thread.join();
    report_.end();
    if (!writer_.refusal().empty()) {
      std::cerr << "fleet_unsubscribe: " << writer_.refusal() << '\n';
      return database_failed;
    }
    return told_of_stop_ ? stopped : code_of(desk_.counts());
  }

 private:
  /// Signals are for the main thread.
  std::thread start_writer() {
    sigset_t all{};
    sigset_t before{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread thread([this] { writer_.run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
  }

  void heed_signals() {
    if (bulk::signals_caught() == 0) return;
    if (!told_of_stop_) {
      told_of_stop_ = true;
      tell_of_stop(options_, desk_, writer_);
      desk_.stop();
    }
    const bool is_over =
        desk_.in_flight() == 0 && BootClock::now() > desk_.last_lease_end() && writer_.is_gone();
    if (bulk::signals_caught() < 2 && !is_over) return;
    // The writer may wait for the database. Other workers take the leases over when they end.
    report_.end();
    std::cout.flush();
    std::_Exit(stopped);
  }

  const WorkOptions& options_;
  Desk desk_;
  Caller caller_;
  Writer writer_;
  Report report_{desk_};
  bool told_of_stop_ = false;
};

}  // namespace

ExitCode work(Database& database, const WorkOptions& options) {
  if (const auto problem = bulk::problem_of_environment(); !problem.empty()) {
    throw std::invalid_argument(problem);
  }
  return Worker(database, options).run();
}

}  // namespace fleet
