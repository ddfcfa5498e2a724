#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <new>
#include <vector>

#include <curl/curl.h>

#include <mobivate/detail/curl/easy.hpp>
#include <mobivate/detail/curl/handles.hpp>
#include <mobivate/detail/exit.hpp>
#include <mobivate/detail/multi.hpp>

namespace mobivate::detail {

/// Connections that requests may share, and the requests under way on them: a libcurl multi handle.
/// libcurl is told which sockets are ready. To let it look for itself costs a system call for each
/// request under way, each time.
class CurlConnections {
 public:
  CurlConnections() : multi_(curl_multi_init()) {
    if (!multi_) throw std::bad_alloc();
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlConnections::on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    // libcurl's own limit, 4 for each request under way, falls as requests end, and closes good
    // connections.
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 100'000L);
  }

  [[nodiscard]] CURLM* get() const noexcept { return multi_.get(); }
  [[nodiscard]] Time born() const noexcept { return born_; }
  [[nodiscard]] bool is_used() const noexcept { return running_ > 0; }

  /// Appends the sockets that libcurl waits for.
  void append_sockets(std::vector<curl_waitfd>& to) const {
    to.insert(to.end(), sockets_.begin(), sockets_.end());
  }

  /// How many HTTP/1 connections wait for a request.
  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }

  /// True unless something came on an HTTP/1 connection after its last answer. It may be a late
  /// answer, and libcurl before 8.2 takes it for the answer to the next request: another
  /// subscriber's. (In HTTP/2 an answer says which request it is for.)
  [[nodiscard]] bool are_quiet() {
    looked_at_.clear();
    for (const curl_socket_t socket : idle_) looked_at_.push_back({socket, POLLIN, 0});
    return looked_at_.empty() || !is_any_readable(looked_at_);
  }

  [[nodiscard]] CURLMcode add(const CurlTransfer& transfer) {
    curl_easy_setopt(transfer.easy(), CURLOPT_CLOSESOCKETFUNCTION,
                     &CurlConnections::on_close_socket);
    curl_easy_setopt(transfer.easy(), CURLOPT_CLOSESOCKETDATA, this);
    const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer.easy());
    throw_if_out_of_memory(code);
    if (code == CURLM_OK) ++running_;
    return code;
  }

  void remove(const CurlTransfer& transfer) noexcept {
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    --running_;
  }

  /// An answer came over HTTP/1, and libcurl keeps this connection; the next request may be on it.
  void note_idle(curl_socket_t socket) {
    forget_idle(socket);
    if (socket != CURL_SOCKET_BAD && !is_at(place_of(socket), socket)) idle_.push_back(socket);
  }

  /// Lets libcurl do what there is to do.
  void act(curl_socket_t socket, int events) {
    int running = 0;
    throw_if_out_of_memory(curl_multi_socket_action(multi_.get(), socket, events, &running));
  }

  /// How long until libcurl has something to do if nothing comes.
  [[nodiscard]] std::chrono::milliseconds timer() const {
    long milliseconds = -1;
    curl_multi_timeout(multi_.get(), &milliseconds);
    return milliseconds < 0 ? (std::chrono::milliseconds::max)()
                            : std::chrono::milliseconds(milliseconds);
  }

  static void throw_if_out_of_memory(CURLMcode code) {
    if (code == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
  }

 private:
  /// libcurl calls this to say which sockets to wait for, and for what.
  static int on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self,
                       void* /*of_socket*/) noexcept {
    // One call of libcurl may begin with many TLS handshakes: that takes longer than an exit waits.
    Exit::park_inside_if_begun();
    auto& connections = *static_cast<CurlConnections*>(self);
    auto& sockets = connections.sockets_;
    auto place = connections.place_of(socket);
    const bool is_known = connections.is_at(place, socket);
    if (what == CURL_POLL_REMOVE) {
      if (is_known) sockets.erase(place);
      return 0;
    }
    connections.forget_idle(socket);
    try {
      if (!is_known) place = sockets.insert(place, {socket, 0, 0});
    } catch (...) {
      return -1;  // libcurl gives up
    }
    place->events = static_cast<short>(((what & CURL_POLL_IN) != 0 ? CURL_WAIT_POLLIN : 0) |
                                       ((what & CURL_POLL_OUT) != 0 ? CURL_WAIT_POLLOUT : 0));
    return 0;
  }

  using Place = std::vector<curl_waitfd>::iterator;

  [[nodiscard]] bool is_at(Place place, curl_socket_t socket) const noexcept {
    return place != sockets_.end() && place->fd == socket;
  }

  /// Where the socket is in `sockets_`, or would be.
  [[nodiscard]] Place place_of(curl_socket_t socket) noexcept {
    return std::lower_bound(
        sockets_.begin(), sockets_.end(), socket,
        [](const curl_waitfd& waited_for, curl_socket_t fd) { return waited_for.fd < fd; });
  }

  static int on_close_socket(void* self, curl_socket_t socket) noexcept {
    static_cast<CurlConnections*>(self)->forget_idle(socket);
    close_socket(socket);
    return 0;
  }

  void forget_idle(curl_socket_t socket) noexcept {
    idle_.erase(std::remove(idle_.begin(), idle_.end(), socket), idle_.end());
  }

  Time born_ = std::chrono::steady_clock::now();
  std::size_t running_ = 0;
  std::vector<curl_socket_t> idle_{};
  std::vector<pollfd> looked_at_{};
  std::vector<curl_waitfd> sockets_{};  ///< That libcurl waits for, in ascending order.
  MultiPointer multi_;                  ///< Destroyed first: it closes its sockets.
};

}  // namespace mobivate::detail
