#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace bulk {

/// Half a SHA-256 of a request's source, keyword, destination and reference: two rows that differ
/// in any of them are different rows.
using RowKey = std::array<unsigned char, 16>;

RowKey row_key(const mobivate::UnsubscribeRequest& request);

/// The rows that earlier runs finished: 16 bytes for each.
class FinishedRows {
 public:
  /// Keeps accepted and refused rows, no others.
  void add(const RowKey& row, mobivate::StopState state);

  /// To be called after the last `add` and before the first `find`.
  void sort();

  void forget_refused() { refused_.clear(); }

  /// `accepted` or `refused`, or nothing if the row is to be sent.
  std::optional<mobivate::StopState> find(const RowKey& row) const;

  /// Different rows, but one that was refused and later accepted counts twice.
  std::size_t size() const { return accepted_.size() + refused_.size(); }

 private:
  std::vector<RowKey> accepted_;
  std::vector<RowKey> refused_;
};

}  // namespace bulk
