// A transport of your own: the library sends through cpp-httplib's client in place of libcurl.

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <httplib.h>
#include <CLI/CLI.hpp>
#include <mobivate/doi_client.hpp>

#include "sample_request.hpp"

namespace {

using Kind = mobivate::TransportError::Kind;

/// Opens a connection for each request: many threads call `send` at once, and a `httplib::Client`
/// serves only one thread.
class HttplibTransport : public mobivate::Transport {
 public:
  explicit HttplibTransport(std::string ca_bundle) : ca_bundle_(std::move(ca_bundle)) {}

  mobivate::TransportResult send(const mobivate::HttpRequest& request) override {
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [start] { return std::chrono::steady_clock::now() - start; };
    const std::size_t path = request.url.find('/', request.url.find("://") + 3);
    httplib::Client client(request.url.substr(0, path));
    set_up(client, request);

    std::string body;
    bool too_large = false;
    const auto receive = [&](const char* data, std::size_t bytes) {
      too_large = bytes > mobivate::HttpResponse::largest_body - body.size();
      if (!too_large) body.append(data, bytes);
      return !too_large;
    };
    // httplib's timeouts are for single reads, and its progress callback is not called before an
    // answer comes. So the request runs on its own thread, and this thread watches time and
    // `cancelled`.
    auto answer = std::async(std::launch::async, [&] {
      const httplib::Headers headers(request.headers.begin(), request.headers.end());
      return client.Get(request.url.substr(path), headers, receive);
    });
    bool cancelled = false;
    bool stopped = false;
    while (answer.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
      cancelled = cancelled || (request.cancelled && request.cancelled());
      stopped = cancelled || elapsed() >= request.timeout;
      if (stopped) client.stop();  // repeated, because it does nothing before there is a connection
    }

    const httplib::Result result = answer.get();
    if (result && !stopped) {  // after stop(), an answer without a length looks complete
      return mobivate::HttpResponse{result->status, body, result->get_header_value("Retry-After")};
    }
    if (too_large) {
      return mobivate::TransportError{Kind::too_large, true, "the answer is larger than 64 KiB"};
    }
    mobivate::TransportError error = error_of(result.error());
    if (elapsed() >= (error.maybe_delivered ? request.timeout : request.connect_timeout)) {
      error.kind = Kind::timeout;
    }
    if (cancelled) error.kind = Kind::cancelled;
    return error;
  }

 private:
  void set_up(httplib::Client& client, const mobivate::HttpRequest& request) const {
    client.set_url_encode(false);       // the path is encoded already
    client.set_follow_location(false);  // a redirect could drop `stop`
    client.set_connection_timeout(request.connect_timeout);
    client.set_read_timeout(request.timeout);
    client.set_write_timeout(request.timeout);
    if (SSL_CTX* const tls = client.ssl_context()) {
      SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
      client.enable_server_certificate_verification(true);
      if (!ca_bundle_.empty()) client.set_ca_cert_path(ca_bundle_);
    }
  }

  /// Only after a failure to connect is it certain that the gateway did not get the request.
  static mobivate::TransportError error_of(httplib::Error error) {
    const std::string message = "cpp-httplib: " + httplib::to_string(error);
    switch (error) {
      case httplib::Error::Connection:  // a host name without an address, too
      case httplib::Error::BindIPAddress:
        return {Kind::connect, false, message};
      case httplib::Error::ConnectionTimeout:
        return {Kind::timeout, false, message};
      case httplib::Error::SSLConnection:
      case httplib::Error::SSLLoadingCerts:
      case httplib::Error::SSLServerVerification:
        return {Kind::tls, false, message};
      case httplib::Error::Write:
        return {Kind::send, true, message};
      case httplib::Error::Read:
        return {Kind::receive, true, message};
      default:
        return {Kind::other, true, message};
    }
  }

  std::string ca_bundle_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string ca_bundle;
  std::int64_t timeout = 60'000;
  std::vector<std::string> destinations;
  CLI::App app{"Stops subscribers over cpp-httplib."};
  app.add_option("--ca-bundle", ca_bundle, "PEM certificates to trust instead of the system's")
      ->check(CLI::ExistingFile);
  app.add_option("--timeout", timeout, "Longest time for a call, retries included, in milliseconds")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
  app.add_option("destination", destinations, "MSISDNs to stop")->required();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);  // cpp-httplib writes to connections that may be closed

  try {
    auto options = mobivate::ClientOptions::from_environment();
    options.total_timeout = std::chrono::milliseconds(timeout);
    const mobivate::DoiClient client(options, std::make_shared<HttplibTransport>(ca_bundle));
    std::cout << "one: " << client.unsubscribe(sample_request(destinations.front())) << '\n';

    // The others as a batch. With your own transport, it sends one request after the other.
    std::vector<mobivate::UnsubscribeRequest> rest;
    for (std::size_t i = 1; i < destinations.size(); ++i) {
      rest.push_back(sample_request(destinations[i]));
    }
    const auto print = [](const auto& request, const auto& result) {
      std::cout << request.destination << ' ' << result << '\n';
    };
    const auto summary = client.unsubscribe_all(rest, print);
    std::cout << summary.accepted << " of the other " << summary.total << " stopped\n";
  } catch (const std::invalid_argument& error) {
    std::cerr << "custom_transport: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
