#include "summary.hpp"

#include <algorithm>
#include <iomanip>
#include <vector>

namespace bulk {

namespace {

constexpr std::size_t most_printed = 10;
constexpr std::size_t most_kept = 1'000;

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// Returns the reason with `#` in place of each word that has a digit. A code at its start stays.
std::string kind(const std::string& reason) {
  constexpr std::size_t code = 3;
  std::string text;
  for (auto it = reason.begin(); it != reason.end();) {
    const auto end = std::find_if_not(it, reason.end(), is_word);
    const bool has_digit = std::any_of(it, end, [](char c) { return c >= '0' && c <= '9'; });
    const bool is_code = it == reason.begin() && end - it == code;
    has_digit&& !is_code ? text += '#' : text.append(it, end);
    it = end;
    if (it != reason.end()) text += *it++;
  }
  return text;
}

/// Returns `590 subscriber not found` for `590: subscriber not found`.
std::string plain(std::string reason) {
  const auto colon = reason.find(": ");
  const bool is_code = colon == 3 && std::all_of(reason.begin(), reason.begin() + 3,
                                                 [](char c) { return c >= '0' && c <= '9'; });
  if (is_code) reason.erase(colon, 1);
  return reason;
}

void print_line(std::ostream& out, const char* name, std::size_t rows) {
  out << std::left << std::setw(22) << name << std::right << std::setw(12) << rows << '\n';
}

void print_reasons(std::ostream& out, const Tally& tally) {
  if (tally.problems.size() > 0) {
    out << "Reported:\n";
    tally.problems.print(out, true);
  }
  if (tally.failures.size() > 0) {
    out << "Not accepted:\n";
    tally.failures.print(out, false);
  }
}

void print_skipped(std::ostream& out, const Tally& tally) {
  const SkippedLines& it = tally.skipped;
  out << "Skipped: " << it.headers << (it.headers == 1 ? " header" : " headers");
  if (it.empty > 0) out << ", " << it.empty << " empty";
  if (it.inside_fields > 0) out << ", " << it.inside_fields << " inside a field";
  if (tally.identical > 0) out << ", " << tally.identical << " identical to a row before";
  out << '\n';
}

std::size_t skipped(const Tally& tally) {
  return tally.skipped.all() + tally.identical;
}

void print_one_repeated(std::ostream& out, const Repeated& repeated, const char* one,
                        const char* many) {
  if (repeated.count == 0) return;
  out << repeated.count << (repeated.count == 1 ? one : many) << ", for example on lines "
      << repeated.line << " and " << repeated.other_line << '\n';
}

std::string meaning(const Tally& tally, ExitCode code) {
  const auto rows = [](std::size_t count, const char* what) {
    return std::to_string(count) + (count == 1 ? " row is " : " rows are ") + what;
  };
  switch (code) {
    case all_accepted:
      return "every row is accepted: the gateway took the stop of all these subscribers.";
    case some_refused:
      return rows(tally.now.refused + tally.earlier.refused, "refused, all others are accepted.");
    case unfinished: {
      std::string text;
      const auto add = [&](std::size_t count, const char* what) {
        if (count > 0) text += (text.empty() ? "" : ", ") + rows(count, what);
      };
      add(tally.reported, "reported and can't be sent");
      add(tally.now.not_sent, "not sent");
      add(tally.now.unknown, "unknown");
      add(tally.not_final, "refused by an error that is not documented");
      return text + ".";
    }
    case stopped:
      return "stopped before the end of the list. To go on, run the same command again.";
    case journal_failed:
      return "the journal can't be written, so nothing more was sent.";
    case nothing_can_be_sent:
    case journal_in_use:
      break;
  }
  return "nothing more can be sent.";
}

std::string next_step(const Options& options, const Tally& tally, ExitCode code) {
  const std::string& command = options.command;
  switch (code) {
    case all_accepted:
      return "nothing is left to do.";
    case some_refused: {
      // Documented codes begin with 5. Rows with other refusals are sent again.
      const char* const code = options.errors_are_final ? "" : ",\"code\":5";
      return "see who was refused, and why:\n  grep '\"state\":\"refused\"" + std::string(code) +
             "' " + shell_quoted(options.journal);
    }
    case unfinished: {
      std::string step;
      if (tally.reported > 0) step += "correct the reported rows in the list, then ";
      step += "run the same command again";
      if (tally.not_final > 0) {
        step += " (with --errors-are-final, if the gateway really refuses rows with that error)";
      }
      return step + ":\n  " + command;
    }
    case stopped:
      return "run the same command again:\n  " + command;
    case nothing_can_be_sent:
    case journal_in_use:
    case journal_failed:
      break;
  }
  return "correct that, then run the same command again:\n  " + command;
}

}  // namespace

void Counts::add(mobivate::StopState state) {
  switch (state) {
    case mobivate::StopState::accepted:
      ++accepted;
      return;
    case mobivate::StopState::refused:
      ++refused;
      return;
    case mobivate::StopState::not_sent:
      ++not_sent;
      return;
    case mobivate::StopState::unknown:
      break;
  }
  ++unknown;
}

std::size_t Reasons::add(const std::string& reason, std::size_t line) {
  std::string key = kind(reason);
  const bool is_new = reasons_.find(key) == reasons_.end();
  if (is_new && reasons_.size() >= most_kept) key = "other reasons";
  Given& given = reasons_[key];
  if (given.count == 0) {
    given.example = reasons_.size() > most_kept ? key : plain(reason);
    given.first_line = line;
  }
  given.last_line = line;
  return ++given.count;
}

void Reasons::print(std::ostream& out, bool with_lines) const {
  std::vector<const Given*> sorted;
  for (const auto& [key, given] : reasons_) sorted.push_back(&given);
  std::sort(sorted.begin(), sorted.end(), [](const Given* a, const Given* b) {
    return a->count != b->count ? a->count > b->count : a->first_line < b->first_line;
  });
  std::size_t rest = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i >= most_printed) {
      rest += sorted[i]->count;
      continue;
    }
    out << "  " << sorted[i]->example << ": " << sorted[i]->count;
    if (with_lines) {
      out << (sorted[i]->count == 1 ? " (line " : " (lines ") << sorted[i]->first_line;
      if (sorted[i]->count > 1) out << " to " << sorted[i]->last_line;
      out << ')';
    }
    out << '\n';
  }
  if (rest > 0) out << "  other reasons: " << rest << '\n';
}

