// The local gateway as a program, to try other programs against it.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <mobivate/version.hpp>

#include "gateway/local_gateway.hpp"

namespace {

volatile std::sig_atomic_t stop_signal = 0;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("can't read " + path);
  return text.str();
}

void print_subscriptions(const local_gateway::Subscriptions& subscriptions) {
  for (const auto& it : subscriptions.all()) {
    std::cout << it.destination << ' ' << it.source << ' ' << it.keyword << ": "
              << to_string(it.state) << ", billed " << it.billed_cents << " cents\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  local_gateway::Options options;
  std::string certificate;
  std::string private_key;
  std::string certificate_out;
  std::string log_path;
  std::int64_t delay = 0;
  bool tls = false;
  std::uint32_t source = 12345;
  std::string keyword = "mv-100620006";
  std::vector<std::string> subscribers{"254743210492", "XX7432104492"};
  std::vector<std::string> pending{"254700000541"};

  CLI::App app{
      "A gateway on this machine that behaves like the documented service: it stops subscribers, "
      "and subscribes and bills on a GET without stop. Prints its URL; Ctrl-C ends it."};
  app.set_version_flag("--version", "local_gateway " + std::string(mobivate::version));
  app.add_option("--port", options.port, "Port on 127.0.0.1; 0: the system chooses")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--account-id", options.account_id, "The account it serves")
      ->capture_default_str();
  app.add_option("--api-key", options.api_key, "That account's key")->capture_default_str();
  app.add_option("--source", source, "Shortcode of its service")->capture_default_str();
  app.add_option("--keyword", keyword, "Keyword of its service")->capture_default_str();
  app.add_option("--subscriber", subscribers, "MSISDNs that are subscribed")->capture_default_str();
  app.add_option("--pending", pending, "MSISDNs that wait for their double opt-in (541)")
      ->capture_default_str();
  app.add_flag("--plain-text", options.plain_text, "Answer in the older plain-text form");
  app.add_option("--delay", delay, "Milliseconds before each answer")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--fail-first", options.fail_first,
                 "Answer 503 to this many requests, then as usual")
      ->capture_default_str();
  app.add_flag("--tls", tls, "Serve HTTPS, with a new certificate for localhost and 127.0.0.1");
  auto* certificate_option =
      app.add_option("--certificate", certificate, "Serve HTTPS, with this PEM certificate")
          ->check(CLI::ExistingFile);
  auto* key_option =
      app.add_option("--private-key", private_key, "PEM private key of --certificate")
          ->check(CLI::ExistingFile)
          ->needs(certificate_option);
  certificate_option->needs(key_option);
  app.add_option("--certificate-out", certificate_out,
                 "Write the certificate to this file; clients trust it as a CA bundle");
  app.add_option("--log", log_path,
                 "Append a line for each request: milliseconds since 1970, destination, reference, "
                 "code");
  CLI11_PARSE(app, argc, argv);
  options.delay = std::chrono::milliseconds(delay);

  try {
    if (!certificate.empty()) {
      options.certificate =
          local_gateway::Certificate{read_file(certificate), read_file(private_key)};
    } else if (tls) {
      options.certificate = local_gateway::make_certificate();
    }
    if (!certificate_out.empty()) {
      if (!options.certificate) throw std::runtime_error("--certificate-out needs --tls");
      std::ofstream file(certificate_out);
      file << options.certificate->certificate;
      if (!file.flush()) throw std::runtime_error("can't write " + certificate_out);
    }
    std::ofstream log;
    if (!log_path.empty()) {
      log.open(log_path, std::ios::app);
      if (!log) throw std::runtime_error("can't write " + log_path);
      options.log = &log;
    }
    std::signal(SIGINT, [](int signal) { stop_signal = signal; });
    std::signal(SIGTERM, [](int signal) { stop_signal = signal; });

    local_gateway::LocalGateway gateway(options);
    gateway.subscriptions().add_service(source, keyword);
    for (const auto& destination : subscribers) {
      gateway.subscriptions().add({source, keyword, destination});
    }
    for (const auto& destination : pending) {
      gateway.subscriptions().add(
          {source, keyword, destination, local_gateway::Subscription::State::pending});
    }
    std::cout << gateway.base_url() << "\nTo call it:\n"
              << "  export MOBIVATE_BASE_URL=" << gateway.base_url()
              << " MOBIVATE_ACCOUNT_ID=" << options.account_id
              << " MOBIVATE_API_KEY=" << options.api_key << std::endl;
    while (stop_signal == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));

    std::cout << '\n' << gateway.requests() << " requests\n";
    print_subscriptions(gateway.subscriptions());
  } catch (const std::exception& error) {
    std::cerr << "local_gateway: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
