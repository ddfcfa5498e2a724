#pragma once

#include <string>
#include <string_view>

namespace mobivate { inline namespace v0 { namespace detail {

/// Appends text that came from outside, so that it stays on its line and cannot steer a terminal:
/// control characters, C1 ones as one byte or in UTF-8 among them, become `\n`, `\r`, `\t` or
/// `\xHH`.
inline void append_escaped(std::string& line, std::string_view text) {
  constexpr std::string_view hex{"0123456789ABCDEF"};
  int continuation_bytes = 0;
  unsigned char previous = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = byte >= 0x80 && byte <= 0xBF && continuation_bytes > 0;
    const bool two_byte_c1 = continues && previous == 0xC2 && byte <= 0x9F;
    const bool c1 = byte >= 0x80 && byte <= 0x9F && (!continues || two_byte_c1);
    continuation_bytes = continues      ? continuation_bytes - 1
                         : byte >= 0xF0 ? 3
                         : byte >= 0xE0 ? 2
                         : byte >= 0xC0 ? 1
                                        : 0;
    previous = byte;
    if (c == '\n') {
      line += "\\n";
    } else if (c == '\r') {
      line += "\\r";
    } else if (c == '\t') {
      line += "\\t";
    } else if (byte < 0x20 || byte == 0x7F || c1) {
      if (two_byte_c1) line.pop_back();
      line += "\\x";
      line += hex[byte >> 4U];
      line += hex[byte & 0xFU];
    } else {
      line += c;
    }
  }
}

}}}  // namespace mobivate::v0::detail
