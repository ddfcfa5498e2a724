#include "local_gateway.hpp"

#include <atomic>
#include <charconv>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include <curl/curl.h>
#include <httplib.h>
#include <openssl/pem.h>

namespace local_gateway {

namespace {

/// Most connections at once; each needs a thread. More than any test opens.
constexpr std::size_t threads = 64;

std::unique_ptr<httplib::Server> make_server(const std::optional<Certificate>& certificate) {
  if (!certificate) return std::make_unique<httplib::Server>();
  BIO* memory = BIO_new_mem_buf(certificate->certificate.data(),
                                static_cast<int>(certificate->certificate.size()));
  X509* x509 = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  memory = BIO_new_mem_buf(certificate->private_key.data(),
                           static_cast<int>(certificate->private_key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  auto server = std::make_unique<httplib::SSLServer>(x509, key);
  X509_free(x509);
  EVP_PKEY_free(key);
  return server;
}

std::string percent_decoded(const std::string& text) {
  int length = 0;
  char* decoded = curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &length);
  if (decoded == nullptr) return {};
  std::string result(decoded, static_cast<std::size_t>(length));
  curl_free(decoded);
  return result;
}

template <class Number>
std::optional<Number> number(const std::string& text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ptr != end || parsed.ec != std::errc()) return std::nullopt;
  return value;
}

void answer(httplib::Response& response, const Outcome& outcome, bool kenya, bool plain_text) {
  if (plain_text) {
    response.set_content(outcome.code == 200 ? outcome.text : std::to_string(outcome.code),
                         "text/plain");
  } else if (outcome.code == 200) {
    // The answer on the Kenya page has a comma before the brace; the one on the NDOI page has none.
    response.set_content("{\n  \"200\": \"" + outcome.text + (kenya ? "\",\n}\n" : "\"\n}\n"),
                         "application/json");
  } else if (outcome.code == 590) {
    response.set_content("{\n  \"590\": \"SEND_FAILED: " + outcome.text + "\"\n}\n",
                         "application/json");
  } else {
    response.set_content("{\n  \"error\": \"" + std::to_string(outcome.code) + "\"\n}\n",
                         "application/json");
  }
}

}  // namespace

class LocalGateway::Server {
 public:
  explicit Server(Options run_options)
      : options(std::move(run_options)), http_(make_server(options.certificate)) {
    if (!http_->is_valid()) throw std::runtime_error("local gateway: unusable certificate");
    http_->set_tcp_nodelay(true);
    http_->set_socket_options([](auto) {});  // by default, two gateways could share one port
    http_->set_keep_alive_max_count(1'000'000);
    http_->set_keep_alive_timeout(2);  // seconds; the gateway needs up to this long to stop
    http_->new_task_queue = [] { return new httplib::ThreadPool(threads); };
    http_->Get("/api/doi/.*", [this](const httplib::Request& request, httplib::Response& response) {
      count(request);
      handle(request, response);
      std::this_thread::sleep_for(options.delay);
    });
    listen();
  }

  ~Server() {
    http_->stop();
    thread_.join();
  }

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return peer_ports_.size();
  }

  std::size_t resumed_tls_sessions() const {
    const auto* https = dynamic_cast<const httplib::SSLServer*>(http_.get());
    return https == nullptr ? 0 : static_cast<std::size_t>(SSL_CTX_sess_hits(https->ssl_context()));
  }

  const Options options;
  std::string base_url;
  Subscriptions subscriptions;
  std::atomic<std::size_t> requests{0};

 private:
  void listen() {
    const char* const host = "127.0.0.1";
    const int port = options.port == 0                         ? http_->bind_to_any_port(host)
                     : http_->bind_to_port(host, options.port) ? options.port
                                                               : -1;
    if (port < 0) {
      throw std::runtime_error("local gateway: port " + std::to_string(options.port) +
                               " can't be used; choose another with --port, or 0 for any");
    }
    base_url =
        (options.certificate ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port);
    thread_ = std::thread([this] { http_->listen_after_bind(); });
    while (!http_->is_running()) std::this_thread::yield();
  }

  void count(const httplib::Request& request) {
    ++requests;
    const std::lock_guard lock(mutex_);
    peer_ports_.insert(request.remote_port);
  }

  bool is_authorised(const httplib::Request& request) const {
    // Read from the encoded target, because a credential may hold an encoded slash.
    std::string path = request.target.substr(0, request.target.find('?'));
    path.erase(0, std::string("/api/doi/").size());
    const std::size_t slash = path.find('/');
    if (slash == std::string::npos || path.back() != '/') return false;
    return percent_decoded(path.substr(0, slash)) == options.account_id &&
           percent_decoded(path.substr(slash + 1, path.size() - slash - 2)) == options.api_key;
  }

  void handle(const httplib::Request& request, httplib::Response& response) {
    if (!is_authorised(request)) {
      response.status = 401;
      response.set_content("{\"error\": \"Invalid account id or API key\"}", "application/json");
      return;
    }
    if (authorised_++ < options.fail_first) {
      response.status = 503;
      return;
    }
    const bool kenya = request.get_param_value("stop") == "1";
    const Outcome outcome = outcome_of(request);
    if (options.log != nullptr) log(request, outcome.code);
    answer(response, outcome, kenya, options.plain_text);
  }

  void log(const httplib::Request& request, int code) {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const std::lock_guard lock(mutex_);
    *options.log << std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()
                 << ' ' << request.get_param_value("destination") << ' '
                 << request.get_param_value("reference") << ' ' << code << std::endl;
  }

  Outcome outcome_of(const httplib::Request& request) {
    for (const char* required : {"source", "destination", "keyword", "reference"}) {
      if (request.get_param_value(required).empty()) {
        return {590, std::string("missing parameter ") + required};
      }
    }
    const auto source = number<std::uint32_t>(request.get_param_value("source"));
    if (!source) return {590, "source is not a shortcode"};
    const std::string keyword = request.get_param_value("keyword");
    const std::string destination = request.get_param_value("destination");
    if (request.has_param("stop")) {
      return subscriptions.stop(*source, keyword, destination,
                                request.get_param_value("reference"));
    }
    const auto amount = number<std::uint64_t>(request.get_param_value("amount"));
    return subscriptions.subscribe(*source, keyword, destination, amount.value_or(0));
  }

  std::unique_ptr<httplib::Server> http_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::set<int> peer_ports_;
  std::atomic<std::size_t> authorised_{0};
};

LocalGateway::LocalGateway(Options options)
    : server_(std::make_unique<Server>(std::move(options))) {}

LocalGateway::~LocalGateway() = default;

const std::string& LocalGateway::base_url() const {
  return server_->base_url;
}
const Options& LocalGateway::options() const {
  return server_->options;
}
Subscriptions& LocalGateway::subscriptions() {
  return server_->subscriptions;
}
std::size_t LocalGateway::connections() const {
  return server_->connections();
}
std::size_t LocalGateway::requests() const {
  return server_->requests;
}
std::size_t LocalGateway::resumed_tls_sessions() const {
  return server_->resumed_tls_sessions();
}

}  // namespace local_gateway
