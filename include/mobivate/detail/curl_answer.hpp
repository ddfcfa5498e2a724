#pragma once

#include <cstddef>
#include <exception>
#include <string>

#include <mobivate/transport.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// For all header fields of an answer, interim responses and trailers included.
inline constexpr std::size_t largest_header = std::size_t{64} * 1024;

/// What has come of an answer so far, within limits.
struct CurlAnswer {
  std::string body{};
  std::size_t header_bytes = 0;
  const char* too_large = nullptr;  ///< Which limit was passed; null if none was.
  std::exception_ptr thrown{};

  /// For `CURLOPT_HEADERFUNCTION`.
  static std::size_t on_header(char* /*line*/, std::size_t size, std::size_t count,
                               void* self) noexcept {
    auto& answer = *static_cast<CurlAnswer*>(self);
    const std::size_t bytes = size * count;
    answer.header_bytes += bytes;
    if (answer.header_bytes <= largest_header) return bytes;
    answer.too_large = "the answer's header is larger than 64 KiB";
    return 0;
  }

  /// For `CURLOPT_WRITEFUNCTION`.
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& answer = *static_cast<CurlAnswer*>(self);
    const std::size_t bytes = size * count;
    if (bytes > HttpResponse::largest_body - answer.body.size()) {
      answer.too_large = "the answer is larger than 64 KiB";
      return 0;
    }
    try {
      answer.body.append(data, bytes);
    } catch (...) {
      answer.thrown = std::current_exception();
      return 0;
    }
    return bytes;
  }
};

}}}  // namespace mobivate::v0::detail
