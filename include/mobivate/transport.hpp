#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 {

/// HTTP header fields, name and value, in the order in which they are sent.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP GET, ready to be sent. The URL holds the credentials: do not log it.
struct HttpRequest {
  std::string url{};  ///< Send as it is: no normalising, no redirects followed.
  Headers headers{};  ///< All fields the request needs beside `Host` and what compression adds.
  std::chrono::milliseconds connect_timeout{0};  ///< To be connected, TLS handshake included.
  std::chrono::milliseconds timeout{0};          ///< From the start to the last byte of the answer.

  /// If set, `Transport::send` asks it at least every 50 ms; once it is true, it gives up as
  /// `Kind::cancelled`.
  std::function<bool()> cancelled{};
};

/// One HTTP answer, whatever its status.
struct HttpResponse {
  /// Bytes, content encodings undone. A call whose answer is larger ends as `Kind::too_large`, so a
  /// transport need not read on. No documented answer has more than some hundred.
  static constexpr std::size_t largest_body = std::size_t{64} * 1024;

  int status{0};              ///< Three digits, for example 200.
  std::string body{};         ///< Content encodings undone.
  std::string retry_after{};  ///< The `Retry-After` field, or empty.

  /// To be connected, TLS handshake included; 0 if that is not known, or an old connection was
  /// used.
  std::chrono::microseconds connect_time{0};
  bool connection_reused{false};  ///< False if that is not known.
};

/// An answer, or why there is none.
using TransportResult = std::variant<HttpResponse, TransportError>;

/// Many HTTP exchanges at once, driven by one thread: what batches and asynchronous calls use.
/// Destroyed, it gives up all that are under way.
class Exchanges {
 public:
  /// How one exchange ended.
  struct Ended {
    std::size_t id{0};            ///< What `start` was given.
    TransportResult result{};     ///< An answer, or why there is none.
    std::exception_ptr thrown{};  ///< In place of a result, what is to come out of the call.
  };

  virtual ~Exchanges() = default;

  /// Begins to send. The request is left alone until its exchange has ended or was stopped. The
  /// `id` is that of no other exchange under way, and smaller than the most that ever were.
  virtual void start(std::size_t id, const HttpRequest& request) = 0;

  /// Waits until an exchange has ended, `wake` was called or the time is over; adds what has ended.
  virtual void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) = 0;

  /// Gives up an exchange that is under way. Returns what is known of it: `Kind::cancelled`.
  [[nodiscard]] virtual TransportError stop(std::size_t id) = 0;

  /// Ends a `wait`, or the next one, early. The one member that other threads may call.
  virtual void wake() noexcept = 0;

  Exchanges(const Exchanges&) = delete;
  Exchanges& operator=(const Exchanges&) = delete;
  Exchanges(Exchanges&&) = delete;
  Exchanges& operator=(Exchanges&&) = delete;

 protected:
  Exchanges() = default;
};

/// How a request reaches the gateway. `CurlTransport` is the default; `testing::MockTransport` is
/// for unit tests; derive your own to send through another HTTP stack.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Sends one request and waits for its answer. Called by many threads at once.
  /// Network failures are returned, not thrown. Set `TransportError::maybe_delivered` unless it is
  /// certain that no byte of the request left this machine.
  [[nodiscard]] virtual TransportResult send(const HttpRequest& request) = 0;

  /// For calls that have many requests under way at once. Without one, they use `send` for one
  /// request after the other. It does not outlive the transport.
  [[nodiscard]] virtual std::shared_ptr<Exchanges> open_exchanges() { return nullptr; }

  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  Transport(Transport&&) = delete;
  Transport& operator=(Transport&&) = delete;

 protected:
  Transport() = default;
};

}}  // namespace mobivate::v0
