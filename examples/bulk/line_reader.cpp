#include "line_reader.hpp"

#include <algorithm>
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
constexpr std::chrono::milliseconds stop_interval{100};

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
      start_(::lseek(file_, 0, SEEK_CUR)),
      size_(size_of(file_)),
      buffer_(2 * longest_line) {}

LineReader::~LineReader() {
  if (file_ != STDIN_FILENO) ::close(file_);
}

std::optional<Line> LineReader::next() {
  while (!has_line()) {
    if (!wait_and_fill()) break;
  }
  if (at_end() || !error_.empty() || stopped_()) return std::nullopt;

  Line line;
  line.ended = false;
  do {  // repeats only for a line that is too long
    const std::string_view text = rest().substr(0, rest().find('\n'));
    line.ended = text.size() < rest().size();
    const std::size_t used = text.size() + (line.ended ? 1 : 0);
    const std::size_t room = longest_line - line.text.size();
    line.too_long = line.too_long || text.size() > room;
    line.text += text.substr(0, room);
    begin_ += used;
    position_ += used;
  } while (!line.ended && wait_and_fill());
  line.number = ++lines_;
  if (line.text.compare(0, byte_order_mark.size(), byte_order_mark) == 0) {
    line.text.erase(0, byte_order_mark.size());
  }
  return line;
}

bool LineReader::at_hand(std::chrono::milliseconds longest) {
  while (!has_line()) {
    if (!readable(longest)) return false;
    fill();
  }
  return true;
}

bool LineReader::rewind() {
  if (start_ < 0 || ::lseek(file_, start_, SEEK_SET) < 0) return false;
  begin_ = end_ = lines_ = 0;
  position_ = 0;
  at_end_ = false;
  return true;
}

double LineReader::share() const {
  if (size_ == 0) return 0;  // the size is not known; a file may also have grown since
  return std::min(1.0, static_cast<double>(position_) / static_cast<double>(size_));
}

/// Whether the buffer holds a whole line, a line that is too long, or the end.
bool LineReader::has_line() const {
  return at_end_ || !error_.empty() || end_ - begin_ > longest_line ||
         rest().find('\n') != std::string_view::npos;
}

/// Returns false at the end, on an error, and when stopped.
bool LineReader::wait_and_fill() {
  while (!at_end_ && error_.empty() && !stopped_()) {
    if (readable(stop_interval)) return fill();
  }
  return false;
}

/// Adds the bytes that can be read now to the buffer. Returns false at the end and on an error.
bool LineReader::fill() {
  std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
  end_ -= std::exchange(begin_, 0);
  ssize_t count = 0;
  do {
    count = ::read(file_, buffer_.data() + end_, buffer_.size() - end_);
  } while (count < 0 && (errno == EINTR || errno == EAGAIN));
  if (count < 0) error_ = "can't read " + name_ + ": " + std::strerror(errno);
  at_end_ = count == 0;
  end_ += count > 0 ? static_cast<std::size_t>(count) : 0;
  return count > 0;
}

/// Whether there are bytes to read, or the end of the file.
bool LineReader::readable(std::chrono::milliseconds longest) const {
  pollfd file{file_, POLLIN, 0};
  return ::poll(&file, 1, static_cast<int>(longest.count())) > 0;
}

}  // namespace bulk
