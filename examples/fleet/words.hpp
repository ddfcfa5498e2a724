#pragma once

#include <cstddef>
#include <string>

namespace fleet {

/// Returns a number with its noun.
inline std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

}  // namespace fleet
