#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "certificate.hpp"
#include "subscriptions.hpp"

namespace local_gateway {

/// How the gateway is run. The account is the one of the gateway's own documentation.
struct Options {
  std::string account_id = "43e36f50aaf111e272639171000000a9";
  std::string api_key = "3b41d767316541bacef19d1382ac1e12";
  int port = 0;                            ///< 0: the system chooses.
  std::optional<Certificate> certificate;  ///< With one, HTTPS.
  bool plain_text = false;                 ///< Answers as an older edition of the NDOI page.
  std::chrono::milliseconds delay{0};      ///< Before each answer, after what was asked is done.
  std::size_t fail_first = 0;  ///< So many requests of the account get 503, and nothing else.
  /// If there is one, gets a line for each request of the account, before its answer: milliseconds
  /// since 1970, destination, reference and code. It outlives the gateway.
  std::ostream* log = nullptr;
};

/// A server on loopback that behaves like the documented service: checks credentials, stops
/// subscribers, and **subscribes and bills** on a GET without `stop`.
/// Runs from construction to destruction. Throws `std::runtime_error` if it can't listen.
class LocalGateway {
 public:
  explicit LocalGateway(Options options = {});
  ~LocalGateway();

  LocalGateway(const LocalGateway&) = delete;
  LocalGateway& operator=(const LocalGateway&) = delete;
  LocalGateway(LocalGateway&&) = delete;
  LocalGateway& operator=(LocalGateway&&) = delete;

  /// `http://127.0.0.1:port`, or https.
  const std::string& base_url() const;
  const Options& options() const;
  Subscriptions& subscriptions();

  /// Connections on which a request came.
  std::size_t connections() const;
  std::size_t requests() const;
  /// Connections that took up an earlier TLS session.
  std::size_t resumed_tls_sessions() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace local_gateway
