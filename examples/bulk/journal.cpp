#include "journal.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bulk {

namespace {

constexpr mode_t owner_only = 0600;  // it holds subscribers' numbers
constexpr std::chrono::seconds sync_interval{1};

/// Whether the text, without a line feed, may be the begin of a line that was being written.
bool may_be_torn(std::string_view text) {
  return text.substr(0, line_start.size()) == line_start.substr(0, text.size());
}

}  // namespace

Past read_past(const std::string& path) {
  Past past;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return past;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    const bool whole = !file.eof();
    const auto outcome = whole ? past_outcome(line) : std::nullopt;
    if (!outcome && (whole || !may_be_torn(line))) {
      throw JournalError(path + ":" + std::to_string(number) +
                         ": no line of a journal: name another file with --journal");
    }
    (whole ? past.bytes : past.torn_bytes) += line.size() + (whole ? 1 : 0);
    if (outcome) past.finished.add(outcome->row, outcome->state);
  }
  if (!file.eof()) throw JournalError("can't read " + path);
  past.finished.sort();
  return past;
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

Past Journal::repair() {
  Past past = read_past(path_);
  if (past.torn_bytes == 0) return past;
  if (::ftruncate(file_, static_cast<off_t>(past.bytes)) != 0) fail("can't repair");
  return past;
}

void Journal::lock() {
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail("can't open");
  if (!S_ISREG(status.st_mode)) throw JournalError(path_ + " is no regular file");
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) fail("can't lock");
  throw JournalInUse(path_ + " is in use by another run: wait for its end");
}

void Journal::append(const Outcome& outcome) {
  const std::string line = to_line(outcome);
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) fail("can't write");
  }
  unsynced_ = true;
}

void Journal::sync_if_due() {
  if (unsynced_ && std::chrono::steady_clock::now() - synced_ >= sync_interval) sync();
}

void Journal::sync() {
  if (::fsync(file_) != 0) fail("can't write");
  unsynced_ = false;
  synced_ = std::chrono::steady_clock::now();
}

void Journal::fail(const std::string& what) const {
  throw JournalError(what + " " + path_ + ": " + std::strerror(errno));
}

}  // namespace bulk
