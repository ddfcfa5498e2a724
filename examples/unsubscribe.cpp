// One real stop from the command line.

#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>

#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>
#include <nlohmann/json.hpp>

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

/// The members of each result, named as in C++.
struct ToJson {
  nlohmann::ordered_json operator()(const mobivate::Accepted& it) const {
    return {{"result", "Accepted"}, {"message_id", it.message_id}};
  }
  nlohmann::ordered_json operator()(const mobivate::SendFailed& it) const {
    return {{"result", "SendFailed"}, {"code", it.code}, {"description", it.description}};
  }
  nlohmann::ordered_json operator()(const mobivate::GatewayError& it) const {
    return {{"result", "GatewayError"},
            {"code", it.code ? nlohmann::ordered_json(*it.code) : nlohmann::ordered_json()},
            {"message", it.message}};
  }
  nlohmann::ordered_json operator()(const mobivate::UnexpectedResponse& it) const {
    return {{"result", "UnexpectedResponse"},
            {"http_status", it.http_status},
            {"reason", it.reason},
            {"body", it.body}};
  }
  nlohmann::ordered_json operator()(const mobivate::TransportError& it) const {
    return {{"result", "TransportError"},
            {"kind", mobivate::to_string(it.kind)},
            {"maybe_delivered", it.maybe_delivered},
            {"message", it.message}};
  }
  nlohmann::ordered_json operator()(const mobivate::InvalidRequest& it) const {
    return {{"result", "InvalidRequest"}, {"field", it.field}, {"reason", it.reason}};
  }
};

void print_json(const nlohmann::ordered_json& json) {
  // A server's bytes need not be UTF-8, JSON must be.
  std::cout << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

void print(const mobivate::UnsubscribeResult& result, bool as_json) {
  if (!as_json) {
    std::cout << result << '\n';
    return;
  }
  nlohmann::ordered_json json{{"state", mobivate::to_string(mobivate::stop_state(result))},
                              {"retryable", mobivate::is_retryable(result)}};
  json.update(std::visit(ToJson{}, result));
  print_json(json);
}

}  // namespace

int main(int argc, char** argv) {
  mobivate::UnsubscribeRequest request;
  mobivate::CurlOptions curl;
  std::int64_t timeout = 60'000;
  bool kenya = false;
  bool as_json = false;

  CLI::App app{"Stops one subscriber's billing through Mobivate's gateway."};
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
  app.add_option("--timeout", timeout, "For the whole call, retries included, in milliseconds")
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
      "  1  refused    the gateway answered, and did not take it\n"
      "  2  not_sent   nothing left this machine: wrong input, wrong options, or no connection\n"
      "  3  unknown    it may have been stopped or not: ask again");
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
      print_json({{"state", mobivate::to_string(mobivate::StopState::not_sent)},
                  {"retryable", false},
                  {"result", "InvalidOptions"},
                  {"reason", error.what()}});
    } else {
      std::cerr << "unsubscribe: " << error.what() << '\n';
    }
    return not_sent;
  }
}
