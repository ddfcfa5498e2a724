#pragma once

#include <string_view>

namespace mobivate { inline namespace v0 {

/// The library's version, `major.minor.patch` as in https://semver.org. The build reads it from
/// here.
inline constexpr std::string_view version{"0.1.0"};

}}  // namespace mobivate::v0
