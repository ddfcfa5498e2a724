#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bulk {

/// The list can't be used. The message says what to do.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One line of the file, without its line feed. A UTF-8 byte order mark at its start is removed, on
/// every line: files that were joined have one in the middle.
struct Line {
  std::size_t number = 0;  ///< Counted from 1.
  std::string text{};
  bool too_long = false;  ///< The line is longer than `text`; the rest was skipped.
  bool ended = true;      ///< False if the last line of the file has no line feed.
};

/// Reads a text file or standard input line by line. Memory: one line.
class LineReader {
 public:
  static constexpr std::size_t longest_line = 65'536;  ///< Bytes.

  /// Opens the file; `-` is standard input. `stopped` is called while there is nothing to read;
  /// when it returns true, the lines end. Throws `InputError` if the file can't be opened.
  LineReader(const std::string& path, std::function<bool()> stopped);
  ~LineReader();

  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  LineReader(LineReader&&) = delete;
  LineReader& operator=(LineReader&&) = delete;

  /// Returns the next line. Returns nothing at the end, when stopped, and if reading fails; `error`
  /// then says why.
  std::optional<Line> next();

  /// Waits until `next` can return without waiting. Returns false if that takes longer than this.
  bool at_hand(std::chrono::milliseconds longest);

  /// Goes back to the first line. Returns false if that is impossible, as with a pipe.
  bool rewind();

  /// Whether all lines were read.
  bool at_end() const { return at_end_ && begin_ == end_; }
  /// The name of the file, for messages.
  const std::string& name() const { return name_; }
  const std::string& error() const { return error_; }
  /// Returns how much of the file was read, from 0 to 1. Returns 0 if the size is not known.
  double share() const;

 private:
  std::string_view rest() const { return {buffer_.data() + begin_, end_ - begin_}; }
  bool has_line() const;
  bool wait_and_fill();
  bool fill();
  bool readable(std::chrono::milliseconds longest) const;

  std::string name_;
  std::function<bool()> stopped_;
  int file_;
  std::int64_t start_ = 0;  // offset of the first line; -1: the file can't go back
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::size_t lines_ = 0;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // bytes not yet returned: from here …
  std::size_t end_ = 0;    // … to here in the buffer
  bool at_end_ = false;
  std::string error_;
};

}  // namespace bulk
