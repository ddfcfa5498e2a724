#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

#include <mobivate/detail/text.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// For all header fields of an answer, interim responses and trailers included.
inline constexpr std::size_t largest_header = std::size_t{64} * 1024;

/// What has come of an answer so far, within limits.
struct CurlAnswer {
  std::string body{};
  std::string retry_after{};
  bool is_in_header = false;
  std::size_t header_bytes = 0;
  const char* too_large = nullptr;  ///< Which limit was passed; null if none was.
  std::exception_ptr thrown{};

  /// For `CURLOPT_HEADERFUNCTION`.
  static std::size_t on_header(char* line, std::size_t size, std::size_t count,
                               void* self) noexcept {
    auto& answer = *static_cast<CurlAnswer*>(self);
    answer.header_bytes += size * count;
    if (answer.header_bytes > largest_header) {
      answer.too_large = "the answer's header is larger than 64 KiB";
      return 0;
    }
    return answer.take([&] { answer.read_header_line({line, size * count}); }) ? size * count : 0;
  }

  /// For `CURLOPT_WRITEFUNCTION`.
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& answer = *static_cast<CurlAnswer*>(self);
    if (size * count > HttpResponse::largest_body - answer.body.size()) {
      answer.too_large = "the answer is larger than 64 KiB";
      return 0;
    }
    return answer.take([&] { answer.body.append(data, size * count); }) ? size * count : 0;
  }

 private:
  template <class Take>
  bool take(Take take) noexcept {
    try {
      take();
      return true;
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  }

  /// Only the last of several headers counts: a proxy's answer and interim responses come before
  /// it. Trailers don't count.
  void read_header_line(std::string_view line) {
    if (starts_with(line, "HTTP/")) {
      is_in_header = true;
      retry_after.clear();
      return;
    }
    line = trim(line);
    if (line.empty()) is_in_header = false;
    constexpr std::string_view name = "Retry-After:";
    if (!is_in_header || !equal_ignoring_case(line.substr(0, name.size()), name)) return;
    if (retry_after.empty()) retry_after = trim(line.substr(name.size()));
  }
};

}  // namespace mobivate::detail
