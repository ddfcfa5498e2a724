// Writes the conformance cases as seeds for the fuzzers:  make_corpus CONFORMANCE_DIRECTORY OUT

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

namespace {

class Corpus {
 public:
  explicit Corpus(std::filesystem::path directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
  }

  void add(const std::string& seed) {
    std::ofstream(directory_ / std::to_string(++seeds_), std::ios::binary) << seed;
  }

 private:
  std::filesystem::path directory_;
  int seeds_ = 0;
};

std::string bytes_of(std::uint32_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  const std::filesystem::path cases(argv[1]);
  const std::filesystem::path out(argv[2]);
  const auto read = [&](const char* file) {
    std::ifstream stream(cases / file);
    return nlohmann::json::parse(stream);
  };

  Corpus responses(out / "parse_response");
  for (const auto& test : read("responses.json")) {
    const int status = test.at("http_status").get<int>() - 100;
    responses.add(std::string{static_cast<char>(status / 256), static_cast<char>(status % 256)} +
                  test.at("body").get<std::string>());
  }

  Corpus requests(out / "request");
  Corpus base_urls(out / "base_url");
  for (const auto& test : read("requests.json")) {
    const auto& request = test.at("request");
    std::string seed = bytes_of(request.value("source", 0U)) +
                       bytes_of(request.value("amount", 0U)) +
                       bytes_of(request.value("frequency", 0U)) +
                       bytes_of((request.contains("amount") ? 1U : 0U) |
                                (request.contains("frequency") ? 2U : 0U) |
                                (request.at("stop") == "one" ? 4U : 0U));
    for (const char* text : {"destination", "keyword", "campaign", "provider", "reference"}) {
      seed += request.value(text, "") + '\xFF';
    }
    requests.add(seed);
    if (test.contains("base_url")) base_urls.add(test.at("base_url"));
  }
  base_urls.add("https://hostname");
  base_urls.add("http://127.0.0.1:8080/prefix/");
  base_urls.add("https://[2001:db8::1]:443/%7Ea/b");

  Corpus retry_after(out / "retry_after");
  retry_after.add("120");
  retry_after.add("Sun, 06 Nov 1994 08:49:37 GMT");
  retry_after.add("Sunday, 06-Nov-94 08:49:37 GMT");
  retry_after.add("Sun Nov  6 08:49:37 1994");
}
