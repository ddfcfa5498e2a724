#pragma once

#include <string>
#include <vector>

namespace local_gateway {

/// A certificate and its private key, as PEM text.
struct Certificate {
  std::string certificate;
  std::string private_key;
};

/// Makes a self-signed certificate for these host names and IP addresses. It is valid from an hour
/// ago, for the given number of days. To trust it, use its PEM text as the CA bundle.
Certificate make_certificate(const std::vector<std::string>& hosts = {"localhost", "127.0.0.1"},
                             int days = 7);

}  // namespace local_gateway