void print_summary(std::ostream& out, const Tally& tally) {
  const auto row = [&out](const char* name, std::size_t now, std::size_t earlier) {
    out << std::left << std::setw(10) << name << std::right << std::setw(12) << now << std::setw(12)
        << earlier << std::setw(12) << now + earlier << '\n';
  };
  const auto last = [&out](const char* name, std::size_t together) {
    out << std::left << std::setw(10) << name << std::right << std::setw(36) << together << '\n';
  };
  print_reasons(out, tally);
  print_skipped(out, tally);
  out << std::setw(22) << "this run" << std::setw(12) << "earlier" << std::setw(12) << "together"
      << '\n';
  row("accepted", tally.now.accepted, tally.earlier.accepted);
  row("refused", tally.now.refused, tally.earlier.refused);
  row("not sent", tally.now.not_sent, tally.earlier.not_sent);
  row("unknown", tally.now.unknown, tally.earlier.unknown);
  row("rows", tally.now.all(), tally.earlier.all());
  last("reported", tally.reported);
  last("skipped", skipped(tally));
  last("lines", tally.lines);
}

void print_dry_summary(std::ostream& out, const Tally& tally) {
  print_reasons(out, tally);
  print_skipped(out, tally);
  print_line(out, "to send", tally.to_send);
  print_line(out, "accepted earlier", tally.earlier.accepted);
  print_line(out, "refused earlier", tally.earlier.refused);
  print_line(out, "can't be sent", tally.reported);
  print_line(out, "skipped", skipped(tally));
  print_line(out, "lines", tally.lines);
}

void print_repeated(std::ostream& out, KnownRows& rows) {
  print_one_repeated(out, rows.repeated_destinations(),
                     " number has several references in the list",
                     " numbers have several references in the list");
  print_one_repeated(out, rows.repeated_references(), " reference has several numbers",
                     " references have several numbers");
}

void print_end(std::ostream& out, const Options& options, const Tally& tally, ExitCode code) {
  out << "Exit code " << code << ": " << meaning(tally, code) << '\n';
  if (!options.journal.empty()) {
    out << "Journal: " << options.journal
        << "; its lines with \"state\":\"accepted\" name those who are stopped\n";
  }
  out << "Next: " << next_step(options, tally, code) << '\n';
}

}  // namespace bulk
