#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

class Transport;

namespace detail {
class Multi;
std::shared_ptr<Multi> open_multi(Transport& transport);
}  // namespace detail

/// HTTP header fields: pairs of name and value, in the order of sending.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP GET for a transport to send. The URL holds the credentials: do not log it.
struct HttpRequest {
  std::string url{};  ///< Send it unchanged. Do not follow redirects.
  Headers headers{};  ///< All fields but `Host` and, if you decompress, `Accept-Encoding`.
  std::chrono::milliseconds connect_timeout{0};  ///< Longest time to connect, TLS included.
  std::chrono::milliseconds timeout{0};          ///< Longest time for all, the answer included.

  /// If set, `Transport::send` calls it at least every 50 ms. When it returns true, `send` returns
  /// `Kind::cancelled`.
  std::function<bool()> cancelled{};
};

/// One HTTP answer, of any status.
struct HttpResponse {
  /// Largest body, in bytes after decompression. A larger body ends the call as `Kind::too_large`,
  /// so a transport may stop reading there. Documented answers have a few hundred bytes at most.
  static constexpr std::size_t largest_body = std::size_t{64} * 1024;

  int status{0};              ///< Three digits, for example 200.
  std::string body{};         ///< The body, decompressed.
  std::string retry_after{};  ///< Value of the `Retry-After` field. Empty: the answer has none.
};

/// The answer, or the reason why there is none.
using TransportResult = std::variant<HttpResponse, TransportError>;

/// Sends HTTP requests to the gateway. `CurlTransport` is the default, and
/// `testing::MockTransport` is for unit tests. Derive your own to use another HTTP library.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Sends one request and waits for its answer. Many threads call it at once. Return network
  /// failures, do not throw them. Set `TransportError::maybe_delivered` to false only if you are
  /// certain that no byte of the request left this machine.
  [[nodiscard]] virtual TransportResult send(const HttpRequest& request) = 0;

  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  Transport(Transport&&) = delete;
  Transport& operator=(Transport&&) = delete;

 protected:
  Transport() = default;

 private:
  friend std::shared_ptr<detail::Multi> detail::open_multi(Transport& transport);

  /// Only `CurlTransport` overrides it. If it returns null, batches and asynchronous calls use
  /// `send`.
  [[nodiscard]] virtual std::shared_ptr<detail::Multi> open_multi() { return nullptr; }
};

namespace detail {

inline std::shared_ptr<Multi> open_multi(Transport& transport) {
  return transport.open_multi();
}

}  // namespace detail

}  // namespace mobivate
