// Calls one pure function a number of times, for valgrind to count:  calls build_url ours 1000

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <mobivate/build_url.hpp>
#include <mobivate/parse_response.hpp>

#include "subscribers.hpp"

namespace {

const std::string base_url = "https://gateway.example";

std::string build_url() {
  static const auto request = benchmark::request(1'000'000);
  return mobivate::build_url(base_url, benchmark::account_id, benchmark::api_key, request);
}

struct Cleanup {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
  void operator()(char* text) const noexcept { curl_free(text); }
};

void check(CURLUcode code) {
  if (code != CURLUE_OK) throw std::runtime_error(curl_url_strerror(code));
}

/// The same URL by libcurl's URL API, which encodes each value itself.
std::string build_url_with_libcurl() {
  static const auto request = benchmark::request(1'000'000);
  static const std::string path = "/api/doi/" + std::string(benchmark::account_id) + '/' +
                                  std::string(benchmark::api_key) + '/';
  const std::unique_ptr<CURLU, Cleanup> url(curl_url());
  check(curl_url_set(url.get(), CURLUPART_URL, base_url.c_str(), 0));
  check(curl_url_set(url.get(), CURLUPART_PATH, path.c_str(), CURLU_URLENCODE));
  const auto add = [&](const std::string& parameter) {
    check(curl_url_set(url.get(), CURLUPART_QUERY, parameter.c_str(),
                       CURLU_APPENDQUERY | CURLU_URLENCODE));
  };
  add("source=" + std::to_string(request.source));
  add("destination=" + request.destination);
  add("keyword=" + request.keyword);
  add("frequency=" + std::to_string(*request.frequency));
  add("amount=" + std::to_string(*request.amount));
  add("campaign=" + request.campaign);
  add("provider=" + request.provider);
  add("reference=" + request.reference);
  add("stop");
  char* text = nullptr;
  check(curl_url_get(url.get(), CURLUPART_URL, &text, 0));
  const std::unique_ptr<char, Cleanup> owned(text);
  return text;
}

const std::string message_id = "MT-c65561314eb34088b6df42d8241aace0";

std::string parse_response() {
  // As the Kenya page has it, with a comma that is not valid JSON.
  static const mobivate::HttpResponse response{200, "{\n  \"200\": \"" + message_id + "\",\n}", {}};
  return std::get<mobivate::Accepted>(mobivate::parse_response(response)).message_id;
}

std::string parse_response_with_json() {
  static const std::string body = "{\n  \"200\": \"" + message_id + "\"\n}";
  nlohmann::json json = nlohmann::json::parse(body);
  return std::move(json["200"].get_ref<std::string&>());
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::pair<std::string, std::string>, std::function<std::string()>> functions{
      {{"build_url", "ours"}, build_url},
      {{"build_url", "plain"}, build_url_with_libcurl},
      {{"parse_response", "ours"}, parse_response},
      {{"parse_response", "plain"}, parse_response_with_json},
  };
  if (argc != 4) return EXIT_FAILURE;
  const auto& function = functions.at({argv[1], argv[2]});
  // Both sides have to come to the same.
  if (function() != functions.at({argv[1], "plain"})()) {
    std::cerr << function() << " is not " << functions.at({argv[1], "plain"})() << '\n';
    return EXIT_FAILURE;
  }
  std::size_t bytes = 0;
  for (int left = std::atoi(argv[3]); left > 0; --left) bytes += function().size();
  std::cout << bytes << '\n';
}
