#pragma once

#include <string>

#include <mobivate/detail/config.hpp>
#include <mobivate/secret.hpp>

namespace mobivate {

/// Certificates and proxy of a `CurlTransport`. Each file is in PEM format.
struct CurlOptions {
  std::string ca_bundle{};           ///< File of certificates to trust. Empty: the system's.
  std::string client_certificate{};  ///< File of your certificate, for mutual TLS. Empty: none.
  std::string client_key{};  ///< File of its private key. Empty: it is in `client_certificate`.

  /// Proxy, as `http://[user:password@]host:port`; `https://`, `socks5h://` and other schemes of
  /// libcurl work too. If set, the proxy variables of the environment are ignored. Empty: an
  /// `https://` gateway is reached through the proxy that `https_proxy`, `all_proxy` and `no_proxy`
  /// name. An `http://` gateway never uses these variables, because a proxy could read the key.
  std::string proxy{};

  /// Passphrase of the private key, if that is encrypted. libcurl never asks for it on a terminal.
  Secret client_key_passphrase{};
};

}  // namespace mobivate
