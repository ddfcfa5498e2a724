#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the fuzzer, as a finding, if something that must hold does not.
inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}
