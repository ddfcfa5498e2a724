// Counts and times each HTTP request, for Prometheus to scrape.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <limits>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <httplib.h>
#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>

#include "sample_request.hpp"

namespace {

/// What an attempt came to: the gateway's code, the HTTP status of an answer that is none of the
/// documented ones, or why there was no answer. There are few of each, as labels should have it.
std::string code_of(const mobivate::Attempt& attempt) {
  if (attempt.gateway_code) return std::to_string(*attempt.gateway_code);
  if (const auto* error = std::get_if<mobivate::TransportError>(attempt.result)) {
    return std::string(mobivate::to_string(error->kind));
  }
  return std::to_string(attempt.http_status);
}

/// Safe to use from many threads, as `on_attempt` needs it.
class Metrics {
 public:
  void count(const mobivate::Attempt& attempt) {
    const auto state = mobivate::to_string(mobivate::stop_state(*attempt.result));
    const auto bucket =
        std::lower_bound(upper_bounds_ms.begin(), upper_bounds_ms.end(), attempt.elapsed.count());
    const std::lock_guard lock(mutex_);
    Series& series = series_[{std::string(state), code_of(attempt)}];
    ++series.buckets[static_cast<std::size_t>(bucket - upper_bounds_ms.begin())];
    series.sum_ms += attempt.elapsed.count();
  }

  /// In Prometheus' text format 0.0.4.
  std::string text() const {
    std::ostringstream counters;
    std::ostringstream histograms;
    histograms.precision(std::numeric_limits<double>::digits10);
    const std::lock_guard lock(mutex_);
    for (const auto& [labels, series] : series_) {
      const auto& [state, code] = labels;
      // Neither needs escaping: they are made of letters, digits and underscores.
      const std::string both = "state=\"" + state + "\",code=\"" + code + '"';
      const std::string name = "mobivate_attempt_duration_seconds";
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < upper_bounds_ms.size(); ++i) {
        total += series.buckets[i];
        histograms << name << "_bucket{" << both << ",le=\"" << seconds(upper_bounds_ms[i])
                   << "\"} " << total << '\n';
      }
      total += series.buckets.back();
      histograms << name << "_bucket{" << both << ",le=\"+Inf\"} " << total << '\n'
                 << name << "_sum{" << both << "} " << seconds(series.sum_ms) << '\n'
                 << name << "_count{" << both << "} " << total << '\n';
      counters << "mobivate_attempts_total{" << both << "} " << total << '\n';
    }
    return "# HELP mobivate_attempts_total HTTP requests sent, by what they came to.\n"
           "# TYPE mobivate_attempts_total counter\n" +
           counters.str() +
           "# HELP mobivate_attempt_duration_seconds From the start of a request to its end.\n"
           "# TYPE mobivate_attempt_duration_seconds histogram\n" +
           histograms.str();
  }

 private:
  /// The last is `ClientOptions::attempt_timeout`.
  static constexpr std::array<std::int64_t, 9> upper_bounds_ms{50,   100,  250,   500,  1000,
                                                               2500, 5000, 10000, 15000};

  struct Series {
    std::array<std::uint64_t, upper_bounds_ms.size() + 1> buckets{};
    std::int64_t sum_ms = 0;
  };

  static double seconds(std::int64_t milliseconds) {
    return static_cast<double>(milliseconds) / 1000;
  }

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Series> series_;
};

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

int main(int argc, char** argv) {
  int port = 9464;
  std::vector<std::string> destinations;
  CLI::App app{"Stops subscribers, then serves metrics of it until Ctrl-C."};
  app.add_option("--port", port, "On 127.0.0.1, for /metrics; 0: the system chooses")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("destination", destinations, "MSISDNs to stop");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGINT, [](int signal) { stop_signal = signal; });
  std::signal(SIGTERM, [](int signal) { stop_signal = signal; });

  try {
    Metrics metrics;
    auto options = mobivate::ClientOptions::from_environment();
    options.on_attempt = [&metrics](const mobivate::Attempt& attempt) { metrics.count(attempt); };
    const mobivate::DoiClient client(options);

    httplib::Server server;
    server.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
      response.set_content(metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
    });
    if (port == 0) {
      port = server.bind_to_any_port("127.0.0.1");
    } else if (!server.bind_to_port("127.0.0.1", port)) {
      port = -1;
    }
    if (port < 0) throw std::runtime_error("the port can't be had; choose another with --port");
    std::thread thread([&server] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    std::cout << "http://127.0.0.1:" << port << "/metrics" << std::endl;

    mobivate::CallOptions call;
    call.cancelled = [] { return stop_signal != 0; };
    for (const auto& destination : destinations) {
      const auto result = client.unsubscribe(sample_request(destination), call);
      std::cout << destination << ' ' << result << std::endl;
    }
    while (stop_signal == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    server.stop();
    thread.join();
  } catch (const std::exception& error) {
    std::cerr << "metrics: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
