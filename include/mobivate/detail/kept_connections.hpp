#pragma once

#include <algorithm>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include <mobivate/detail/curl_pointers.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// The HTTP/1 connections that libcurl keeps. What comes on one between two requests is a late
/// answer, and libcurl before 8.2 takes it for the answer to the next: another subscriber's.
/// (In HTTP/2 an answer says which request it is for.)
class KeptConnections {
 public:
  KeptConnections() : poller_(curl_multi_init()) {
    if (!poller_) throw std::bad_alloc();
  }

  /// Takes in the connection of a request that has just been answered.
  void note(CURL* easy) {
    long http_version = 0;
    long new_connections = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &http_version);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
    if (new_connections == 0 || http_version >= CURL_HTTP_VERSION_2_0) return;

    Connection connection;
    const char* peer_ip = nullptr;
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &connection.socket);
    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &connection.own_port);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &connection.peer_port);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &peer_ip);
    if (connection.socket == CURL_SOCKET_BAD || peer_ip == nullptr) return;  // it was not kept
    connection.peer_ip = peer_ip;

    // The system gives the number of a closed socket to the next that is opened.
    const auto same_socket =
        std::find_if(connections_.begin(), connections_.end(),
                     [&](const Connection& other) { return other.socket == connection.socket; });
    if (same_socket == connections_.end()) {
      connections_.push_back(std::move(connection));
    } else {
      *same_socket = std::move(connection);
    }
  }

  /// False if something came on the connection since its last answer.
  [[nodiscard]] bool is_quiet(std::string_view peer_ip, long peer_port, long own_port) const {
    for (const Connection& connection : connections_) {
      if (connection.own_port != own_port || connection.peer_port != peer_port) continue;
      if (connection.peer_ip != peer_ip) continue;
      curl_waitfd readable{connection.socket, CURL_WAIT_POLLIN, 0};
      int count = 0;
      return curl_multi_wait(poller_.get(), &readable, 1, 0, &count) == CURLM_OK && count == 0;
    }
    return true;
  }

 private:
  struct Connection {
    curl_socket_t socket = CURL_SOCKET_BAD;
    long own_port = 0;
    long peer_port = 0;
    std::string peer_ip{};
  };

  MultiPointer poller_;  ///< Has no transfers: it is libcurl's `poll`.
  std::vector<Connection> connections_;
};

}}}  // namespace mobivate::v0::detail
