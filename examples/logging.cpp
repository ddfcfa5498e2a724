// Logs each HTTP request as one line of JSON, with the trace id of its call and without the
// subscriber's number:
//   logging DESTINATION...

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <variant>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <mobivate/doi_client.hpp>
#include <nlohmann/json.hpp>

#include "sample_request.hpp"

namespace {

/// Returns 64 random bits in hex, but never 0, which W3C Trace Context forbids.
std::string random_id() {
  static thread_local std::random_device device;
  std::uniform_int_distribution<std::uint64_t> not_zero(1);
  return fmt::format("{:016x}", not_zero(device));
}

/// Returns the `version-trace_id-parent_id-flags` of a new trace. The flags say that it is
/// recorded.
std::string new_traceparent() {
  return "00-" + random_id() + random_id() + '-' + random_id() + "-01";
}

std::string trace_id(const mobivate::Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name == "traceparent") return value.substr(3, 32);
  }
  return {};
}

std::string utc(std::chrono::system_clock::time_point time) {
  using std::chrono::milliseconds;
  const auto since_1970 = std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(since_1970 / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), since_1970 % 1000);
}

/// Returns the number with all but its last three characters masked: numbers are personal data.
std::string masked(const std::string& number) {
  constexpr std::size_t shown = 3;
  const std::size_t hidden = number.size() > shown ? number.size() - shown : number.size();
  return std::string(hidden, '*') + number.substr(hidden);
}

/// Leaves out `attempt.url`: its credentials are masked, but the subscriber's number is not.
void log_attempt(const mobivate::Attempt& attempt) {
  const auto state = mobivate::stop_state(*attempt.result);
  const bool answered =
      state == mobivate::StopState::accepted || state == mobivate::StopState::refused;
  const auto level = answered ? spdlog::level::info : spdlog::level::warn;

  nlohmann::ordered_json line{{"time", utc(std::chrono::system_clock::now())},
                              {"level", spdlog::level::to_string_view(level).data()},
                              {"trace_id", trace_id(attempt.headers)},
                              {"reference", attempt.request->reference},
                              {"destination", masked(attempt.request->destination)},
                              {"attempt", attempt.number},
                              {"elapsed_ms", attempt.elapsed.count()},
                              {"http_status", attempt.http_status},
                              {"state", mobivate::to_string(state)}};
  if (const auto code = gateway_code(*attempt.result)) line["code"] = *code;
  if (const auto* error = std::get_if<mobivate::TransportError>(attempt.result)) {
    line["error"] = mobivate::to_string(error->kind);
  }
  // JSON must be UTF-8, but a reference may hold any bytes.
  spdlog::log(level, line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("mobivate"));
  spdlog::set_pattern("%v");  // the message only: it is a whole line of JSON

  try {
    auto options = mobivate::ClientOptions::from_environment();
    options.on_attempt = log_attempt;
    const mobivate::DoiClient client(options);
    for (int i = 1; i < argc; ++i) {
      auto request = sample_request(argv[i]);
      request.reference = "closed-" + std::to_string(i);  // it is logged: no number in it
      mobivate::CallOptions call;
      call.headers = {{"traceparent", new_traceparent()}};
      const auto result = client.unsubscribe(request, call);
      std::cout << masked(argv[i]) << ' ' << result << std::endl;
    }
  } catch (const std::invalid_argument& error) {
    std::cerr << "logging: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
