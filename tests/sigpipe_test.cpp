#include <csignal>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "gateway/certificate.hpp"
#include "support.hpp"

namespace {

bool sigpipe_is_pending() {
  sigset_t pending{};
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

void write_to_closed_pipe() {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(write(ends[1], "x", 1) == -1);
  close(ends[1]);
}

/// Completes a TLS handshake with each client, then resets the connection at once.
class ResettingTlsServer {
 public:
  explicit ResettingTlsServer(int clients) {
    const auto certificate = local_gateway::make_certificate();
    context_ = SSL_CTX_new(TLS_server_method());
    BIO* memory = BIO_new_mem_buf(certificate.certificate.data(), -1);
    X509* x509 = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
    BIO_free(memory);
    memory = BIO_new_mem_buf(certificate.private_key.data(), -1);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
    BIO_free(memory);
    REQUIRE(SSL_CTX_use_certificate(context_, x509) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context_, key) == 1);
    X509_free(x509);
    EVP_PKEY_free(key);
    ca_ = certificate.certificate;

    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(listener_, generic, length) == 0);
    REQUIRE(listen(listener_, 8) == 0);
    REQUIRE(getsockname(listener_, generic, &length) == 0);
    base_url_ = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, clients] {
      const mobivate::detail::SigpipeGuard servers_own;  // the client's thread has to see to itself
      for (int i = 0; i < clients; ++i) serve();
    });
  }
  ~ResettingTlsServer() {
    thread_.join();
    close(listener_);
    SSL_CTX_free(context_);
  }
  ResettingTlsServer(const ResettingTlsServer&) = delete;
  ResettingTlsServer& operator=(const ResettingTlsServer&) = delete;

  const std::string& base_url() const { return base_url_; }
  const std::string& ca() const { return ca_; }

 private:
  void serve() {
    const int connection = accept(listener_, nullptr, nullptr);
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, connection);
    SSL_accept(ssl);
    const linger reset{1, 0};
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    SSL_free(ssl);
    close(connection);
  }

  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::string ca_;
  std::string base_url_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("A broken pipe under the guard neither ends the process nor stays behind") {
  {
    const mobivate::detail::SigpipeGuard guard;
    write_to_closed_pipe();
    CHECK(sigpipe_is_pending());
  }
  CHECK_FALSE(sigpipe_is_pending());
  { const mobivate::detail::SigpipeGuard nothing_happens; }
  sigset_t mask{};
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGPIPE) == 0);
}

TEST_CASE("The guard leaves a signal alone that was held back before it") {
  sigset_t sigpipe{};
  sigemptyset(&sigpipe);
  sigaddset(&sigpipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &sigpipe, nullptr);
  write_to_closed_pipe();
  {
    const mobivate::detail::SigpipeGuard guard;
    write_to_closed_pipe();
  }
  CHECK(sigpipe_is_pending());
  int signal = 0;
  sigwait(&sigpipe, &signal);
  pthread_sigmask(SIG_UNBLOCK, &sigpipe, nullptr);
}

TEST_CASE("The process survives a peer that closes a TLS connection while it is written to") {
  std::signal(SIGPIPE, SIG_DFL);
  constexpr int clients = 50;
  const ResettingTlsServer server(clients);
  const support::TemporaryFile ca(server.ca());
  for (int i = 0; i < clients; ++i) {
    const mobivate::DoiClient client(support::without_retries(support::options(server.base_url())),
                                     support::trusting(ca.path()));
    const auto result = client.unsubscribe(support::ndoi_request());
    CHECK(std::holds_alternative<mobivate::TransportError>(result));
  }
}
