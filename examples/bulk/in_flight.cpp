#include "in_flight.hpp"

#include <mobivate/build_url.hpp>

namespace bulk {

namespace {

std::string query(const std::string& url) {
  return url.substr(url.find('?'));
}

std::string query(const mobivate::UnsubscribeRequest& request) {
  return query(mobivate::build_url("https://any.example", "any", "any", request));
}

}  // namespace

void InFlight::add(const StopRow& row) {
  rows_.emplace(query(row.request), Row{row.line});
}

void InFlight::count(const mobivate::Attempt& attempt) {
  const auto row = rows_.find(query(attempt.url));
  if (row == rows_.end()) return;
  ++row->second.attempts;
  row->second.elapsed += attempt.elapsed;
}

Outcome InFlight::take(const mobivate::UnsubscribeRequest& request,
                       const mobivate::UnsubscribeResult& result) {
  Outcome outcome{0, request, result};
  const auto row = rows_.find(query(request));
  if (row == rows_.end()) return outcome;
  outcome.line = row->second.line;
  outcome.attempts = row->second.attempts;
  outcome.elapsed = row->second.elapsed;
  rows_.erase(row);
  return outcome;
}

}  // namespace bulk
