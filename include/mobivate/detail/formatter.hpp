#pragma once

#include <mobivate/detail/config.hpp>

#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_format
#include <format>
#endif

namespace mobivate::detail {

/// The base of our formatters for `std::format` and {fmt}. It writes the text that `to_string`
/// returns and takes the options of `TextFormatter`, for example `{:>12}`.
template <class TextFormatter>
struct Formatter : TextFormatter {
  template <class Value, class Context>
  auto format(const Value& value, Context& context) const {
    const auto text = to_string(value);
    return TextFormatter::format({text.data(), text.size()}, context);
  }
};

}  // namespace mobivate::detail
