#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

/// HTTP header fields, name and value, in the order in which they are sent.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP GET, ready to be sent. The URL holds the credentials: do not log it.
struct HttpRequest {
  std::string url{};  ///< Send as it is: no normalising, no redirects followed.
  Headers headers{};  ///< All fields the request needs beside `Host` and what compression adds.
  std::chrono::milliseconds connect_timeout{0};  ///< To be connected, TLS handshake included.
  std::chrono::milliseconds timeout{0};          ///< From the start to the last byte of the answer.
  /// If set, ask it at least every 50 ms; once it is true, give up as `Kind::cancelled`.
  std::function<bool()> cancelled{};
};

/// One HTTP answer, whatever its status.
struct HttpResponse {
  int status{0};
  std::string body{};         ///< Content encodings undone.
  std::string retry_after{};  ///< The `Retry-After` field, or empty.
};

/// An answer, or why there is none.
using TransportResult = std::variant<HttpResponse, TransportError>;

/// How a request reaches the gateway. `CurlTransport` is the default; `testing::MockTransport` is
/// for unit tests; derive your own to send through another HTTP stack.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Sends one request and waits for its answer. Called by many threads at once.
  /// Network failures are returned, not thrown. Set `TransportError::maybe_delivered` unless it is
  /// certain that no byte of the request left this machine.
  [[nodiscard]] virtual TransportResult send(const HttpRequest& request) = 0;

  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  Transport(Transport&&) = delete;
  Transport& operator=(Transport&&) = delete;

 protected:
  Transport() = default;
};

}  // namespace mobivate
