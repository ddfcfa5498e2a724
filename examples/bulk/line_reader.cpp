#include "line_reader.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bulk {

namespace {

constexpr std::string_view byte_order_mark{"\xEF\xBB\xBF"};
constexpr int wait_milliseconds = 100;

int open_for_reading(const std::string& path) {
  if (path == "-") return STDIN_FILENO;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw InputError("can't open " + path + ": " + std::strerror(errno));
  return file;
}

std::uint64_t size_of(int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

LineReader::LineReader(const std::string& path, std::function<bool()> stopped)
    : name_(path == "-" ? "standard input" : path),
      stopped_(std::move(stopped)),
      file_(open_for_reading(path)),
      size_(size_of(file_)),
      buffer_(longest_line) {}

LineReader::~LineReader() {
  if (file_ != STDIN_FILENO) ::close(file_);
}

std::optional<Line> LineReader::next() {
  Line line;
  bool begun = false;
  bool ended = false;
  while (!ended && (begin_ < end_ || fill())) {
    begun = true;
    const std::string_view text = rest().substr(0, rest().find('\n'));
    ended = text.size() < rest().size();
    const std::size_t used = text.size() + (ended ? 1 : 0);
    const std::size_t room = longest_line - line.text.size();
    line.too_long = line.too_long || text.size() > room;
    line.text += text.substr(0, room);
    begin_ += used;
    position_ += used;
  }
  if (!ended && !(begun && at_end_)) return std::nullopt;
  line.number = ++lines_;
  if (line.number == 1 && line.text.compare(0, byte_order_mark.size(), byte_order_mark) == 0) {
    line.text.erase(0, byte_order_mark.size());
  }
  return line;
}

std::string_view LineReader::rest() const {
  return {buffer_.data() + begin_, end_ - begin_};
}

/// False at the end, when stopped, and on an error.
bool LineReader::fill() {
  if (at_end_ || !error_.empty() || !wait()) return false;
  ssize_t count = 0;
  do {
    count = ::read(file_, buffer_.data(), buffer_.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) error_ = "can't read " + name_ + ": " + std::strerror(errno);
  at_end_ = count == 0;
  begin_ = 0;
  end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  return count > 0;
}

/// Until there is something to read, or the end of it. False if stopped first.
bool LineReader::wait() const {
  pollfd readable{file_, POLLIN, 0};
  do {
    if (stopped_()) return false;
  } while (::poll(&readable, 1, wait_milliseconds) <= 0);
  return true;
}

}  // namespace bulk
