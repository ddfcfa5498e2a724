// Counts and times each HTTP request, and serves the numbers to Prometheus.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>

#include "sample_request.hpp"

namespace {

/// Returns a label for an attempt: the gateway's code, the HTTP status of an undocumented answer,
/// or the kind of failure. There are few of each, so the number of time series stays small.
std::string code_of(const mobivate::Attempt& attempt) {
  if (const auto code = gateway_code(*attempt.result)) return std::to_string(*code);
  if (const auto* error = std::get_if<mobivate::TransportError>(attempt.result)) {
    return std::string(mobivate::to_string(error->kind));
  }
  return std::to_string(attempt.http_status);
}

/// Safe to use from many threads at once, as `on_attempt` needs: so are the registry and its
/// metrics.
class Metrics {
 public:
  explicit Metrics(prometheus::Registry& registry)
      : attempts_(prometheus::BuildCounter()
                      .Name("mobivate_attempts_total")
                      .Help("HTTP requests sent, by outcome.")
                      .Register(registry)),
        durations_(prometheus::BuildHistogram()
                       .Name("mobivate_attempt_duration_seconds")
                       .Help("Time from the start of a request to the end of its answer.")
                       .Register(registry)) {}

  void count(const mobivate::Attempt& attempt) {
    // The last bucket ends at `ClientOptions::attempt_timeout`.
    const prometheus::Histogram::BucketBoundaries upper_bounds{0.05, 0.1, 0.25, 0.5, 1,
                                                               2.5,  5,   10,   15};
    const auto state = mobivate::to_string(mobivate::stop_state(*attempt.result));
    const prometheus::Labels labels{{"state", std::string(state)}, {"code", code_of(attempt)}};
    attempts_.Add(labels).Increment();
    durations_.Add(labels, upper_bounds)
        .Observe(std::chrono::duration<double>(attempt.elapsed).count());
  }

 private:
  prometheus::Family<prometheus::Counter>& attempts_;
  prometheus::Family<prometheus::Histogram>& durations_;
};

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 9464;
  std::vector<std::string> destinations;
  CLI::App app{"Stops subscribers, then serves metrics until Ctrl-C."};
  app.add_option("--port", port, "Port on 127.0.0.1, for /metrics; 0: the system chooses")
      ->capture_default_str();
  app.add_option("destination", destinations, "MSISDNs to stop");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGINT, [](int signal) { stop_signal = signal; });
  std::signal(SIGTERM, [](int signal) { stop_signal = signal; });

  try {
    const auto registry = std::make_shared<prometheus::Registry>();
    Metrics metrics(*registry);
    auto options = mobivate::ClientOptions::from_environment();
    options.on_attempt = [&metrics](const mobivate::Attempt& attempt) { metrics.count(attempt); };
    const mobivate::DoiClient client(options);

    prometheus::Exposer exposer("127.0.0.1:" + std::to_string(port));
    exposer.RegisterCollectable(registry);
    std::cout << "http://127.0.0.1:" << exposer.GetListeningPorts().front() << "/metrics"
              << std::endl;

    mobivate::CallOptions call;
    call.cancelled = [] { return stop_signal != 0; };
    for (const auto& destination : destinations) {
      const auto result = client.unsubscribe(sample_request(destination), call);
      std::cout << destination << ' ' << result << std::endl;
    }
    while (stop_signal == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  } catch (const std::exception& error) {
    std::cerr << "metrics: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
