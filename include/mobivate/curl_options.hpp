#pragma once

#include <string>

namespace mobivate { inline namespace v0 {

/// How `CurlTransport` reaches the gateway. Files are PEM.
struct CurlOptions {
  std::string ca_bundle{};           ///< Certificates to trust; empty: the system's.
  std::string client_certificate{};  ///< For mutual TLS; empty: none.
  std::string client_key{};          ///< Its private key; empty: in the certificate's file.

  /// `http://`, `https://`, `socks5h://` and what else libcurl takes, as
  /// `[user:password@]host:port` behind it. Empty: for https, what the environment names
  /// (`https_proxy`, `all_proxy`, `no_proxy`); none for plain http, where a proxy could read the
  /// key.
  std::string proxy{};
};

}}  // namespace mobivate::v0
