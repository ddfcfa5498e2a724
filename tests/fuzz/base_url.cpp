// Any bytes as a base URL: what is taken must mean the same to libcurl's URL parser.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <mobivate/detail/protocol/base_url.hpp>

#include "../parsed_url.hpp"
#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string endpoint;
  mobivate::detail::BaseUrl base{};
  try {
    base = mobivate::detail::parse_base_url(text);
    endpoint = mobivate::detail::endpoint(text, "id", "key");
  } catch (const std::invalid_argument& refusal) {
    check(std::string(refusal.what()).rfind("base_url: ", 0) == 0, "the option is named");
    return 0;
  }
  const ParsedUrl url(endpoint + "stop");
  if (!url.is_valid()) return 0;  // a host that libcurl alone refuses, as a TransportError
  check(url.part(CURLUPART_SCHEME) == (base.https ? "https" : "http"), "the scheme");
  check(url.part(CURLUPART_USER).empty(), "no user info");
  check(url.part(CURLUPART_FRAGMENT).empty(), "no fragment");
  check(url.part(CURLUPART_QUERY) == "stop", "the query");
  const std::string path = url.part(CURLUPART_PATH);
  const std::string own = "/api/doi/id/key/";
  check(path.size() >= own.size() && path.substr(path.size() - own.size()) == own, "the path");
  check(endpoint == std::string(base.text) + own + "?", "nothing is folded");
  if (mobivate::detail::is_loopback(base.host)) {
    const std::string host = url.part(CURLUPART_HOST);
    check(host == "[::1]" || host.rfind("127.", 0) == 0 ||
              mobivate::detail::equal_ignoring_case(host, "localhost"),
          "loopback to us is loopback to libcurl");
  }
  return 0;
}
