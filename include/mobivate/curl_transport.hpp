#pragma once

#include <memory>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/mode.hpp>
#include <mobivate/transport.hpp>

namespace mobivate { inline namespace v0 {

namespace detail {
class CurlPool;
}  // namespace detail

inline namespace MOBIVATE_MODE {

/// Sends through libcurl. Keeps one connection for each call that ran at the same time as others,
/// and uses it again for the next; DNS answers and TLS sessions are shared by all of them.
/// Many requests at once share one connection if the gateway offers HTTP/2 over TLS.
/// TLS 1.2 or newer, certificate and host name always verified. Safe to use from many threads.
class CurlTransport : public Transport {
 public:
  // What is virtual is inline where it is declared: otherwise each file that includes this would
  // compile the table of virtual functions, and with it all of them.

  /// Opens nothing yet: a file or a proxy that can't be used is a `TransportError` of each `send`.
  explicit CurlTransport(CurlOptions options = {});

  /// Sends one request and waits for its answer. `TransportError::maybe_delivered` is false until
  /// the connection stands, over TLS too.
  [[nodiscard]] MOBIVATE_INLINE TransportResult send(const HttpRequest& request) override;

  /// Many requests at once, driven by the thread that waits for them. Their connections are kept
  /// when they are let go.
  [[nodiscard]] MOBIVATE_INLINE std::shared_ptr<Exchanges> open_exchanges() override;

 private:
  std::shared_ptr<detail::CurlPool> pool_;
};

}  // namespace MOBIVATE_MODE
}}  // namespace mobivate::v0

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/curl_transport.ipp>
#endif
