#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <mobivate/unsubscribe_request.hpp>

namespace bulk {

/// Identifies a stop by its source, keyword, destination and reference. The texts are stored as
/// hashes of 64 bits.
struct RowKey {
  std::uint64_t destination = 0;
  std::uint64_t reference = 0;
  std::uint16_t service = 0;  ///< Number of the pair of source and keyword.

  auto order() const { return std::tie(destination, reference, service); }
  bool operator==(const RowKey& other) const { return order() == other.order(); }
};

/// The last state of a row in the journal.
enum class Journalled : std::uint8_t { nothing, sending, unknown, refused, accepted };

/// Values that appear more than once in a list, with one example.
struct Repeated {
  std::size_t count = 0;
  std::size_t line = 0;        ///< First line of the example.
  std::size_t other_line = 0;  ///< Second line of the example.
};

/// What is known of a row.
struct KnownRow {
  std::uint32_t line : 29;    ///< Line in the list, at most 536,870,911. 0: not in the list so far.
  std::uint32_t state : 3;    ///< A `Journalled`.
  std::uint16_t service = 0;  ///< `RowKey::service`, stored here because it takes no room.
  std::uint16_t others = 0;   ///< A hash of all fields that are not in the key; set with `line`.

  KnownRow() : line(0), state(0) {}
  Journalled journalled() const { return static_cast<Journalled>(state); }
  void set(Journalled now) { state = static_cast<std::uint32_t>(now) & 7U; }
  /// Notes that the row is in the list.
  void meet(std::size_t on_line, const mobivate::UnsubscribeRequest& request);
  /// Whether the fields that are not in the key are those of the row passed to `meet`.
  bool is_identical(const mobivate::UnsubscribeRequest& request) const;
};

/// All rows of the journal, and of the list so far. Memory: 25 bytes per row.
class KnownRows {
 public:
  RowKey key(const mobivate::UnsubscribeRequest& request);

  /// Returns the row; adds it if it is new. Valid until the next call.
  KnownRow& operator[](const RowKey& key);

  std::size_t size() const { return sorted_.size() + recent_.size(); }
  /// Counts the rows that have this state in the journal and are not in the list so far.
  std::size_t count(Journalled state);

  /// Finds destinations that have several references in the list.
  Repeated repeated_destinations();
  /// Finds references that have several destinations in the list. Do not use the rows after it.
  Repeated repeated_references();

 private:
  struct Hash {
    std::size_t operator()(const RowKey& key) const;
  };
  struct Entry {
    std::uint64_t destination;
    std::uint64_t reference;
    KnownRow row;

    auto order() const { return std::tie(destination, reference, row.service); }
  };
  static_assert(sizeof(Entry) == 24);

  KnownRow* find_sorted(const RowKey& key);
  void merge();

  // One hash table for all rows would need twice the memory. A deque grows without copying.
  std::deque<Entry> sorted_;  // by destination, reference and service
  std::unordered_map<RowKey, KnownRow, Hash> recent_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint16_t> services_;
  decltype(services_)::const_iterator service_ = services_.end();  // that of the last row
};

}  // namespace bulk
