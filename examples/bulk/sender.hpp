#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <mobivate/doi_client.hpp>

#include "journal.hpp"
#include "known_rows.hpp"
#include "options.hpp"
#include "outcome.hpp"
#include "run.hpp"

namespace bulk {

/// A row that is being sent.
struct RowInFlight {
  RowToSend to_send{};
  bool may_have_been_sent = false;  ///< By an earlier run, or by this run before a pause.
  bool is_second_try = false;       ///< True after a pause.
  int attempts = 0;
  std::chrono::milliseconds elapsed{0};
  int http_status = 0;
};

/// The rows that the client has and has not finished.
class InFlight {
 public:
  explicit InFlight(KnownRows& known) : known_(known) {}

  void add(RowInFlight row);
  /// Counts an attempt of a row. Call it in `ClientOptions::on_attempt`.
  void count(const mobivate::Attempt& attempt);
  /// Removes the row of this request and returns it.
  RowInFlight take(const mobivate::UnsubscribeRequest& request);

  std::size_t size() const { return rows_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const RowKey& key) const { return key.destination ^ key.reference; }
  };

  KnownRows& known_;
  std::unordered_map<RowKey, RowInFlight, Hash> rows_;
};

/// Sends the rows of a run. Pauses while the gateway does not answer.
class Sender {
 public:
  Sender(const Options& options, const mobivate::DoiClient& client, Run& run, Journal& journal,
         InFlight& in_flight);

  /// Sends rows until the list ends, a signal comes or the gateway is given up. Each row that was
  /// read then has an outcome. If it throws `JournalError`, call `abandon` to count the other rows.
  void send_all();
  void abandon();

  /// Why the gateway was given up. Empty: it was not.
  const std::string& given_up() const { return given_up_; }

 private:
  using Clock = std::chrono::steady_clock;
  /// A row without an answer about its subscriber.
  struct Failed {
    RowInFlight row;
    Outcome outcome;
  };

  bool is_over() const;
  bool must_pause() const;
  bool has_rows() const;
  void send_one_by_one(std::vector<RowToSend> rows);
  void send_batch(std::size_t most_rows);
  std::optional<mobivate::UnsubscribeRequest> next();
  void read_rows(std::size_t count);
  void finish(RowInFlight row, const mobivate::UnsubscribeResult& result);
  void note_answer();
  void finish_failed(std::size_t left);
  void note_failure(const Outcome& outcome);
  void wait_for_gateway();
  void give_up(const std::string& how_long);
  void give_back();
  bool is_cancelled();
  void sleep(std::chrono::duration<double> time);

  const Options& options_;
  const mobivate::DoiClient& client_;
  const std::size_t most_rows_unanswered_;
  Run& run_;
  Journal& journal_;
  InFlight& in_flight_;

  std::deque<RowInFlight> ready_;  // recorded as being sent, but not sent yet
  // Rows that failed. The gateway may have gone away, so they are kept, and sent again when it is
  // back. After as many answers as rows were in flight, the gateway is there: then they are done.
  std::deque<Failed> failed_;
  std::size_t budget_ = 0;  // rows that the batch may still take
  bool answered_ = false;   // whether the gateway has answered for any subscriber in this run
  std::size_t failures_in_row_ = 0;
  std::size_t answers_since_failure_ = 0;
  bool is_paused_ = false;
  Clock::time_point last_answer_ = Clock::now();
  std::string last_failure_;
  bool last_failure_is_about_account_ = false;
  bool last_failure_is_refusal_ = false;  // if so, --errors-are-final would make it final
  std::string given_up_;
  bool told_of_stop_ = false;
};

}  // namespace bulk
