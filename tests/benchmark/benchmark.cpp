// Runs requests against a server that is there already, and prints what they cost as JSON.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "accounting.hpp"
#include "ours.hpp"
#include "plain.hpp"
#include "server.hpp"

namespace {

struct Options {
  benchmark::Server server;
  std::size_t in_flight = 0;
  std::size_t rounds = 1;
  double slice_seconds = 0.02;
  std::size_t requests = 1;
  bool with_plain = false;
  bool with_callbacks = false;
};

/// Sends so many requests and waits for all answers.
using Run = std::function<void(std::size_t)>;

/// Seconds per request: of the clock, and of the process, user and system.
struct Cost {
  double wall;
  double cpu;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Cost cost(const Run& run, std::size_t requests) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = cpu_seconds();
  run(requests);
  const double cpu = cpu_seconds() - cpu_start;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const auto count = static_cast<double>(requests);
  return {wall.count() / count, cpu / count};
}

void to_json(nlohmann::json& json, const Cost& cost) {
  json = {{"wall", cost.wall}, {"cpu", cost.cpu}};
}

template <class Side, class... More>
Run make(const Options& options, More... more) {
  auto side = std::make_shared<Side>(options.server, more...);
  return [side](std::size_t requests) { side->run(requests); };
}

Run plain(const Options& options) {
  if (options.in_flight == 0) return make<benchmark::plain::EasyLoop>(options);
  return make<benchmark::plain::MultiLoop>(options, options.in_flight);
}

Run ours(const Options& options) {
  if (options.in_flight == 0) return make<benchmark::ours::Single>(options);
  return make<benchmark::ours::Batch>(options, options.in_flight);
}

/// How many requests fill a slice; after this, connections stand.
std::size_t slice_size(const Run& run, const Options& options) {
  const std::size_t warm_up = std::max<std::size_t>(100, 8 * options.in_flight);
  run(warm_up);
  const double filling = options.slice_seconds / cost(run, warm_up).wall;
  return std::max(warm_up, static_cast<std::size_t>(filling));
}

nlohmann::json compare(const Options& options) {
  const Run left = options.with_callbacks ? ours(options) : plain(options);
  const Run right = options.with_callbacks
                        ? make<benchmark::ours::Callbacks>(options, options.in_flight)
                        : ours(options);
  const std::size_t requests = slice_size(left, options);
  right(requests);

  nlohmann::json rounds = nlohmann::json::array();
  for (std::size_t round = 0; round < options.rounds; ++round) {
    const bool plain_first = round % 2 == 0;
    const Cost first = cost(plain_first ? left : right, requests);
    const Cost second = cost(plain_first ? right : left, requests);
    rounds.push_back(
        {{"plain", plain_first ? first : second}, {"ours", plain_first ? second : first}});
  }
  return rounds;
}

/// Slices on demand: a number of requests on each line that comes in, their cost on each that goes
/// out.
void serve(const Options& options) {
  const Run run = options.with_plain ? plain(options) : ours(options);
  std::size_t requests = 0;
  while (std::cin >> requests) std::cout << nlohmann::json(cost(run, requests)) << std::endl;
}

nlohmann::json batch(const Options& options) {
  benchmark::Accounting accounting(options.requests);
  mobivate::BatchSummary summary;
  const Cost batch_cost =
      cost([&](std::size_t) { summary = accounting.run(options.server, options.in_flight); },
           options.requests);
  return {{"total", summary.total},     {"accepted", summary.accepted},
          {"refused", summary.refused}, {"not_sent", summary.not_sent},
          {"unknown", summary.unknown}, {"mistakes", accounting.mistakes()},
          {"cost", batch_cost},         {"peak_memory_kib", benchmark::peak_memory_kib()}};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"What requests cost, as JSON."};
  app.require_subcommand(1);
  app.add_option("--base-url", options.server.base_url)->required();
  app.add_option("--certificate", options.server.certificate)->required();
  app.add_flag("--http2", options.server.http2, "What the server speaks");
  app.add_option("--in-flight", options.in_flight, "0: one after the other, with unsubscribe");

  auto* const compare_command =
      app.add_subcommand("compare", "Hand-written libcurl and the library, slice by slice");
  compare_command->add_option("--rounds", options.rounds);
  compare_command->add_option("--slice-seconds", options.slice_seconds);
  compare_command->add_flag("--callbacks", options.with_callbacks,
                            "A batch in place of libcurl, and callbacks in place of a batch");
  auto* const serve_command =
      app.add_subcommand("serve", "Sends as many requests as each line of the input says");
  serve_command->add_flag("--plain", options.with_plain, "With hand-written libcurl");
  auto* const batch_command =
      app.add_subcommand("batch", "One batch, every outcome compared with what it has to be");
  batch_command->add_option("--requests", options.requests)
      ->check(CLI::Range(std::size_t{1}, benchmark::Accounting::largest));
  CLI11_PARSE(app, argc, argv);

  try {
    if (*compare_command) std::cout << compare(options) << '\n';
    if (*serve_command) serve(options);
    if (*batch_command) std::cout << batch(options) << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
