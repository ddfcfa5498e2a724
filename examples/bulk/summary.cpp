#include "summary.hpp"

#include <iomanip>

namespace bulk {

void print_summary(std::ostream& out, const Tally& tally) {
  const auto row = [&out](const char* name, std::size_t now, std::size_t earlier) {
    out << std::left << std::setw(10) << name << std::right << std::setw(12) << now << std::setw(12)
        << earlier << std::setw(12) << now + earlier << '\n';
  };
  out << std::setw(22) << "this run" << std::setw(12) << "earlier" << std::setw(12) << "together"
      << '\n';
  row("accepted", tally.now.accepted, tally.earlier.accepted);
  row("refused", tally.now.refused, tally.earlier.refused);
  row("not sent", tally.now.not_sent, tally.earlier.not_sent);
  row("unknown", tally.now.unknown, tally.earlier.unknown);
  row("rows", tally.now.all(), tally.earlier.all());
}

void print_dry_summary(std::ostream& out, const Tally& tally) {
  const auto row = [&out](const char* name, std::size_t rows) {
    out << std::left << std::setw(22) << name << std::right << std::setw(12) << rows << '\n';
  };
  row("to send", tally.to_send);
  row("accepted earlier", tally.earlier.accepted);
  row("refused earlier", tally.earlier.refused);
  row("can't be sent", tally.now.not_sent);
  row("rows", tally.all());
}

}  // namespace bulk
