#pragma once

#include <ostream>

#include "tally.hpp"

namespace bulk {

/// A table of what became of the rows.
void print_summary(std::ostream& out, const Tally& tally);

/// The same for a dry run.
void print_dry_summary(std::ostream& out, const Tally& tally);

}  // namespace bulk
