#include "sender.hpp"

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>
#include <variant>

#include "signals.hpp"

namespace bulk {

namespace {

using mobivate::StopState;
using mobivate::TransportError;
using mobivate::UnsubscribeRequest;
using mobivate::UnsubscribeResult;
using std::chrono::duration;
using std::chrono::milliseconds;

// Limits until the gateway has answered for one subscriber:
constexpr std::size_t most_rows_unanswered = 32;
constexpr std::size_t most_requests_unanswered = 200;  // fewer rows, if --attempts is high
constexpr std::size_t most_failures_one_by_one = 3;

constexpr std::size_t failures_before_pause = 10;
constexpr duration<double> shortest_pause{1};
constexpr duration<double> longest_pause{60};
constexpr milliseconds check_interval{50};
constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

UnsubscribeResult cancelled(bool maybe_delivered, const char* why) {
  return TransportError{TransportError::Kind::cancelled, maybe_delivered, why};
}

bool is_cancelled_result(const UnsubscribeResult& result) {
  const auto* error = std::get_if<TransportError>(&result);
  return error != nullptr && error->kind == TransportError::Kind::cancelled;
}

std::string in_words(duration<double> time) {
  const auto seconds = static_cast<long>(time.count() + 0.5);
  if (seconds >= 120) return std::to_string(seconds / 60) + " minutes";
  return std::to_string(seconds) + (seconds == 1 ? " second" : " seconds");
}

}  // namespace

void InFlight::add(RowInFlight row) {
  const RowKey key = known_.key(row.to_send.row.request);
  rows_.emplace(key, std::move(row));
}

void InFlight::count(const mobivate::Attempt& attempt) {
  const auto row = rows_.find(known_.key(*attempt.request));
  if (row == rows_.end()) return;
  ++row->second.attempts;
  row->second.elapsed += attempt.elapsed;
  row->second.http_status = attempt.http_status;
}

RowInFlight InFlight::take(const UnsubscribeRequest& request) {
  const auto found = rows_.find(known_.key(request));
  RowInFlight row = std::move(found->second);
  rows_.erase(found);
  return row;
}

Sender::Sender(const Options& options, const mobivate::DoiClient& client, Run& run,
               Journal& journal, InFlight& in_flight)
    : options_(options),
      client_(client),
      most_rows_unanswered_(std::clamp<std::size_t>(
          most_requests_unanswered / static_cast<std::size_t>(options.attempts), 1,
          most_rows_unanswered)),
      run_(run),
      journal_(journal),
      in_flight_(in_flight) {}

void Sender::send_all() {
  send_one_by_one(run_.rows_in_flight());
  while (!is_over() && has_rows()) {
    if (must_pause()) {
      wait_for_gateway();
    } else if (!ready_.empty() || run_.is_at_end() || run_.at_hand(check_interval)) {
      send_batch(answered_ ? no_limit : most_rows_unanswered_ - failures_in_row_);
    } else {
      run_.show();
      journal_.sync_if_due();
    }
  }
  if (!answered_ && failures_in_row_ > 0 && signals_caught() == 0) give_up("");
  give_back();
}

bool Sender::is_over() const {
  return signals_caught() > 0 || !given_up_.empty();
}

bool Sender::must_pause() const {
  return answered_ && failures_in_row_ >= failures_before_pause;
}

bool Sender::has_rows() const {
  return !run_.is_at_end() || !ready_.empty() || must_pause();
}

/// Sends rows that an earlier run was sending, and that the gateway may have got.
void Sender::send_one_by_one(std::vector<RowToSend> rows) {
  mobivate::CallOptions call;
  call.maybe_sent_before = true;
  call.cancelled = [this] { return is_cancelled(); };
  for (RowToSend& row : rows) {
    while (!is_over() && must_pause()) wait_for_gateway();
    const UnsubscribeRequest request = row.row.request;
    RowInFlight in_flight;
    in_flight.to_send = std::move(row);
    in_flight.may_have_been_sent = true;
    run_.count_ahead();
    if (is_over()) {
      finish(std::move(in_flight), cancelled(true, "not sent again"));
      continue;
    }
    in_flight_.add(std::move(in_flight));
    const auto result = client_.unsubscribe(request, call);
    finish(in_flight_.take(request), result);
    if (!answered_ && failures_in_row_ >= most_failures_one_by_one) give_up("");
    if (options_.rate > 0) sleep(duration<double>(1 / options_.rate));
  }
}

/// Sends rows until the list ends, has no row yet, or the run must pause.
void Sender::send_batch(std::size_t most_rows) {
  budget_ = most_rows;
  mobivate::BatchOptions batch;
  batch.max_in_flight = options_.in_flight;
  batch.max_per_second = options_.rate;
  batch.cancelled = [this] { return is_cancelled(); };
  client_.unsubscribe_all(
      [this] { return next(); },
      [this](const UnsubscribeRequest& request, const UnsubscribeResult& result) {
        finish(in_flight_.take(request), result);
      },
      batch);
  if (!answered_ && failures_in_row_ >= most_rows_unanswered_) give_up("");
  // A new batch does not know when the last one sent. This keeps the rate between them.
  if (options_.rate > 0 && has_rows()) sleep(duration<double>(1 / options_.rate));
}

std::optional<UnsubscribeRequest> Sender::next() {
  if (is_over() || budget_ == 0 || (must_pause() && !is_paused_)) return std::nullopt;
  if (ready_.empty()) read_rows(std::min(budget_, options_.in_flight - in_flight_.size()));
  if (ready_.empty()) return std::nullopt;
  RowInFlight row = std::move(ready_.front());
  ready_.pop_front();
  if (budget_ != no_limit) --budget_;
  UnsubscribeRequest request = row.to_send.row.request;
  in_flight_.add(std::move(row));
  return request;
}

/// Takes rows from the list, and records them as being sent, before they are sent.
void Sender::read_rows(std::size_t count) {
  // Takes few rows at a time: after a crash, a row that waits for its turn would count as sent.
  if (options_.rate > 0) {
    constexpr double seconds = 0.01;
    count = std::min(count, 1 + static_cast<std::size_t>(options_.rate * seconds));
  }
  std::string lines;
  while (ready_.size() < count) {
    auto row = run_.next();
    if (!row) break;
    lines += sending_line(row->row);
    RowInFlight ready;
    ready.may_have_been_sent =
        row->before == Journalled::unknown || row->before == Journalled::sending;
    ready.to_send = std::move(*row);
    ready_.push_back(std::move(ready));
  }
  journal_.append(lines);
  if (!ready_.empty() || !is_paused_ || failed_.empty()) return;
  ready_.push_back(std::move(failed_.front().row));
  failed_.pop_front();
}

void Sender::finish(RowInFlight row, const UnsubscribeResult& result) {
  Outcome outcome{row.to_send.row.line,
                  row.to_send.row.request,
                  row.may_have_been_sent ? after_unknown(result) : result,
                  row.attempts,
                  row.elapsed,
                  row.http_status};
  if (is_cancelled_result(result)) {
    if (signals_caught() > 0) run_.interrupt();
    return run_.finish(outcome);
  }
  const StopState state = mobivate::stop_state(result);
  const bool is_refusal = state == StopState::refused;
  const bool is_answer =
      state == StopState::accepted ||
      (is_refusal && (options_.errors_are_final || !is_about_account(result, row.http_status)));
  if (is_answer) {
    run_.finish(outcome);
    return note_answer();
  }
  note_failure(outcome);
  if (row.is_second_try) return run_.finish(outcome);
  row.may_have_been_sent =
      row.may_have_been_sent || mobivate::stop_state(outcome.result) == StopState::unknown;
  failed_.push_back({std::move(row), std::move(outcome)});
  if (answered_) finish_failed(2 * options_.in_flight + failures_before_pause);
}

/// A row that failed while other rows were answered is done. A row that failed because the gateway
/// went away is sent again when the gateway is back. An answer to a request that was under way when
/// the gateway went away does not mean that it is back.
void Sender::note_answer() {
  const bool was_away = is_paused_;
  answered_ = true;
  failures_in_row_ = 0;
  last_answer_ = Clock::now();
  ++answers_since_failure_;
  if (was_away) {
    for (Failed& failed : failed_) {
      failed.row.is_second_try = true;
      ready_.push_back(std::move(failed.row));
    }
    failed_.clear();
  } else if (answers_since_failure_ > options_.in_flight) {
    finish_failed(0);
  }
}

/// Records the oldest failed rows, until this many are left.
void Sender::finish_failed(std::size_t left) {
  while (failed_.size() > left) {
    const Outcome outcome = std::move(failed_.front().outcome);
    failed_.pop_front();
    run_.finish(outcome);
  }
}

void Sender::note_failure(const Outcome& outcome) {
  ++failures_in_row_;
  answers_since_failure_ = 0;
  last_failure_ = mobivate::to_string(outcome.result);
  if (outcome.http_status == 401 || outcome.http_status == 403) {
    last_failure_ += " (HTTP " + std::to_string(outcome.http_status) + ")";
  }
  last_failure_is_about_account_ = is_about_account(outcome.result, outcome.http_status);
  last_failure_is_refusal_ = mobivate::stop_state(outcome.result) == StopState::refused;
}

/// Pauses: sends one row now and then, until the gateway answers.
void Sender::wait_for_gateway() {
  const auto patience = duration<double>(options_.give_up_after);
  run_.say("Pausing: no answer for the last " + std::to_string(failures_in_row_) +
           " subscribers. The last failure: " + last_failure_ +
           ". The run goes on by itself when the gateway answers, and ends after " +
           in_words(patience) + " without an answer");
  is_paused_ = true;
  for (auto wait = shortest_pause; must_pause(); wait = std::min(2 * wait, longest_pause)) {
    const duration<double> left = patience - (Clock::now() - last_answer_);
    if (left.count() <= 0) give_up(" for " + in_words(patience));
    if (is_over()) break;
    sleep(std::min(wait, left));
    if (is_over() || left <= wait) continue;
    run_.say("Paused: trying one row, after " + in_words(wait));
    send_batch(1);
  }
  is_paused_ = false;
  if (!is_over()) run_.say("The gateway answers again: going on");
}

void Sender::give_up(const std::string& how_long) {
  if (!given_up_.empty()) return;
  given_up_ = (last_failure_is_about_account_
                   ? "The gateway's answers are about the account, not the subscribers"
                   : "The gateway has answered for no subscriber") +
              how_long + ". The last failure: " + last_failure_ +
              ". Check MOBIVATE_API_KEY, MOBIVATE_ACCOUNT_ID and MOBIVATE_BASE_URL";
  if (last_failure_is_refusal_) {
    given_up_ +=
        ". If the gateway does refuse each of these subscribers with that error, add "
        "--errors-are-final";
  }
}

/// Records an outcome for each row that has none yet.
void Sender::give_back() {
  while (!ready_.empty()) {
    RowInFlight row = std::move(ready_.front());
    ready_.pop_front();
    const bool may_have_been_sent = row.may_have_been_sent;
    finish(std::move(row), cancelled(may_have_been_sent, "the run ended before it was sent"));
  }
  finish_failed(0);
}

void Sender::abandon() {
  for (std::size_t i = 0; i < in_flight_.size(); ++i) run_.count(cancelled(true, ""));
  for (const auto& row : ready_) run_.count(cancelled(row.may_have_been_sent, ""));
  for (const auto& failed : failed_) run_.count(failed.outcome.result);
}

/// The client calls it often, so it also updates the display and syncs the journal.
bool Sender::is_cancelled() {
  if (!told_of_stop_ && signals_caught() > 0) {
    told_of_stop_ = true;
    run_.say("Stopping: waiting for " + std::to_string(in_flight_.size()) +
             " answers. Press Ctrl-C again to end without them");
  }
  run_.show();
  journal_.sync_if_due();
  return signals_caught() > 1;
}

void Sender::sleep(duration<double> time) {
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
  while (!is_over() && Clock::now() < end) {
    std::this_thread::sleep_for(std::min<Clock::duration>(check_interval, end - Clock::now()));
    run_.show();
    journal_.sync_if_due();
  }
}

}  // namespace bulk
