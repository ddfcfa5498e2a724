#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bulk {

/// The list can't be used; the message says what to do about it.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One physical line, without its line feed.
struct Line {
  std::size_t number = 0;  ///< Counted from 1.
  std::string text{};
  bool too_long = false;  ///< It went on; the rest of it was skipped.
};

/// A text file or standard input, line by line, in memory for one line.
class LineReader {
 public:
  static constexpr std::size_t longest_line = 65'536;  ///< Bytes.

  /// `-` is standard input. `stopped` is asked while there is nothing to read; once it is true, the
  /// lines end. Throws `InputError` if the file can't be opened.
  LineReader(const std::string& path, std::function<bool()> stopped);
  ~LineReader();

  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  LineReader(LineReader&&) = delete;
  LineReader& operator=(LineReader&&) = delete;

  /// Nothing at the end, when stopped, and when reading fails: then `error` says why.
  std::optional<Line> next();

  /// All lines were read: nothing stopped it.
  bool at_end() const { return at_end_ && begin_ == end_; }
  /// For messages.
  const std::string& name() const { return name_; }
  const std::string& error() const { return error_; }
  /// Of the file, in bytes; 0 if that isn't known.
  std::uint64_t size() const { return size_; }
  /// Bytes of the lines that were returned.
  std::uint64_t position() const { return position_; }

 private:
  std::string_view rest() const;
  bool fill();
  bool wait() const;

  std::string name_;
  std::function<bool()> stopped_;
  int file_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::size_t lines_ = 0;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // what is not yet returned is from here …
  std::size_t end_ = 0;    // … to here in the buffer
  bool at_end_ = false;
  std::string error_;
};

}  // namespace bulk
