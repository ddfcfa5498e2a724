#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

#include "gateway/certificate.hpp"

/// One connection of a client with a `MisbehavingServer`: plain, or TLS after `handshake`.
class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool handshake(SSL_CTX* context);

  /// The next request's header; empty if the client is gone.
  std::string read_request();

  /// What comes next; empty if the client is gone.
  std::string read_some();

  /// False if the client is gone.
  bool send(std::string_view bytes);

  /// Sends the same until the client is gone.
  void send_without_end(std::string_view bytes, std::chrono::milliseconds pause = {});

  /// Ends in a TCP reset in place of an orderly close.
  void reset();

  /// Leaves the byte unread.
  void wait_for_first_byte();

  /// Does nothing until the client is gone.
  void wait_for_client_to_go();

  int socket() const { return socket_; }

 private:
  int socket_;
  SSL* ssl_ = nullptr;
};

/// A server on loopback that sends what it is told to, HTTP or not.
class MisbehavingServer {
 public:
  /// Serves one connection; it is closed when this returns. Called in a thread of its own.
  using Serve = std::function<void(Connection&)>;

  /// With a certificate, TLS is begun before `serve` is called.
  explicit MisbehavingServer(Serve serve,
                             std::optional<local_gateway::Certificate> certificate = {});
  ~MisbehavingServer();
  MisbehavingServer(const MisbehavingServer&) = delete;
  MisbehavingServer& operator=(const MisbehavingServer&) = delete;

  const std::string& base_url() const { return base_url_; }
  SSL_CTX* tls() const { return tls_; }

  /// From the next connection on.
  void use(const local_gateway::Certificate& certificate) const;

  /// Wants a certificate of its clients: this one.
  void trust_clients(const std::string& certificate) const;

  /// To be trusted by clients; empty without TLS.
  const std::string& certificate() const { return certificate_; }

 private:
  void accept_connections();
  void serve(int socket);

  Serve serve_;
  SSL_CTX* tls_ = nullptr;
  std::string certificate_;
  int listener_ = -1;
  std::string base_url_;
  std::mutex mutex_;
  bool stopping_ = false;
  std::set<int> sockets_;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};
