// A small HTTP service around one client, with callbacks. POST /stops accepts a stop and answers
// 202 at once, with the address of its result. GET /stops/ID returns the result. GET /health tells
// whether the service accepts more stops.
//
// cpp-httplib needs a thread for each request until it is answered. If a request waited for the
// gateway, each stop would need a thread. So no request waits, and a few threads serve any number
// of stops. asio_service.cpp shows a server that answers after the gateway has answered.

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <httplib.h>
#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>
#include <mobivate/json.hpp>
#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;

void reply(httplib::Response& response, int status, const json& body) {
  response.status = status;
  response.set_content(body.dump() + '\n', "application/json");
}

/// The stops under way, at most `most`, and the results of those that ended last. It accepts no new
/// stops while closing.
class Stops {
 public:
  explicit Stops(std::size_t most) : most_(most) {}

  /// Adds a stop and returns its id. Returns nothing if it accepts no more stops.
  std::optional<std::string> begin() {
    const std::lock_guard lock(mutex_);
    if (is_closing_ || under_way_ == most_) return std::nullopt;
    ++under_way_;
    // Random, so that an id of an earlier run never gets the result of another stop.
    const std::string id = std::to_string((std::uint64_t{random_()} << 32U) | random_());
    states_[id] = {{"state", "under_way"}};
    return id;
  }

  /// Stores the result. Runs on the client's thread.
  void end(const std::string& id, const mobivate::UnsubscribeResult& result) {
    constexpr std::size_t most_results = 10'000;
    const std::lock_guard lock(mutex_);
    // Logged too, because the results are lost at a restart.
    std::cout << "stop " << id << ' ' << result << std::endl;
    states_[id] = result;
    ended_.push_back(id);
    if (ended_.size() > most_results) {
      states_.erase(ended_.front());
      ended_.pop_front();
    }
    --under_way_;
    changed_.notify_all();
  }

  /// Returns the state of a stop. Null: the id is unknown, or too old.
  json state(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = states_.find(id);
    return found == states_.end() ? json() : found->second;
  }

  std::size_t under_way() const {
    const std::lock_guard lock(mutex_);
    return under_way_;
  }

  bool is_closing() const {
    const std::lock_guard lock(mutex_);
    return is_closing_;
  }

  /// Waits until no stop is under way, but not longer than this.
  void close(std::chrono::milliseconds grace) {
    std::unique_lock lock(mutex_);
    is_closing_ = true;
    changed_.wait_for(lock, grace, [this] { return under_way_ == 0; });
  }

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  bool is_closing_ = false;
  std::map<std::string, json> states_;
  std::deque<std::string> ended_;  ///< Ids of ended stops, the oldest first.
  std::random_device random_;
};

void take(const httplib::Request& request, httplib::Response& response,
          const mobivate::DoiClient& client, Stops& stops) {
  mobivate::UnsubscribeRequest stop;
  try {
    stop = json::parse(request.body, nullptr, false).get<mobivate::UnsubscribeRequest>();
  } catch (const std::invalid_argument& error) {
    return reply(response, 400, {{"state", "not_sent"}, {"message", error.what()}});
  }
  if (const auto refusal = mobivate::validate(stop)) {
    return reply(response, 422, mobivate::UnsubscribeResult(*refusal));
  }
  const auto id = stops.begin();
  if (!id) {
    response.set_header("Retry-After", "1");
    return reply(response, 503,
                 {{"state", "not_sent"},
                  {"message", stops.is_closing() ? "shutting down" : "too many under way"}});
  }
  client.unsubscribe_async(
      std::move(stop),
      [&stops, id = *id](const mobivate::UnsubscribeResult& result) { stops.end(id, result); });
  response.set_header("Location", "/stops/" + *id);
  reply(response, 202, {{"state", "under_way"}, {"id", *id}});
}

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

int main(int argc, char** argv) {
  int port = 8080;
  std::size_t most = 1'000;
  std::int64_t timeout = 10'000;
  std::int64_t grace = 10'000;
  CLI::App app{"Serves /stops and /health on 127.0.0.1. Ctrl-C or SIGTERM ends it."};
  app.add_option("--port", port, "Port on 127.0.0.1; 0: the system chooses")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--most", most, "Maximum number of stops under way; further requests get 503")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--timeout", timeout, "Longest time for a stop, in milliseconds")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
  app.add_option("--grace", grace, "Milliseconds that stops under way get after SIGTERM")
      ->check(CLI::Range(0, 86'400'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGINT, [](int signal) { stop_signal = signal; });
  std::signal(SIGTERM, [](int signal) { stop_signal = signal; });

  try {
    auto options = mobivate::ClientOptions::from_environment();
    options.total_timeout = std::chrono::milliseconds(timeout);
    Stops stops(most);
    // Declared after `stops`, so destroyed before it: calls still under way then end as cancelled.
    const mobivate::DoiClient client(std::move(options));

    httplib::Server server;
    server.set_keep_alive_max_count(1);  // an idle connection would keep a thread
    server.set_payload_max_length(std::size_t{64} * 1024);
    server.Post("/stops", [&](const httplib::Request& request, httplib::Response& response) {
      take(request, response, client, stops);
    });
    server.Get("/stops/(\\d+)", [&](const httplib::Request& request, httplib::Response& response) {
      const json state = stops.state(request.matches[1]);
      if (!state.is_null()) return reply(response, 200, state);
      reply(response, 404,
            {{"message",
              "no such stop, or it is too old; send the stop again with the same "
              "reference: stopping twice bills nobody"}});
    });
    server.Get("/health", [&](const httplib::Request&, httplib::Response& response) {
      const bool is_closing = stops.is_closing();
      reply(response, is_closing ? 503 : 200,
            {{"status", is_closing ? "shutting down" : "ok"}, {"under_way", stops.under_way()}});
    });

    if (port == 0) {
      port = server.bind_to_any_port("127.0.0.1");
    } else if (!server.bind_to_port("127.0.0.1", port)) {
      port = -1;
    }
    if (port < 0) throw std::runtime_error("can't listen on this port; choose another with --port");
    std::thread thread([&server] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    std::cout << "http://127.0.0.1:" << port << std::endl;

    while (stop_signal == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stops.close(std::chrono::milliseconds(grace));  // meanwhile, GET /stops/ID still works
    server.stop();
    thread.join();
  } catch (const std::exception& error) {
    std::cerr << "web_handler: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
