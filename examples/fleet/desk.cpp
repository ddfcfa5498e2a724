#include "desk.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fleet {

namespace {

constexpr Seconds longest_delay{0.05};      // of a moment; then it is lost
constexpr Seconds cancellation_time{0.25};  // the client looks for calls to end every 100 ms
constexpr Seconds linger{0.005};            // outcomes wait for others, to be written together
constexpr Seconds measured{0.2};
constexpr Seconds ahead{0.1};
constexpr int failures_before_pause = 10;

}  // namespace

Desk::Desk(const WorkOptions& options) : options_(options) {}

double Desk::random() {
  return std::uniform_real_distribution<double>(0, 1)(random_);
}

std::size_t Desk::wanted() const {
  const Lock lock(mutex_);
  if (stopping_) return 0;
  if (!paused_.empty()) return held() == 0 && BootClock::now() >= next_probe_ ? 1 : 0;
  const std::size_t most = 2 * options_.in_flight;
  if (held() >= most) return 0;
  // Rows that could not begin at their moment would only be given back.
  const std::size_t startable = options_.in_flight - std::min(in_flight_, options_.in_flight) +
                                static_cast<std::size_t>(ends_per_second_ * ahead.count());
  if (startable <= waiting_.size()) return 0;
  const std::size_t count = std::min(startable - waiting_.size(), most - held());
  const std::size_t worth_it = std::max<std::size_t>(1, options_.in_flight / 4);
  return count >= worth_it || waiting_.empty() ? count : 0;
}

void Desk::add(std::vector<LeasedStop> stops) {
  const Lock lock(mutex_);
  for (LeasedStop& stop : stops) {
    last_lease_end_ = std::max(last_lease_end_, stop.lease_end);
    if (stopping_) {
      put(given_back(stop));
      continue;
    }
    const auto at = std::upper_bound(
        waiting_.begin(), waiting_.end(), stop,
        [](const LeasedStop& a, const LeasedStop& b) { return a.moment < b.moment; });
    waiting_.insert(at, std::move(stop));
  }
  if (!paused_.empty()) next_probe_ = BootClock::now() + to_boot(Seconds(options_.probe));
  for_sender_.notify_one();
}

void Desk::refuse(const std::vector<LeasedStop>& stops) {
  const Lock lock(mutex_);
  for (const LeasedStop& stop : stops) {
    last_lease_end_ = std::max(last_lease_end_, stop.lease_end);
    put(given_back(stop));
  }
}

void Desk::put(Outcome outcome) {
  if (outcomes_.empty() && given_back_.empty()) first_unwritten_ = BootClock::now();
  outcomes_.push_back(std::move(outcome));
  ++unwritten_;
  const bool is_first = outcomes_.size() == 1;
  if (is_first || outcomes_.size() == options_.in_flight / 2) for_database_.notify_one();
}

void Desk::put(GivenBack stop) {
  if (outcomes_.empty() && given_back_.empty()) first_unwritten_ = BootClock::now();
  given_back_.push_back(std::move(stop));
  ++unwritten_;
  if (given_back_.size() == 1) for_database_.notify_one();
}

std::vector<Outcome> Desk::take_outcomes() {
  const Lock lock(mutex_);
  return std::exchange(outcomes_, {});
}

std::vector<GivenBack> Desk::take_given_back() {
  const Lock lock(mutex_);
  return std::exchange(given_back_, {});
}

std::optional<std::chrono::seconds> Desk::take_hold() {
  const Lock lock(mutex_);
  return std::exchange(hold_, std::nullopt);
}

void Desk::keep(std::vector<Outcome> outcomes, std::vector<GivenBack> stops) {
  const Lock lock(mutex_);
  std::move(outcomes.begin(), outcomes.end(), std::back_inserter(outcomes_));
  std::move(stops.begin(), stops.end(), std::back_inserter(given_back_));
}

void Desk::note_written(std::size_t taken) noexcept {
  const Lock lock(mutex_);
  unwritten_ -= taken;
}

void Desk::count(const Outcome& outcome) {
  const Lock lock(mutex_);
  const std::string state = outcome.state;
  ++(outcome.due_in        ? counts_.later
     : state == "accepted" ? counts_.accepted
     : state == "refused"  ? counts_.refused
     : state == "not_sent" ? counts_.not_sent
                           : counts_.unknown);
}

bool Desk::has_to_write() const {
  const Lock lock(mutex_);
  if (outcomes_.empty() && given_back_.empty()) return hold_.has_value();
  return stopping_ || outcomes_.size() >= std::max<std::size_t>(1, options_.in_flight / 2) ||
         BootClock::now() >= first_unwritten_ + to_boot(linger);
}

void Desk::wait_for_work(BootTime until) {
  Lock lock(mutex_);
  if (stopping_ && held() == 0) return;
  const BootTime now = BootClock::now();
  if (!outcomes_.empty() || !given_back_.empty()) {
    until = std::min(until, first_unwritten_ + to_boot(linger));
  }
  if (until > now) for_database_.wait_for(lock, until - now);
}

