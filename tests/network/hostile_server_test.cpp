// Servers that do what the local gateway would not.

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "parsed_url.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using mobivate::StopState;
using Kind = mobivate::TransportError::Kind;

namespace {

/// A server that answers every GET as it is told.
class AnsweringServer {
 public:
  using Handler = std::function<void(const httplib::Request&, httplib::Response&)>;

  explicit AnsweringServer(Handler handler) {
    server_.Get(".*", std::move(handler));
    base_url_ = "http://127.0.0.1:" + std::to_string(server_.bind_to_any_port("127.0.0.1"));
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~AnsweringServer() {
    server_.stop();
    thread_.join();
  }
  AnsweringServer(const AnsweringServer&) = delete;
  AnsweringServer& operator=(const AnsweringServer&) = delete;

  const std::string& base_url() const { return base_url_; }

 private:
  httplib::Server server_;
  std::string base_url_;
  std::thread thread_;
};

std::string percent_encoded(const std::string& text) {
  char* const encoded = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  std::string result(encoded);
  curl_free(encoded);
  return result;
}

/// All that a caller can see of a result.
std::string everything_in(const mobivate::UnsubscribeResult& result) {
  struct Strings {
    std::string operator()(const mobivate::Accepted& it) const { return it.message_id; }
    std::string operator()(const mobivate::SendFailed& it) const { return it.description; }
    std::string operator()(const mobivate::GatewayError& it) const { return it.message; }
    std::string operator()(const mobivate::UnexpectedResponse& it) const {
      return it.reason + it.body;
    }
    std::string operator()(const mobivate::TransportError& it) const { return it.message; }
    std::string operator()(const mobivate::InvalidRequest& it) const { return it.reason; }
  };
  return std::visit(Strings{}, result) + "\n" + to_string(result);
}

bool holds(const std::string& text, const std::string& secret) {
  return text.find(secret) != std::string::npos ||
         text.find(percent_encoded(secret)) != std::string::npos;
}

mobivate::UnsubscribeResult ask(const std::string& base_url) {
  return mobivate::DoiClient(support::without_retries(support::options(base_url)))
      .unsubscribe(support::ndoi_request());
}

}  // namespace

TEST_CASE("Whatever a server echoes, no secret is in what the caller sees") {
  const auto [account, key] = GENERATE(table<std::string, std::string>({
      {support::account_id, support::api_key},
      {"acc/ount id", "k?#%&+=key"},
      {"caf\u00e9", "%2F..%"},
  }));
  const std::map<std::string, std::function<std::string(const std::string&)>> spellings{
      {"raw", [](const std::string& target) { return target; }},
      {"decoded", [](const std::string& target) { return percent_decoded(target); }},
      {"encoded", percent_encoded},
      {"decoded twice",
       [](const std::string& target) { return percent_decoded(percent_decoded(target)); }},
  };
  using Bodies = std::map<std::string, std::function<std::string(const std::string&)>>;
  const Bodies bodies{
      {"accepted",
       [](const auto& url) {
         return nlohmann::json({{"200", url}}).dump();
       }},
      {"send failed",
       [](const auto& url) {
         return nlohmann::json({{"590", "SEND_FAILED: " + url}}).dump();
       }},
      {"error",
       [](const auto& url) {
         return nlohmann::json({{"error", url}}).dump();
       }},
      {"undocumented JSON",
       [](const auto& url) {
         return nlohmann::json({{"url", url}}).dump();
       }},
      {"HTML", [](const auto& url) { return "<p>No page at " + url + "</p>"; }},
      {"HTML, the URL across the end of the excerpt",
       [](const auto& url) { return std::string(220, 'x') + url + url; }},
  };
  for (const auto& [spelling, spell] : spellings) {
    for (const auto& [kind, body_of] : bodies) {
      for (const int status : {200, 302, 404, 503}) {
        CAPTURE(account, key, spelling, kind, status);
        const AnsweringServer server(
            [&, spelled = spell, body = body_of](const httplib::Request& request,
                                                 httplib::Response& response) {
              const std::string url = spelled(request.target);
              response.status = status;
              response.set_header("Location", percent_encoded(url));
              response.set_header("Retry-After", percent_encoded(url));
              try {
                response.set_content(body(url), "text/html");
              } catch (const nlohmann::json::exception&) {
                response.set_content(url, "text/html");  // decoded to no UTF-8, so no JSON
              }
            });
        auto options = support::without_retries(support::options(server.base_url()));
        options.account_id = account;
        options.api_key = mobivate::Secret(key);
        std::string seen;
        options.on_attempt = [&](const mobivate::Attempt& attempt) {
          seen += attempt.url + '\n' + everything_in(*attempt.result);
        };
        const mobivate::DoiClient client(options);
        seen += everything_in(client.unsubscribe(support::ndoi_request()));
        CAPTURE(seen);
        REQUIRE_FALSE(holds(seen, account));
        REQUIRE_FALSE(holds(seen, key));
      }
    }
  }
}

TEST_CASE("A gateway that recovers is asked again") {
  std::atomic<int> requests{0};
  const AnsweringServer server([&](const httplib::Request&, httplib::Response& response) {
    if (++requests < 3) {
      response.status = 503;
    } else {
      response.set_content("MT-1", "text/plain");
    }
  });
  auto options = support::options(server.base_url());
  options.retry.initial_backoff = 1ms;
  const auto result = mobivate::DoiClient(options).unsubscribe(support::ndoi_request());
  CHECK(to_string(result) == "accepted: MT-1");
  CHECK(requests == 3);
}

TEST_CASE("Redirects are not followed") {
  std::atomic<int> requests{0};
  const AnsweringServer server([&](const httplib::Request&, httplib::Response& response) {
    ++requests;
    response.set_redirect("/elsewhere", 302);
  });
  const auto result = ask(server.base_url());
  CHECK(std::get<mobivate::UnexpectedResponse>(result).http_status == 302);
  CHECK(requests == 1);
}

TEST_CASE("The request on the wire is as documented") {
  httplib::Request seen;
  const AnsweringServer server([&](const httplib::Request& request, httplib::Response& response) {
    seen = request;
    response.set_content("MT-1", "text/plain");
  });
  auto options = support::options(server.base_url() + "/prefix");
  options.headers = {{"X-Trace-Id", "4bf92f35"}};
  const mobivate::DoiClient client(options);
  REQUIRE(stop_state(client.unsubscribe(support::ndoi_request())) == StopState::accepted);
  CHECK(seen.method == "GET");
  CHECK(seen.target == mobivate::build_url("https://h/prefix", support::account_id,
                                           support::api_key, support::ndoi_request())
                           .substr(std::string("https://h").size()));
  CHECK(seen.get_header_value("Content-Type") == "application/json");
  CHECK(seen.get_header_value_count("Content-Type") == 1);
  CHECK(seen.get_header_value("Accept") == "application/json");
  CHECK(seen.get_header_value_count("Accept") == 1);
  CHECK(seen.get_header_value("User-Agent") == "mobivate-cpp/" + std::string(mobivate::version));
  CHECK(seen.get_header_value("X-Trace-Id") == "4bf92f35");
  CHECK_FALSE(seen.has_header("Authorization"));
  CHECK_FALSE(seen.has_header("Cookie"));
  CHECK(seen.body.empty());
}

TEST_CASE("Compressed answers are read") {
  const AnsweringServer server([](const httplib::Request& request, httplib::Response& response) {
    CHECK_THAT(request.get_header_value("Accept-Encoding"),
               Catch::Matchers::ContainsSubstring("gzip"));
    const std::string trace(2'000, 'x');
    response.set_content(R"({"200":"MT-1","trace":")" + trace + R"("})", "application/json");
  });
  CHECK(to_string(ask(server.base_url())) == "accepted: MT-1");
}

TEST_CASE("A body is taken up to 64 KiB, counted after decoding") {
  const std::size_t limit = 64 * 1024;
  const auto size = GENERATE(as<std::size_t>{}, 64 * 1024, 64 * 1024 + 1, 10 * 1024 * 1024);
  const auto* type = GENERATE("application/json" /* compressed */, "application/octet-stream");
  const AnsweringServer server([&](const httplib::Request&, httplib::Response& response) {
    const std::string answer = R"({"200":"MT-1"})";
    response.set_content(answer + std::string(size - answer.size(), ' '), type);
  });
  const auto result = ask(server.base_url());
  CAPTURE(result);
  if (size <= limit) {
    CHECK(stop_state(result) == StopState::accepted);
  } else {
    const auto& error = std::get<mobivate::TransportError>(result);
    CHECK(error.kind == Kind::too_large);
    CHECK(error.maybe_delivered);
    CHECK(error.message == "the answer is larger than 64 KiB");
    CHECK_FALSE(is_retryable(result));
  }
}

TEST_CASE("An answer that does not come in time leaves the subscriber unknown") {
  std::atomic<bool> over{false};
  const AnsweringServer server([&](const httplib::Request&, httplib::Response&) {
    while (!over) std::this_thread::sleep_for(5ms);
  });
  auto options = support::without_retries(support::options(server.base_url()));
  const auto limit = GENERATE(0, 1, 2);
  mobivate::CallOptions call;
  if (limit == 0) options.attempt_timeout = 100ms;
  if (limit == 1) options.total_timeout = 100ms;
  if (limit == 2) call.total_timeout = 100ms;
  const auto start = std::chrono::steady_clock::now();
  const auto result = mobivate::DoiClient(options).unsubscribe(support::ndoi_request(), call);
  const auto elapsed = std::chrono::steady_clock::now() - start;
  over = true;
  const auto& error = std::get<mobivate::TransportError>(result);
  CHECK(error.kind == Kind::timeout);
  CHECK(stop_state(result) == StopState::unknown);
  CHECK(elapsed >= 100ms);
  CHECK(elapsed < 1s);
}

TEST_CASE("The Retry-After field is handed on as it came") {
  const AnsweringServer server([](const httplib::Request&, httplib::Response& response) {
    response.status = 503;
    response.set_header("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT");
  });
  mobivate::CurlTransport transport;
  const auto sent = transport.send({server.base_url(), {}, 5s, 5s});
  CHECK(std::get<mobivate::HttpResponse>(sent).status == 503);
  CHECK(std::get<mobivate::HttpResponse>(sent).retry_after == "Fri, 31 Dec 1999 23:59:59 GMT");
}
