#include "journal.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outcome.hpp"

namespace bulk {

namespace {

constexpr mode_t owner_only = 0600;  // the journal holds subscribers' numbers
constexpr std::chrono::seconds sync_interval{1};

/// A power cut may leave NUL bytes at the end of a file that had grown.
std::string_view without_nul_bytes(std::string_view text) {
  const auto first = text.find_first_not_of('\0');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of('\0') + 1 - first);
}

/// Whether the text may be the first part of a line that was not written to its end.
bool may_be_torn(std::string_view text) {
  return text.substr(0, line_start.size()) == line_start.substr(0, text.size());
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

void apply(const PastLine& line, const Again& again, KnownRows& rows) {
  KnownRow& row = rows[rows.key(line.request)];
  if (row.journalled() == Journalled::accepted) return;
  // Not sent, and not to be sent: another row of this key, whose other fields differ.
  if (line.state == Journalled::nothing && row.journalled() != Journalled::sending) return;
  const bool is_sent_again = line.state == Journalled::refused &&
                             (again.refused || (again.account_errors && line.is_about_account));
  if (!is_sent_again) return row.set(line.state);
  row.set(line.is_after_unknown ? Journalled::unknown : Journalled::nothing);
}

/// Lines that no run wrote, or that were changed later.
class DamagedLines {
 public:
  void add(std::size_t number, std::string_view text) {
    is_journal_ = is_journal_ || text.substr(0, line_start.size()) == line_start;
    ++count_;
    if (count_ <= most_named) numbers_.push_back(number);
  }
  void found_whole_line() { is_journal_ = true; }

  void check(const std::string& path) const {
    if (count_ == 0) return;
    const std::string place = path + ":" + std::to_string(numbers_.front());
    if (!is_journal_) {
      throw JournalError(place + ": not a line of a journal: name another file with --journal");
    }
    std::string script;
    for (const std::size_t number : numbers_) script += std::to_string(number) + "d;";
    script.pop_back();
    throw JournalError(place + ": " + std::to_string(count_) +
                       (count_ == 1 ? " damaged line" : " damaged lines, the first of them here") +
                       ". Delete it, then run the same command again with this journal: sed -i '" +
                       script + "' '" + path + "'. Only a row whose line is deleted is sent again" +
                       (count_ > numbers_.size() ? "; more damaged lines are then named" : ""));
  }

 private:
  static constexpr std::size_t most_named = 20;
  bool is_journal_ = false;
  std::size_t count_ = 0;
  std::vector<std::size_t> numbers_;
};

}  // namespace

End read_journal(const std::string& path, const Again& again, KnownRows& rows) {
  End end;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return end;
  DamagedLines damaged;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    const bool ended = !file.eof();
    const std::string_view text = without_nul_bytes(line);
    const auto past = past_line(text);
    if (past) {
      apply(*past, again, rows);
      damaged.found_whole_line();
    }
    if (ended || past) {
      if (!past && !is_blank(text)) damaged.add(number, text);
      end.lacks_newline = !ended;
      end.whole += ended ? static_cast<std::int64_t>(line.size()) + 1
                         : text.data() + text.size() - line.data();
      end.torn = !ended && text.data() + text.size() != line.data() + line.size();
    } else if (may_be_torn(text) || is_blank(text)) {
      end.torn = true;
    } else {
      damaged.add(number, text);
    }
  }
  if (!file.eof()) throw JournalError("can't read " + path);
  damaged.check(path);
  return end;
}

Journal::Journal(const std::string& path)
    : path_(path),
      file_(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, owner_only)) {
  if (file_ < 0) fail("can't open");
  try {
    lock();
  } catch (const JournalError&) {
    ::close(file_);
    throw;
  }
}

Journal::~Journal() {
  ::close(file_);
}

bool Journal::read(const Again& again, KnownRows& rows) {
  const End end = read_journal(path_, again, rows);
  if (end.torn && ::ftruncate(file_, end.whole) != 0) fail("can't repair");
  size_ = end.whole;
  if (end.lacks_newline) append("\n");
  return end.torn;
}

void Journal::lock() {
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail("can't open");
  if (!S_ISREG(status.st_mode))
    throw JournalError(path_ + " is not a regular file: name another file with --journal");
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) fail("can't lock");
  throw JournalInUse(path_ + " is in use by another run: wait for its end");
}

void Journal::append(std::string_view lines) {
  for (std::string_view left = lines; !left.empty();) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
    if (written >= 0 || errno == EINTR) continue;
    const int error = errno;
    // Removes half a line, so that later lines begin on a new line. If this fails too, the next run
    // removes it.
    static_cast<void>(::ftruncate(file_, size_) == 0);
    errno = error;
    fail("can't write");
  }
  size_ += static_cast<std::int64_t>(lines.size());
  unsynced_ = true;
}

void Journal::sync_if_due() {
  if (unsynced_ && std::chrono::steady_clock::now() - synced_ >= sync_interval) sync();
}

void Journal::sync() {
  if (::fsync(file_) != 0) fail("can't write");
  check_place();
  unsynced_ = false;
  synced_ = std::chrono::steady_clock::now();
}

/// Fails if the file was moved, deleted or shortened: the outcomes would be lost.
void Journal::check_place() const {
  struct stat ours {};
  struct stat named {};
  if (::fstat(file_, &ours) != 0) fail("can't write");
  if (::stat(path_.c_str(), &named) != 0 || named.st_ino != ours.st_ino ||
      named.st_dev != ours.st_dev) {
    throw JournalError(path_ + " was moved or deleted during the run: put it back");
  }
  if (ours.st_size < size_) {
    throw JournalError(path_ + " was shortened by another program during the run: put it back");
  }
}

void Journal::fail(const std::string& what) const {
  throw JournalError(what + " " + path_ + ": " + std::strerror(errno));
}

}  // namespace bulk
