#pragma once

#include <string_view>

#include <mobivate/detail/config.hpp>

/// The library's version for `#if`; see https://semver.org.
#define MOBIVATE_VERSION_MAJOR 0
#define MOBIVATE_VERSION_MINOR 1  ///< See `MOBIVATE_VERSION_MAJOR`.
#define MOBIVATE_VERSION_PATCH 0  ///< See `MOBIVATE_VERSION_MAJOR`.

namespace mobivate {

/// The library's version, `major.minor.patch`. The build reads it from here.
inline constexpr std::string_view version{"0.1.0"};

}  // namespace mobivate
