#include "misbehaving_server.hpp"

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mobivate/detail/curl/sigpipe_guard.hpp>

namespace {

X509* read_certificate(const std::string& pem) {
  BIO* const memory = BIO_new_mem_buf(pem.data(), -1);
  X509* const x509 = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  return x509;
}

void use_certificate(SSL_CTX* context, const local_gateway::Certificate& certificate) {
  X509* const x509 = read_certificate(certificate.certificate);
  BIO* const memory = BIO_new_mem_buf(certificate.private_key.data(), -1);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  SSL_CTX_use_certificate(context, x509);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(x509);
  EVP_PKEY_free(key);
}

}  // namespace

Connection::~Connection() {
  SSL_free(ssl_);
}

bool Connection::handshake(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, socket_);
  return SSL_accept(ssl_) == 1;
}

std::string Connection::read_request() {
  std::string header;
  while (header.find("\r\n\r\n") == std::string::npos) {
    const std::string more = read_some();
    if (more.empty()) return {};
    header += more;
  }
  return header;
}

std::string Connection::read_some() {
  std::array<char, 4096> buffer{};
  const auto count = ssl_ != nullptr
                         ? SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()))
                         : static_cast<int>(recv(socket_, buffer.data(), buffer.size(), 0));
  return count <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(count));
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ssl_ != nullptr
                           ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                           : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), 0));
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void Connection::send_without_end(std::string_view bytes, std::chrono::milliseconds pause) {
  while (send(bytes)) {
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
  }
}

void Connection::reset() {
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Connection::wait_for_first_byte() {
  char byte = 0;
  static_cast<void>(recv(socket_, &byte, 1, MSG_PEEK));
}

void Connection::wait_for_client_to_go() {
  std::array<char, 4096> buffer{};
  while (recv(socket_, buffer.data(), buffer.size(), 0) > 0) {
  }
}

MisbehavingServer::MisbehavingServer(Serve serve,
                                     std::optional<local_gateway::Certificate> certificate)
    : serve_(std::move(serve)) {
  if (certificate) {
    tls_ = SSL_CTX_new(TLS_server_method());
    use(*certificate);
    certificate_ = certificate->certificate;
  }
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, length) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, generic, &length) != 0) {
    throw std::runtime_error("can't listen on loopback");
  }
  base_url_ = (certificate ? "https://127.0.0.1:" : "http://127.0.0.1:") +
              std::to_string(ntohs(address.sin_port));
  acceptor_ = std::thread([this] { accept_connections(); });
}

MisbehavingServer::~MisbehavingServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& connection : connections_) connection.join();
  close(listener_);
  SSL_CTX_free(tls_);
}

void MisbehavingServer::use(const local_gateway::Certificate& certificate) const {
  use_certificate(tls_, certificate);
}

void MisbehavingServer::trust_clients(const std::string& certificate) const {
  X509* const x509 = read_certificate(certificate);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(tls_), x509);
  X509_free(x509);
  SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

void MisbehavingServer::accept_connections() {
  while (true) {
    const int socket = accept(listener_, nullptr, nullptr);
    const std::lock_guard lock(mutex_);
    if (socket < 0 || stopping_) {
      if (socket >= 0) close(socket);
      return;
    }
    sockets_.insert(socket);
    connections_.emplace_back([this, socket] { serve(socket); });
  }
}

void MisbehavingServer::serve(int socket) {
  const mobivate::detail::SigpipeGuard own;  // the client's threads have to see to themselves
  {
    Connection connection(socket);
    if (tls_ == nullptr || connection.handshake(tls_)) {
      serve_(connection);
    } else {
      connection.wait_for_client_to_go();  // a reset would take away the reason
    }
  }
  const std::lock_guard lock(mutex_);
  sockets_.erase(socket);
  close(socket);
}
