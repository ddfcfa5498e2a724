#pragma once

// The tests are written for Catch2 3; this is what 2 names otherwise.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

namespace Catch {

inline auto getSeed() {
  return rngSeed();
}

namespace Matchers {
inline auto ContainsSubstring(const std::string& text) {
  return Contains(text);
}
}  // namespace Matchers

}  // namespace Catch
#endif
