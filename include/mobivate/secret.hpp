#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_format
#include <format>
#endif

namespace mobivate { inline namespace v0 {

/// A value that must not be printed. Streams, `std::format` and {fmt} write it as `***`; only
/// `reveal()` gives it out.
class Secret {
 public:
  /// What stands for a secret wherever text is shown.
  static constexpr std::string_view mask{"***"};

  /// An empty secret.
  Secret() = default;
  /// Never made unasked from a string.
  explicit Secret(std::string value) noexcept : value_(std::move(value)) {}

  /// The value itself: do not log it.
  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }

  /// Writes `***`.
  template <class Traits>
  friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                      const Secret& /*hidden*/) {
    return out << mask;
  }

  /// {fmt}'s own way to be told how a type is written.
  friend constexpr std::string_view format_as(const Secret& /*hidden*/) noexcept { return mask; }

 private:
  std::string value_;
};

}}  // namespace mobivate::v0

#ifdef __cpp_lib_format
template <>
struct std::formatter<mobivate::Secret> : std::formatter<std::string_view> {
  template <class Context>
  auto format(const mobivate::Secret& /*hidden*/, Context& context) const {
    return std::formatter<std::string_view>::format(mobivate::Secret::mask, context);
  }
};
#endif
