#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

#include <mobivate/detail/formatter.hpp>

namespace mobivate {

/// A value that must not be printed. Streams, `std::format` and {fmt} print `***`. Only `reveal()`
/// returns the value.
class Secret {
 public:
  /// The text printed in place of a secret.
  static constexpr std::string_view mask{"***"};

  /// An empty secret.
  Secret() = default;
  /// Explicit, so that no string becomes a secret by accident.
  explicit Secret(std::string value) noexcept : value_(std::move(value)) {}

  /// Returns the value. Do not log it.
  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }

  /// Writes `***`.
  template <class Traits>
  friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                      const Secret& /*hidden*/) {
    return out << mask;
  }

  /// Returns `***`.
  [[nodiscard]] friend constexpr std::string_view to_string(const Secret& /*hidden*/) noexcept {
    return mask;
  }

 private:
  std::string value_{};
};

}  // namespace mobivate

#ifdef __cpp_lib_format
template <>
struct std::formatter<mobivate::Secret>
    : mobivate::detail::Formatter<std::formatter<std::string_view>> {};
#endif

// For {fmt}, if the program included it before this header.
#if defined(FMT_VERSION) && FMT_VERSION >= 90000
template <>
struct fmt::formatter<mobivate::Secret>
    : mobivate::detail::Formatter<fmt::formatter<fmt::string_view>> {};
#endif
