#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include <mobivate/client_options.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

#include "finished_rows.hpp"
#include "outcome.hpp"
#include "stop_list.hpp"

namespace bulk {

/// The rows that the client has taken and not yet answered, with their attempts so far.
class InFlight {
 public:
  void add(const StopRow& row);
  /// For `ClientOptions::on_attempt`.
  void count(const mobivate::Attempt& attempt);
  /// Ends the row of this request.
  Outcome take(const mobivate::UnsubscribeRequest& request,
               const mobivate::UnsubscribeResult& result);

  std::size_t size() const { return rows_.size(); }

 private:
  struct Row {
    std::size_t line = 0;
    int attempts = 0;
    std::chrono::milliseconds elapsed{0};
  };

  std::multimap<RowKey, Row> rows_;  // rows that are alike may be given each other's attempts
};

}  // namespace bulk
