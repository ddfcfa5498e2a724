#pragma once

#include <memory>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/config.hpp>
#include <mobivate/transport.hpp>

namespace mobivate {

namespace detail {
class CurlPool;
template <class Object>
class PerProcess;
}  // namespace detail

/// Sends requests through libcurl. It keeps connections open and reuses them, for five minutes at
/// most, and for one minute without a request. After a burst of calls it closes all but a few. If
/// the gateway offers HTTP/2 over TLS, many requests share one connection. It does not resume TLS
/// sessions. It needs TLS 1.2 or newer, and always verifies certificate and host name. Safe to use
/// from many threads at once.
class CurlTransport : public Transport {
 public:
  // Virtual functions are declared inline. Otherwise each file that includes this header would
  // compile the virtual table, and with it every virtual function.

  /// Opens no file and no connection. If a file or the proxy is wrong, each `send` returns a
  /// `TransportError`.
  explicit CurlTransport(CurlOptions options = {});

  /// Sends one request and waits for its answer. It sends the request once: where libcurl would
  /// send it again by itself, it returns `Kind::receive`. A failure before the connection is
  /// complete, TLS handshake included, has `TransportError::maybe_delivered` false.
  [[nodiscard]] MOBIVATE_INLINE TransportResult send(const HttpRequest& request) override;

 private:
  [[nodiscard]] MOBIVATE_INLINE std::shared_ptr<detail::Multi> open_multi() override;

  std::shared_ptr<detail::PerProcess<detail::CurlPool>> pool_;
};

}  // namespace mobivate

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/curl/curl_transport.ipp>
#endif
