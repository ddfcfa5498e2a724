#include <cstddef>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "parsed_url.hpp"
#include "support.hpp"

namespace {

using namespace std::string_view_literals;

const char* const host = "https://hostname";

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t to = text.find(separator); to != std::string::npos;
       to = text.find(separator, from)) {
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  parts.push_back(text.substr(from));
  return parts;
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> path_of(const ParsedUrl& url) {
  std::vector<std::string> path;
  for (const auto& segment : split(url.part(CURLUPART_PATH), '/')) {
    path.push_back(percent_decoded(segment));
  }
  return path;
}

Parameters query_of(const ParsedUrl& url) {
  Parameters query;
  for (const auto& parameter : split(url.part(CURLUPART_QUERY), '&')) {
    const auto equals = parameter.find('=');
    query.emplace_back(
        parameter.substr(0, equals),
        equals == std::string::npos ? "" : percent_decoded(parameter.substr(equals + 1)));
  }
  return query;
}

Parameters parameters_of(const mobivate::UnsubscribeRequest& request) {
  Parameters parameters{{"source", std::to_string(request.source)},
                        {"destination", request.destination},
                        {"keyword", request.keyword}};
  if (request.frequency) parameters.emplace_back("frequency", std::to_string(*request.frequency));
  if (request.amount) parameters.emplace_back("amount", std::to_string(*request.amount));
  if (!request.campaign.empty()) parameters.emplace_back("campaign", request.campaign);
  if (!request.provider.empty()) parameters.emplace_back("provider", request.provider);
  parameters.emplace_back("reference", request.reference);
  parameters.emplace_back("stop", request.stop == mobivate::Stop::one ? "1" : "");
  return parameters;
}

class RandomRequests {
 public:
  explicit RandomRequests(unsigned seed) : random_(seed) {}

  std::size_t number(std::size_t lowest, std::size_t highest) {
    return std::uniform_int_distribution<std::size_t>(lowest, highest)(random_);
  }

  std::string bytes(std::size_t shortest, std::size_t longest) {
    // Half of all bytes are those that mean something in a URL.
    constexpr auto special = "%&=?#/+.;:@ \\\"\r\n\0"sv;
    std::string text(number(shortest, longest), '\0');
    for (char& c : text) {
      c = number(0, 1) == 0 ? special[number(0, special.size() - 1)]
                            : static_cast<char>(number(0, 255));
    }
    return text;
  }

  mobivate::UnsubscribeRequest next() {
    constexpr std::string_view alphanumeric{
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"};
    mobivate::UnsubscribeRequest request;
    request.source = static_cast<std::uint32_t>(number(0, 4'294'967'295));
    request.destination.resize(number(0, 66));
    for (char& c : request.destination) c = alphanumeric[number(0, alphanumeric.size() - 1)];
    request.keyword = bytes(0, 260);
    if (number(0, 2) != 0) request.amount = static_cast<std::uint32_t>(number(0, 1'000));
    if (number(0, 1) != 0) request.frequency = static_cast<std::uint32_t>(number(0, 30));
    request.campaign = bytes(0, 20);
    request.provider = bytes(0, 20);
    request.reference = bytes(0, 260);
    request.stop = number(0, 1) == 0 ? mobivate::Stop::flag : mobivate::Stop::one;
    return request;
  }

 private:
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("A URL parser splits the URL of any valid request back into its values, stop last") {
  RandomRequests random(Catch::getSeed());
  int valid = 0;
  while (valid < 2'000) {
    const auto request = random.next();
    if (mobivate::validate(request)) continue;
    ++valid;
    const std::string account = random.bytes(3, 40);
    const std::string key = random.bytes(3, 40);
    const auto url = mobivate::build_url(host, account, key, request);
    const ParsedUrl parsed(url);
    REQUIRE(path_of(parsed) == std::vector<std::string>{"", "api", "doi", account, key, ""});
    REQUIRE(query_of(parsed) == parameters_of(request));
    REQUIRE(query_of(parsed).back().first == "stop");
  }
}

TEST_CASE("Whatever a request holds, valid or not, its URL ends in a stop") {
  RandomRequests random(Catch::getSeed());
  for (int i = 0; i < 2'000; ++i) {
    auto request = random.next();
    request.destination = random.bytes(0, 70);
    const ParsedUrl parsed(mobivate::build_url(host, "id", "key", request));
    REQUIRE(query_of(parsed) == parameters_of(request));
  }
  auto request = support::ndoi_request();
  request.stop = static_cast<mobivate::Stop>(7);
  CHECK(query_of(ParsedUrl(mobivate::build_url(host, "id", "key", request))).back().first ==
        "stop");
}

TEST_CASE("Slashes at the end of a base URL make no difference") {
  const auto request = support::kenya_request();
  const auto expected = mobivate::build_url("https://gw.example/a", "id", "key", request);
  CHECK(mobivate::build_url("https://gw.example/a/", "id", "key", request) == expected);
  CHECK(mobivate::build_url("https://gw.example/a//", "id", "key", request) == expected);
}

TEST_CASE("What would be no such URL is refused, by name and without repeating it") {
  const auto refusal = [](const char* base_url, const char* account, const char* key) {
    try {
      static_cast<void>(mobivate::build_url(base_url, account, key, support::ndoi_request()));
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  CHECK_THAT(refusal("https://hostname", "", "key"),
             Catch::Matchers::ContainsSubstring("account_id"));
  CHECK_THAT(refusal("https://hostname", ".", "key"),
             Catch::Matchers::ContainsSubstring("account_id"));
  CHECK_THAT(refusal("https://hostname", "id", ".."),
             Catch::Matchers::ContainsSubstring("api_key"));
  CHECK_THAT(refusal("https://user:pa55@hostname", "id", "key"),
             Catch::Matchers::ContainsSubstring("base_url") &&
                 !Catch::Matchers::ContainsSubstring("pa55"));
}
