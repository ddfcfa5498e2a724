#pragma once

// The tests are written for Catch2 3; this is what 2 names otherwise.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
// Some packages of it are compiled as C++14, which has no std::string_view.
#define CATCH_CONFIG_NO_CPP17_STRING_VIEW
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
