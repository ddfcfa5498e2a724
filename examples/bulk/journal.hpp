#pragma once

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "finished_rows.hpp"
#include "outcome.hpp"

namespace bulk {

/// The journal can't be read or written, or is no journal; the message says what to do about it.
struct JournalError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Another run has it.
struct JournalInUse : JournalError {
  using JournalError::JournalError;
};

/// What a journal says of earlier runs.
struct Past {
  FinishedRows finished{};
  std::size_t bytes = 0;       ///< Of its whole lines.
  std::size_t torn_bytes = 0;  ///< Of a last line that a killed run left half written.
};

/// Reads a journal and changes nothing; a file that does not exist says nothing. Throws
/// `JournalError` at a line that no run wrote.
Past read_past(const std::string& path);

/// A file to which this run alone appends a line for each outcome. Once `append` has returned, the
/// outcome outlives the process; after `sync`, the machine too. All of it throws `JournalError`.
class Journal {
 public:
  /// Makes the file if there is none. Throws `JournalInUse` while another run has it.
  explicit Journal(const std::string& path);
  ~Journal();

  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  Journal(Journal&&) = delete;
  Journal& operator=(Journal&&) = delete;

  /// Reads what earlier runs wrote, and takes off a torn last line. To be called before `append`.
  Past repair();

  void append(const Outcome& outcome);
  /// Syncs once a second; else does nothing.
  void sync_if_due();
  void sync();

 private:
  void lock();
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  int file_;
  bool unsynced_ = false;
  std::chrono::steady_clock::time_point synced_ = std::chrono::steady_clock::now();
};

}  // namespace bulk
