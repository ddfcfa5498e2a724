#include "progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace bulk {

namespace {

constexpr std::chrono::milliseconds bar_interval{100};
constexpr std::chrono::milliseconds line_interval{5'000};
constexpr std::size_t usual_columns = 80;
constexpr std::size_t shortest_bar = 10;
constexpr std::size_t longest_bar = 40;

std::size_t columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : usual_columns;
}

/// Whether standard error is a terminal that can redraw a line.
bool can_draw() {
  const char* const type = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !(type != nullptr && std::string_view(type) == "dumb");
}

/// Estimates the time left. Returns nothing while that is impossible.
std::optional<std::chrono::seconds> time_left(double rate, double share, const Position& position) {
  if (rate <= 0 || share <= 0) return std::nullopt;
  const double rows = static_cast<double>(position.rows);
  const double ahead = rows / share - rows - static_cast<double>(position.known_ahead);
  constexpr double longest = 359'999;  // 99:59:59
  const double seconds = std::clamp(ahead / rate, 0.0, longest);
  return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

/// Returns the time as `1:02:03`.
std::string in_words(std::chrono::seconds time) {
  std::ostringstream text;
  const auto minutes = time.count() / 60;
  text << minutes / 60 << ':' << std::setfill('0') << std::setw(2) << minutes % 60 << ':'
       << std::setw(2) << time.count() % 60;
  return text.str();
}

}  // namespace

Progress::Progress() : terminal_(can_draw()) {}

Progress::~Progress() {
  clear();
}

bool Progress::is_due() const {
  return Clock::now() - shown_ >= (terminal_ ? bar_interval : line_interval);
}

void Progress::update(const Position& position) {
  shown_ = Clock::now();
  const std::string words = text(position);
  if (!terminal_) {
    std::cerr << words << std::endl;
    return;
  }
  const double share = std::clamp(position.share, 0.0, 1.0);
  std::cerr << '\r' << (bar(share, words) + words).substr(0, columns() - 1) << "\x1b[K"
            << std::flush;
  bar_drawn_ = true;
}

void Progress::say(const std::string& line) {
  clear();
  std::cerr << line << std::endl;
}

void Progress::clear() {
  if (bar_drawn_) std::cerr << "\r\x1b[K" << std::flush;
  bar_drawn_ = false;
}

std::string Progress::text(const Position& position) const {
  const std::chrono::duration<double> elapsed = Clock::now() - start_;
  const double rate = static_cast<double>(position.done) / std::max(elapsed.count(), 0.001);
  const double share = std::clamp(position.share, 0.0, 1.0);
  std::ostringstream text;
  text << std::fixed << std::setprecision(0);
  if (share > 0) text << std::floor(share * 100) << "% ";
  text << position.rows << " rows, " << rate << "/s";
  if (const auto left = time_left(rate, share, position))
    text << ", " << in_words(*left) << " left";
  text << position.counts;
  return text.str();
}

/// Returns a bar that fills the room beside the text. Empty: there is no room.
std::string Progress::bar(double share, const std::string& text) const {
  constexpr std::size_t frame = 4;  // two brackets, a space, and the last column, which stays free
  const std::size_t room = columns() - std::min(columns(), text.size() + frame);
  const std::size_t length = std::min(room, longest_bar);
  if (share <= 0 || length < shortest_bar) return {};
  const auto done = static_cast<std::size_t>(share * static_cast<double>(length));
  return '[' + std::string(done, '#') + std::string(length - done, '-') + "] ";
}

}  // namespace bulk
