#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "known_rows.hpp"

namespace bulk {

/// The journal can't be read or written, or the file is not a journal. The message says what to do.
struct JournalError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Another run uses the journal.
struct JournalInUse : JournalError {
  using JournalError::JournalError;
};

/// Which refused rows are sent again.
struct Again {
  bool refused = false;        ///< All of them.
  bool account_errors = true;  ///< Those for which `is_about_account` is true.
};

/// The state of a journal's end.
struct End {
  std::int64_t whole = 0;      ///< Bytes up to the end of the last whole line.
  bool torn = false;           ///< Half a line or NUL bytes follow, and have to be removed.
  bool lacks_newline = false;  ///< The last line is whole, but has no line feed.
};

/// Reads a journal into `rows` and does not change the file. A missing file counts as an empty one.
/// Throws `JournalError` if the file holds lines that no run wrote.
End read_journal(const std::string& path, const Again& again, KnownRows& rows);

/// A file to which only this run appends. After `append` the lines survive a crash of the process;
/// after `sync`, a crash of the machine too. Every function throws `JournalError`.
class Journal {
 public:
  /// Opens the file, and makes it if it does not exist. Throws `JournalInUse` if another run uses
  /// it.
  explicit Journal(const std::string& path);
  ~Journal();

  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  Journal(Journal&&) = delete;
  Journal& operator=(Journal&&) = delete;

  /// Reads the lines of earlier runs and repairs the end of the file. Call it before `append`.
  /// Returns true if it removed half a line.
  bool read(const Again& again, KnownRows& rows);

  void append(std::string_view lines);
  /// Once a second, syncs the file and checks that nobody has moved, deleted or shortened it.
  void sync_if_due();
  void sync();

 private:
  void lock();
  void check_place() const;
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  int file_;
  std::int64_t size_ = 0;
  bool unsynced_ = false;
  std::chrono::steady_clock::time_point synced_ = std::chrono::steady_clock::now();
};

}  // namespace bulk
