#include "in_flight.hpp"

namespace bulk {

void InFlight::add(const StopRow& row) {
  rows_.emplace(row_key(row.request), Row{row.line});
}

void InFlight::count(const mobivate::Attempt& attempt) {
  const auto row = rows_.find(row_key(*attempt.request));
  if (row == rows_.end()) return;
  ++row->second.attempts;
  row->second.elapsed += attempt.elapsed;
}

Outcome InFlight::take(const mobivate::UnsubscribeRequest& request,
                       const mobivate::UnsubscribeResult& result) {
  Outcome outcome{0, request, result};
  const auto row = rows_.find(row_key(request));
  if (row == rows_.end()) return outcome;
  outcome.line = row->second.line;
  outcome.attempts = row->second.attempts;
  outcome.elapsed = row->second.elapsed;
  rows_.erase(row);
  return outcome;
}

}  // namespace bulk
