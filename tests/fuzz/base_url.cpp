// Any bytes as a base URL: what is taken must mean the same to libcurl's URL parser.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include <curl/curl.h>

#include <mobivate/detail/base_url.hpp>

#include "check.hpp"

namespace {

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

}  // namespace

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
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  const bool parsed =
      curl_url_set(url.get(), CURLUPART_URL, (endpoint + "stop").c_str(), 0) == CURLUE_OK;
  if (!parsed) return 0;  // a host that libcurl alone refuses, which ends as a TransportError
  check(part(url.get(), CURLUPART_SCHEME) == (base.https ? "https" : "http"), "the scheme");
  check(part(url.get(), CURLUPART_USER).empty(), "no user info");
  check(part(url.get(), CURLUPART_FRAGMENT).empty(), "no fragment");
  check(part(url.get(), CURLUPART_QUERY) == "stop", "the query");
  const std::string path = part(url.get(), CURLUPART_PATH);
  const std::string own = "/api/doi/id/key/";
  check(path.size() >= own.size() && path.substr(path.size() - own.size()) == own, "the path");
  check(endpoint == std::string(base.text) + own + "?", "nothing is folded");
  if (mobivate::detail::is_loopback(base.host)) {
    const std::string host = part(url.get(), CURLUPART_HOST);
    check(host == "[::1]" || host.rfind("127.", 0) == 0 ||
              mobivate::detail::equal_ignoring_case(host, "localhost"),
          "loopback to us is loopback to libcurl");
  }
  return 0;
}