bool Desk::is_done() const {
  const Lock lock(mutex_);
  return stopping_ && held() == 0;
}

BootTime Desk::last_lease_end() const {
  const Lock lock(mutex_);
  return last_lease_end_;
}

std::vector<LeasedStop> Desk::begin() {
  std::vector<LeasedStop> begun;
  const Lock lock(mutex_);
  const BootTime now = BootClock::now();
  while (!waiting_.empty() && waiting_.front().moment <= now && begin_first(now, begun)) {
  }
  counts_.sent += begun.size();
  return begun;
}

/// Begins the first stop that waits, or gives it back. Returns false if it has to wait.
bool Desk::begin_first(BootTime now, std::vector<LeasedStop>& begun) {
  LeasedStop& stop = waiting_.front();
  const auto needed = std::chrono::milliseconds(options_.timeout) + to_boot(cancellation_time);
  if (!stop.problem.empty()) {
    put(never_sent(stop, stop.problem));
  } else if (now - stop.moment > longest_delay || now + needed > stop.lease_end) {
    put(given_back(stop));
  } else if (in_flight_ >= options_.in_flight) {
    return false;
  } else {
    ++in_flight_;
    begun.push_back(std::move(stop));
  }
  waiting_.pop_front();
  return true;
}

void Desk::wait_for_moment(Seconds longest) {
  Lock lock(mutex_);
  Seconds wait = longest;
  if (!waiting_.empty()) {
    Seconds first = waiting_.front().moment - BootClock::now();
    if (in_flight_ >= options_.in_flight) first = std::max(first, Seconds(0)) + longest_delay;
    wait = std::min(wait, first);
  }
  if (wait.count() <= 0) return;
  sender_is_idle_ = true;
  for_sender_.wait_for(lock, wait);
  sender_is_idle_ = false;
}

void Desk::stop() {
  const Lock lock(mutex_);
  stopping_ = true;
  give_back_waiting();
  for_database_.notify_one();
  for_sender_.notify_one();
}

void Desk::give_back_waiting() {
  for (const LeasedStop& stop : waiting_) put(given_back(stop));
  waiting_.clear();
}

void Desk::end(const LeasedStop& stop, const Ended& ended, BootTime sent_at) {
  const Lock lock(mutex_);
  --in_flight_;
  ++ended_;
  const BootTime now = BootClock::now();
  if (const Seconds past = now - counted_from_; past >= measured) {
    ends_per_second_ = static_cast<double>(ended_) / past.count();
    counted_from_ = now;
    ended_ = 0;
  }
  const About answer = about(ended);
  const bool counts = paused_.empty() && !last_was_about_account_;
  if (ended.retry_after) hold_ = std::max(hold_.value_or(*ended.retry_after), *ended.retry_after);

  const Patience patience{Seconds(options_.later), options_.tries};
  Outcome outcome = decide(stop, ended, patience, counts, random());
  if (ended.requested) outcome.sent_at = sent_at;
  note_answer(answer, ended);
  put(std::move(outcome));
  if (sender_is_idle_ && !waiting_.empty() && waiting_.front().moment <= now) {
    for_sender_.notify_one();
  }
}

/// Pauses after ten answers in a row about the account; goes on after any other answer.
void Desk::note_answer(About answer, const Ended& ended) {
  if (answer == About::account) {
    ++account_failures_;
    last_was_about_account_ = true;
    if (account_failures_ < failures_before_pause || !paused_.empty()) return;
    paused_ = "the gateway refuses the account: " + mobivate::to_string(ended.result);
    next_probe_ = BootClock::now() + to_boot(Seconds(options_.probe));
    give_back_waiting();
    messages_.push_back("Pausing: the last " + std::to_string(account_failures_) +
                        " answers are about the account, not the subscribers. The last one: " +
                        mobivate::to_string(ended.result) +
                        ". Check MOBIVATE_API_KEY, MOBIVATE_ACCOUNT_ID and MOBIVATE_BASE_URL, and "
                        "restart this worker if they are wrong. It tries one stop a minute, and "
                        "goes on by itself when the gateway takes one");
    return;
  }
  account_failures_ = 0;
  last_was_about_account_ = false;
  if (paused_.empty() || answer != About::subscriber) return;
  paused_.clear();
  messages_.emplace_back("The gateway takes this account again: going on");
}

std::vector<std::string> Desk::take_messages() {
  const Lock lock(mutex_);
  return std::exchange(messages_, {});
}

void Desk::say(std::string message) {
  const Lock lock(mutex_);
  messages_.push_back(std::move(message));
  for_sender_.notify_one();
}

Counts Desk::counts() const {
  const Lock lock(mutex_);
  return counts_;
}

std::size_t Desk::in_flight() const {
  const Lock lock(mutex_);
  return in_flight_;
}

bool Desk::is_stopping() const {
  const Lock lock(mutex_);
  return stopping_;
}

std::string Desk::paused() const {
  const Lock lock(mutex_);
  return paused_;
}

}  // namespace fleet
