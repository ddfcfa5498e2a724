// Stops one subscriber from the command line.

#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>

#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>
#include <mobivate/json.hpp>
#include <mobivate/version.hpp>

namespace {

enum ExitCode { accepted = 0, refused = 1, not_sent = 2, unknown = 3 };

ExitCode exit_code(mobivate::StopState state) {
  switch (state) {
    case mobivate::StopState::accepted:
      return accepted;
    case mobivate::StopState::refused:
      return refused;
    case mobivate::StopState::not_sent:
      return not_sent;
    case mobivate::StopState::unknown:
      break;
  }
  return unknown;
}

void print(const mobivate::UnsubscribeResult& result, bool as_json) {
  if (as_json) {
    std::cout << nlohmann::ordered_json(result).dump(2) << '\n';
  } else {
    std::cout << result << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  mobivate::UnsubscribeRequest request;
  mobivate::CurlOptions curl;
  std::int64_t timeout = 60'000;
  bool kenya = false;
  bool as_json = false;

  CLI::App app{"Stops one subscriber's billing through Mobivate's gateway."};
  app.set_version_flag("--version", "unsubscribe " + std::string(mobivate::version));
  app.add_option("--source", request.source, "The service's shortcode")->required();
  app.add_option("--destination", request.destination,
                 "MSISDN with country code, no + or leading 0; or hashed number")
      ->required();
  app.add_option("--keyword", request.keyword, "The service's keyword")->required();
  app.add_option("--reference", request.reference, "Your unique reference")->required();
  app.add_option("--amount", request.amount, "Cents; required unless --kenya");
  app.add_option("--provider", request.provider, "Network; required unless --kenya");
  app.add_option("--frequency", request.frequency, "Days between billings");
  app.add_option("--campaign", request.campaign, "Your name for the campaign");
  app.add_flag("--kenya", kenya, "Web Opt-In Kenya (stop=1) in place of NDOI (stop)");
  app.add_option("--timeout", timeout,
                 "Longest time for the call, retries included, in milliseconds")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
  app.add_option("--ca-bundle", curl.ca_bundle, "PEM certificates to trust instead of the system's")
      ->check(CLI::ExistingFile);
  app.add_flag("--json", as_json, "Print the result as JSON");
  app.footer(
      "Environment:\n"
      "  MOBIVATE_BASE_URL     https://host[:port][/prefix]; http only for this machine\n"
      "  MOBIVATE_ACCOUNT_ID   your account id\n"
      "  MOBIVATE_API_KEY      your API key\n\n"
      "Exit codes:\n"
      "  0  accepted   the gateway took the stop\n"
      "  1  refused    the gateway refused the stop\n"
      "  2  not_sent   nothing was sent: wrong input, wrong options, or no connection\n"
      "  3  unknown    the subscriber may be stopped or not: send the same request again");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : not_sent;
  }
  if (kenya) request.stop = mobivate::Stop::one;

  try {
    auto options = mobivate::ClientOptions::from_environment();
    options.total_timeout = std::chrono::milliseconds(timeout);
    const mobivate::DoiClient client(options, std::make_shared<mobivate::CurlTransport>(curl));
    const auto result = client.unsubscribe(request);
    print(result, as_json);
    return exit_code(mobivate::stop_state(result));
  } catch (const std::invalid_argument& error) {
    if (as_json) {
      const nlohmann::ordered_json json{{"state", "not_sent"},
                                        {"retryable", false},
                                        {"result", "InvalidOptions"},
                                        {"reason", error.what()}};
      std::cout << json.dump(2) << '\n';
    } else {
      std::cerr << "unsubscribe: " << error.what() << '\n';
    }
    return not_sent;
  }
}
