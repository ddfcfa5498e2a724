#pragma once

#include <string>

namespace benchmark {

struct Server {
  std::string base_url{};
  std::string certificate{};  ///< A PEM file, of the certificate to trust.
  bool http2 = false;
};

}  // namespace benchmark
