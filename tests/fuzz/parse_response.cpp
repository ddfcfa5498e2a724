// Any bytes as an answer: two bytes for the HTTP status, then the body.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <mobivate/detail/account/secret_mask.hpp>
#include <mobivate/parse_response.hpp>

#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const int status = 100 + (data[0] * 256 + data[1]) % 500;
  const std::string body(reinterpret_cast<const char*>(data + 2), size - 2);

  const auto result = mobivate::parse_response({status, body, {}});
  if (const auto* accepted = std::get_if<mobivate::Accepted>(&result)) {
    check(status >= 200 && status <= 299, "accepted under 2xx only");
    check(!accepted->message_id.empty(), "accepted with an id only");
    const bool json = body.find("{") != std::string::npos;
    check(json || body.find(accepted->message_id) != std::string::npos, "the id is the gateway's");
    check(body.find('\0') == std::string::npos, "no NUL in what is accepted");
  }
  if (const auto* unexpected = std::get_if<mobivate::UnexpectedResponse>(&result)) {
    check(unexpected->http_status == status, "the status is kept");
    check(unexpected->body == body.substr(0, 256), "the excerpt is the body's beginning");
    check(!unexpected->reason.empty(), "there is a reason");
  }
  check(!std::holds_alternative<mobivate::TransportError>(result),
        "an answer is no network failure");

  const mobivate::detail::SecretMask mask({"MT-12345", "SEND_FAILED"});
  auto masked = result;
  std::visit(mobivate::detail::ResultMask{mask, body}, masked);
  const std::string line = to_string(masked);
  check(std::none_of(line.begin(), line.end(), mobivate::detail::is_control), "one line");
  check(line.find("MT-12345") == std::string::npos, "a secret is masked");
  return 0;
}
