// Any request: numbers, flags, then the texts with 0xFF between them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <mobivate/build_url.hpp>

#include "../parsed_url.hpp"
#include "check.hpp"

namespace {

class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  std::uint32_t number() {
    std::uint32_t value = 0;
    const std::string_view taken = bytes_.substr(0, sizeof value);
    std::memcpy(&value, taken.data(), taken.size());
    bytes_.remove_prefix(taken.size());
    return value;
  }

  std::string text() {
    const std::string taken(bytes_.substr(0, bytes_.find('\xFF')));
    bytes_.remove_prefix(std::min(taken.size() + 1, bytes_.size()));
    return taken;
  }

 private:
  std::string_view bytes_;
};

/// Takes the next parameter off the query and checks that it is this one.
void check_next(std::string& query, const std::string& name, const std::string& value) {
  const std::string parameter = query.substr(0, query.find('&'));
  query.erase(0, parameter.size() + 1);
  check(parameter.rfind(name + "=", 0) == 0, "the parameter has its place");
  check(percent_decoded(parameter.substr(name.size() + 1)) == value, "the value arrives as it is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(std::string_view(reinterpret_cast<const char*>(data), size));
  mobivate::UnsubscribeRequest request;
  request.source = input.number();
  const std::uint32_t amount = input.number();
  const std::uint32_t frequency = input.number();
  const std::uint32_t flags = input.number();
  if ((flags & 1U) != 0) request.amount = amount;
  if ((flags & 2U) != 0) request.frequency = frequency;
  request.stop = static_cast<mobivate::Stop>((flags >> 2U) & 3U);
  request.destination = input.text();
  request.keyword = input.text();
  request.campaign = input.text();
  request.provider = input.text();
  request.reference = input.text();

  const auto invalid = mobivate::validate(request);
  if (invalid) check(!invalid->field.empty() && !invalid->reason.empty(), "a field and a reason");

  const std::string text = mobivate::build_url("https://hostname", "id", "key", request);
  const ParsedUrl url(text);
  check(url.is_valid(), "it is a URL");
  check(url.part(CURLUPART_HOST) == "hostname", "the host is the gateway");
  check(url.part(CURLUPART_PATH) == "/api/doi/id/key/", "the path is the account's");
  std::string query = url.part(CURLUPART_QUERY);
  check_next(query, "source", std::to_string(request.source));
  check_next(query, "destination", request.destination);
  check_next(query, "keyword", request.keyword);
  if (request.frequency) check_next(query, "frequency", std::to_string(*request.frequency));
  if (request.amount) check_next(query, "amount", std::to_string(*request.amount));
  if (!request.campaign.empty()) check_next(query, "campaign", request.campaign);
  if (!request.provider.empty()) check_next(query, "provider", request.provider);
  check_next(query, "reference", request.reference);
  check(query == (request.stop == mobivate::Stop::one ? "stop=1" : "stop"), "stop comes last");
  return 0;
}
