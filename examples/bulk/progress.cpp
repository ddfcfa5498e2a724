#include "progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <sstream>

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

/// What is left to do, from what was done so far; nothing while that can't be told.
std::optional<std::chrono::seconds> time_left(double rate, const Tally& tally,
                                              const Position& position) {
  if (rate <= 0 || position.share <= 0) return std::nullopt;
  const double rows = static_cast<double>(tally.all());
  const double ahead = rows / position.share - rows;
  const double to_send = std::max(ahead - static_cast<double>(position.finished_ahead), 0.0);
  constexpr double longest = 359'999;  // 99:59:59
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(to_send / rate, longest)));
}

}  // namespace

std::string in_words(std::chrono::seconds time) {
  std::ostringstream text;
  const auto minutes = time.count() / 60;
  text << minutes / 60 << ':' << std::setfill('0') << std::setw(2) << minutes % 60 << ':'
       << std::setw(2) << time.count() % 60;
  return text.str();
}

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::update(const Tally& tally, const Position& position) {
  const auto now = Clock::now();
  if (now - shown_ < (terminal_ ? bar_interval : line_interval)) return;
  shown_ = now;
  const std::string words = text(tally, position);
  if (!terminal_) {
    std::cerr << words << std::endl;
    return;
  }
  std::cerr << '\r' << (bar(position.share, words) + words).substr(0, columns() - 1) << "\x1b[K"
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

std::string Progress::text(const Tally& tally, const Position& position) const {
  const std::chrono::duration<double> elapsed = Clock::now() - start_;
  const double rate = static_cast<double>(tally.now.all() + tally.to_send) / elapsed.count();
  std::ostringstream text;
  text << std::fixed << std::setprecision(0);
  if (position.share > 0) text << std::floor(position.share * 100) << "% ";
  text << tally.all() << " rows, " << rate << "/s";
  if (const auto left = time_left(rate, tally, position))
    text << ", " << in_words(*left) << " left";
  const auto count = [&text](const char* name, std::size_t rows) {
    if (rows > 0) text << ", " << rows << ' ' << name;
  };
  count("to send", tally.to_send);
  count("accepted", tally.now.accepted);
  count("refused", tally.now.refused);
  count("not sent", tally.now.not_sent);
  count("unknown", tally.now.unknown);
  count("earlier", tally.earlier.all());
  return text.str();
}

/// As long as there is room beside the text; empty if there isn't.
std::string Progress::bar(double share, const std::string& text) const {
  constexpr std::size_t frame = 4;  // brackets, a space, and the last column, which stays free
  const std::size_t room = columns() - std::min(columns(), text.size() + frame);
  const std::size_t length = std::min(room, longest_bar);
  if (share <= 0 || length < shortest_bar) return {};
  const auto done = static_cast<std::size_t>(share * static_cast<double>(length));
  return '[' + std::string(done, '#') + std::string(length - done, '-') + "] ";
}

}  // namespace bulk
