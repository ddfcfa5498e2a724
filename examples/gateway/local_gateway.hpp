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

/// Options of the local gateway. The default account is the one in Mobivate's documentation.
struct Options {
  std::string account_id = "43e36f50aaf111e272639171000000a9";
  std::string api_key = "3b41d767316541bacef19d1382ac1e12";
  int port = 0;                            ///< 0: the system chooses.
  std::optional<Certificate> certificate;  ///< If set, the gateway serves HTTPS.
  bool plain_text = false;                 ///< Answers like an older edition of the NDOI page.
  std::chrono::milliseconds delay{0};      ///< Wait before each answer, after the stop is done.
  std::size_t fail_first = 0;  ///< The first requests of the account that only get a 503.
  /// If set, gets a line for each request of the account, before its answer: milliseconds since
  /// 1970, destination, reference and code. It must outlive the gateway.
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

  /// Returns `http://127.0.0.1:port`, or the same with https.
  const std::string& base_url() const;
  const Options& options() const;
  Subscriptions& subscriptions();

  /// Returns the number of connections on which a request came.
  std::size_t connections() const;
  std::size_t requests() const;
  /// Returns the number of connections that resumed an earlier TLS session.
  std::size_t resumed_tls_sessions() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace local_gateway
