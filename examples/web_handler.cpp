// A small HTTP service around one client: POST /stops stops a subscriber, GET /health tells whether
// it takes more. It is kept from drowning in slow calls, and ends without losing any.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <httplib.h>
#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>
#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;

template <class Number>
void set_number(Number& member, const std::string& name, const json& value) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    throw std::invalid_argument(name + ": write a whole number from 0 to " + std::to_string(most));
  }
  member = value.get<std::uint32_t>();
}

void set_text(std::string& member, const std::string& name, const json& value) {
  if (!value.is_string()) throw std::invalid_argument(name + ": write text, in quotes");
  member = value.get<std::string>();
}

mobivate::Stop stop_of(const json& value) {
  if (value == "flag") return mobivate::Stop::flag;
  if (value == "one") return mobivate::Stop::one;
  throw std::invalid_argument("stop: write \"flag\" or \"one\"");
}

/// The request whose members a JSON object names; whether they make sense, the client says.
/// Throws `std::invalid_argument`, saying what to write instead.
mobivate::UnsubscribeRequest request_of(const std::string& body) {
  const json members = json::parse(body, nullptr, false);
  if (!members.is_object()) {
    throw std::invalid_argument(R"(write a JSON object, {"source": 12345, "destination": …})");
  }
  mobivate::UnsubscribeRequest request;
  for (const auto& [name, value] : members.items()) {
    if (name == "source")
      set_number(request.source, name, value);
    else if (name == "destination")
      set_text(request.destination, name, value);
    else if (name == "keyword")
      set_text(request.keyword, name, value);
    else if (name == "amount")
      set_number(request.amount, name, value);
    else if (name == "frequency")
      set_number(request.frequency, name, value);
    else if (name == "campaign")
      set_text(request.campaign, name, value);
    else if (name == "provider")
      set_text(request.provider, name, value);
    else if (name == "reference")
      set_text(request.reference, name, value);
    else if (name == "stop")
      request.stop = stop_of(value);
    else
      throw std::invalid_argument(name + ": is no member of a stop; leave it out");
  }
  return request;
}

int http_status(const mobivate::UnsubscribeResult& result) {
  if (std::holds_alternative<mobivate::InvalidRequest>(result)) return 422;
  const auto state = mobivate::stop_state(result);
  if (state == mobivate::StopState::accepted) return 200;
  if (state == mobivate::StopState::refused) return 409;
  const auto* const error = std::get_if<mobivate::TransportError>(&result);
  return error != nullptr && error->kind == mobivate::TransportError::Kind::timeout ? 504 : 502;
}

void reply(httplib::Response& response, int status, const json& body) {
  response.status = status;
  // The gateway's words need not be UTF-8, JSON must be.
  response.set_content(body.dump(-1, ' ', false, json::error_handler_t::replace) + '\n',
                       "application/json");
}

/// The stops in progress: no more than `most`, and no new ones once it is closing.
class Places {
 public:
  struct GiveBack {
    void operator()(Places* places) const {
      const std::lock_guard lock(places->mutex_);
      --places->taken_;
      places->given_back_.notify_all();
    }
  };
  using Place = std::unique_ptr<Places, GiveBack>;

  explicit Places(std::size_t most) : most_(most) {}

  /// Null if there is none.
  Place take() {
    const std::lock_guard lock(mutex_);
    if (closing_ || taken_ == most_) return nullptr;
    ++taken_;
    return Place(this);
  }

  std::size_t taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

  /// Waits until all are given back, but no longer than this.
  void close(std::chrono::milliseconds grace) {
    std::unique_lock lock(mutex_);
    closing_ = true;
    given_back_.wait_for(lock, grace, [this] { return taken_ == 0; });
  }

  bool is_closing() const { return closing_; }

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable given_back_;
  std::size_t taken_ = 0;
  std::atomic<bool> closing_{false};
};

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

int main(int argc, char** argv) {
  int port = 8080;
  std::size_t most = 32;
  std::int64_t timeout = 10'000;
  std::int64_t grace = 10'000;
  CLI::App app{"Serves POST /stops and GET /health on 127.0.0.1. Ctrl-C or SIGTERM ends it."};
  app.add_option("--port", port, "0: the system chooses")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--most", most, "Stops in progress at once; beyond them, it answers 503")
      ->check(CLI::Range(1, 128))  // the client has so many requests under way, and no more
      ->capture_default_str();
  app.add_option("--timeout", timeout, "Milliseconds for a stop: less than your callers wait")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
  app.add_option("--grace", grace, "Milliseconds for the stops in progress when it is to end")
      ->check(CLI::Range(0, 86'400'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGINT, [](int signal) { stop_signal = signal; });
  std::signal(SIGTERM, [](int signal) { stop_signal = signal; });

  try {
    const mobivate::DoiClient client(mobivate::ClientOptions::from_environment());
    Places places(most);
    std::atomic<bool> giving_up{false};
    mobivate::CallOptions call;
    call.total_timeout = std::chrono::milliseconds(timeout);
    call.cancelled = [&giving_up] { return giving_up.load(); };

    httplib::Server server;
    // Some threads more than stops, for refusals and /health; and none for idle connections.
    server.new_task_queue = [most] { return new httplib::ThreadPool(most + 8); };
    server.set_keep_alive_max_count(1);
    server.set_payload_max_length(std::size_t{64} * 1024);

    server.Post("/stops", [&](const httplib::Request& request, httplib::Response& response) {
      mobivate::UnsubscribeRequest stop;
      try {
        stop = request_of(request.body);
      } catch (const std::invalid_argument& error) {
        return reply(response, 400, {{"state", "not_sent"}, {"message", error.what()}});
      }
      const auto place = places.take();
      if (!place) {
        response.set_header("Retry-After", "1");
        return reply(response, 503,
                     {{"state", "not_sent"},
                      {"message", places.is_closing() ? "shutting down" : "too many in progress"}});
      }
      // The client's one thread and its connections serve all stops; this thread only waits.
      const auto result = client.unsubscribe_async(std::move(stop), call).get();
      reply(response, http_status(result),
            {{"state", mobivate::to_string(mobivate::stop_state(result))},
             {"retryable", mobivate::is_retryable(result)},
             {"message", mobivate::to_string(result)}});
    });
    server.Get("/health", [&](const httplib::Request&, httplib::Response& response) {
      const bool closing = places.is_closing();
      reply(response, closing ? 503 : 200,
            {{"status", closing ? "shutting down" : "ok"}, {"in_progress", places.taken()}});
    });

    if (port == 0) {
      port = server.bind_to_any_port("127.0.0.1");
    } else if (!server.bind_to_port("127.0.0.1", port)) {
      port = -1;
    }
    if (port < 0) throw std::runtime_error("the port can't be had; choose another with --port");
    std::thread thread([&server] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    std::cout << "http://127.0.0.1:" << port << std::endl;

    while (stop_signal == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    places.close(std::chrono::milliseconds(grace));
    giving_up = true;  // what still runs ends as cancelled within 100 ms, and is answered
    server.stop();
    thread.join();
  } catch (const std::exception& error) {
    std::cerr << "web_handler: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
