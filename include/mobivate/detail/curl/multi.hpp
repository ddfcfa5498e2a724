#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include <curl/curl.h>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/curl/connections.hpp>
#include <mobivate/detail/curl/easy.hpp>
#include <mobivate/detail/curl/handles.hpp>
#include <mobivate/detail/exit.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// Multi through libcurl, with the connections that it keeps. Connections that new requests must
/// not use any more are left to the requests that are under way on them, and then closed.
class CurlMulti final : public Multi {
 public:
  /// No request begins on a connection that is older than `longest_life`: its host name may have
  /// moved.
  CurlMulti(const CurlOptions& options, const CurlShare& share,
            std::chrono::milliseconds longest_life = std::chrono::minutes(5))
      : options_(options), share_(share), longest_life_(longest_life) {}

  ~CurlMulti() override {
    const InsideCurl inside(inside_);  // closing a TLS connection writes to it
    remove_all();
    exchanges_.clear();
    connections_.clear();
  }

  void start(std::size_t id, const HttpRequest& request, bool on_new_connection) override {
    const InsideCurl inside(inside_);
    if (id >= exchanges_.size()) exchanges_.resize(id + 1);
    if (id >= few && !waiter_) add_waiter();
    Exchange& exchange = exchanges_[id];
    if (!exchange.transfer) {
      exchange.transfer = std::make_unique<CurlTransfer>(id, options_, share_);
    }
    remove(exchange);  // if there was no memory for its last
    exchange.start = std::chrono::steady_clock::now();
    exchange.timeout = request.timeout;
    if (exchange.start - current().born() >= longest_life_ || !are_quiet(exchange.start)) {
      use_new_connections();
    } else if (!current().is_used() && held_.empty()) {
      forget_first();  // by now, its connection may be closed
    }
    CurlTransfer& transfer = *exchange.transfer;
    const CURLcode code = transfer.prepare(request, on_new_connection);
    if (code != CURLE_OK) {
      unsendable_.push_back(transfer.ended(code));
    } else if (is_first_known_ || speaks_http1_ || !transfer.is_over_tls()) {
      add(exchange);
    } else if (first_ == nullptr) {
      first_ = &exchange;
      add(exchange);
    } else {
      held_.push_back(id);
    }
  }

  void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) override {
    const std::size_t before = ended.size();
    {
      const InsideCurl inside(inside_);
      release_held();
      std::move(unsendable_.begin(), unsendable_.end(), std::back_inserter(ended));
      unsendable_.clear();
      for (CurlConnections& connections : connections_) {
        if (connections.timer().count() == 0) connections.act(CURL_SOCKET_TIMEOUT, 0);
      }
      take_ended(ended);
    }
    if (ended.size() > before) return;
    if (!held_.empty()) longest = (std::min)(longest, rest_of_hold());
    poll(longest);
    next_look_ = {};
    for (const curl_waitfd& socket : polled_) {
      if (socket.revents == 0) continue;
      // For one socket at a time: many TLS handshakes take longer than an exit waits.
      const InsideCurl inside(inside_);
      for (CurlConnections& connections : connections_) {
        connections.act(socket.fd, events_of(socket));  // or ignores it
      }
    }
    const InsideCurl inside(inside_);
    take_ended(ended);
  }

  [[nodiscard]] TransportError stop(std::size_t id) override {
    const InsideCurl inside(inside_);
    remove(exchanges_[id]);
    held_.erase(std::remove(held_.begin(), held_.end(), id), held_.end());
    unsendable_.erase(std::remove_if(unsendable_.begin(), unsendable_.end(),
                                     [&](const Ended& ended) { return ended.id == id; }),
                      unsendable_.end());
    close_unused();
    return cancelled(exchanges_[id].transfer->may_have_left());
  }

  void stop_all() noexcept {
    const InsideCurl inside(inside_);
    remove_all();
    held_.clear();
    unsendable_.clear();
    close_unused();
  }

  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    curl_multi_wakeup(waiter());
  }

  [[nodiscard]] bool is_overgrown() const noexcept override {
    constexpr std::size_t most = 32;
    return connections_.back().idle() > most;
  }

  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
  CurlMulti(CurlMulti&&) = delete;
  CurlMulti& operator=(CurlMulti&&) = delete;

 private:
  static constexpr std::size_t few = 64;
  static constexpr std::chrono::milliseconds longest_hold{200};
  static constexpr std::chrono::milliseconds look_interval{1};

  struct Exchange {
    std::unique_ptr<CurlTransfer> transfer{};
    CurlConnections* connections = nullptr;  ///< Null if libcurl does not have it.
    Time start{};
    std::chrono::milliseconds timeout{0};
  };

  [[nodiscard]] CurlConnections& current() noexcept { return connections_.back(); }

  /// As `CurlConnections::are_quiet`, but looks at most once a millisecond.
  [[nodiscard]] bool are_quiet(Time now) {
    if (now < next_look_) return true;
    next_look_ = now + look_interval;
    return current().are_quiet();
  }

  /// The libcurl handle to poll. libcurl walks over all requests of a handle that is polled, so
  /// with many requests an empty one is. It costs two descriptors, which few requests do without.
  [[nodiscard]] CURLM* waiter() noexcept { return waiter_ ? waiter_.get() : current().get(); }

  void add_waiter() {
    MultiPointer waiter(curl_multi_init());
    if (!waiter) throw std::bad_alloc();
    const std::lock_guard lock(mutex_);
    // A `wake` may have reached only the old handle. Without descriptors the new one has no
    // wake-up.
    if (curl_multi_wakeup(waiter.get()) == CURLM_OK) waiter_ = std::move(waiter);
  }

  /// From now on, new requests use only new connections.
  void use_new_connections() {
    const std::lock_guard lock(mutex_);
    connections_.emplace_back();
    curl_multi_wakeup(waiter());  // a `wake` may have reached only the old handle
    forget_first();
  }

  void forget_first() noexcept {
    first_ = nullptr;
    is_first_known_ = false;
  }

  void close_unused() noexcept {
    const std::lock_guard lock(mutex_);
    connections_.remove_if([this](const CurlConnections& connections) {
      return &connections != &current() && !connections.is_used();
    });
  }

  /// If the first connection turns out to be HTTP/2, all requests can share it. So those that come
  /// after the first are held until it is connected, for at most `longest_hold`.
  void release_held() {
    if (held_.empty()) return;
    const Time now = std::chrono::steady_clock::now();
    if (!is_first_known_ && first_ != nullptr) {
      if (!first_->transfer->may_have_left() && now - first_->start < longest_hold) return;
    }
    is_first_known_ = true;
    for (const std::size_t id : held_) add(exchanges_[id]);
    held_.clear();
  }

  [[nodiscard]] std::chrono::milliseconds rest_of_hold() const {
    if (first_ == nullptr) return {};
    const auto rest = first_->start + longest_hold - std::chrono::steady_clock::now();
    return (std::max)(std::chrono::ceil<std::chrono::milliseconds>(rest),
                      std::chrono::milliseconds(0));
  }

  void add(Exchange& exchange) {
    const auto held = std::chrono::steady_clock::now() - exchange.start;
    exchange.transfer->set_timeout(exchange.timeout -
                                   std::chrono::floor<std::chrono::milliseconds>(held));
    if (current().add(*exchange.transfer) != CURLM_OK) {
      unsendable_.push_back(exchange.transfer->ended(CURLE_FAILED_INIT));
      return;
    }
    exchange.connections = &current();
    current().act(CURL_SOCKET_TIMEOUT, 0);  // sends it: the caller may take its time
    exchange.transfer->begin();
  }

  void remove(Exchange& exchange) noexcept {
    if (exchange.connections == nullptr) return;
    exchange.connections->remove(*exchange.transfer);
    exchange.connections = nullptr;
    if (&exchange == first_) is_first_known_ = true;
  }

  void remove_all() noexcept {
    for (Exchange& exchange : exchanges_) remove(exchange);
  }

  /// Waits for the sockets. Those in `polled_` that have `revents` are ready.
  void poll(std::chrono::milliseconds longest) {
    constexpr std::chrono::milliseconds longest_poll = std::chrono::minutes(1);
    longest = (std::min)(longest, longest_poll);
    polled_.clear();
    for (CurlConnections& connections : connections_) {
      connections.append_sockets(polled_);
      longest = (std::min)(longest, connections.timer());
    }
    int count = 0;
    CurlConnections::throw_if_out_of_memory(
        curl_multi_poll(waiter(), polled_.data(), static_cast<unsigned>(polled_.size()),
                        static_cast<int>(longest.count()), &count));
    if (count == 0) polled_.clear();
  }

  static int events_of(const curl_waitfd& ready) noexcept {
    return ((ready.revents & CURL_WAIT_POLLIN) != 0 ? CURL_CSELECT_IN : 0) |
           ((ready.revents & CURL_WAIT_POLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
  }

  void take_ended(std::vector<Ended>& ended) {
    for (CurlConnections& connections : connections_) {
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(connections.get(), &left)) {
        const CURLcode code = message->data.result;
        Exchange& exchange = exchanges_[CurlTransfer::of(message->easy_handle).id()];
        CurlTransfer& transfer = *exchange.transfer;
        const bool is_current = &connections == &current();
        if (code == CURLE_OK) {
          speaks_http1_ = transfer.was_http1();
          if (speaks_http1_) connections.note_idle(transfer.kept_socket());
        }
        remove(exchange);  // and with it the message
        ended.push_back(transfer.ended(code));
        if (code == CURLE_OK) continue;
        ended.back().wants_new_connection = distrust(transfer, code, is_current);
      }
    }
    close_unused();
  }

  /// What failed is not used again: after a timeout, or a failure on a connection that had been
  /// used before. With HTTP/2, all new requests share a new connection. With HTTP/1 the other
  /// connections may be good: returns true, and only this call's next attempt opens one.
  [[nodiscard]] bool distrust(const CurlTransfer& transfer, CURLcode code, bool is_current) {
    if (!transfer.may_have_left()) return false;
    if (!transfer.was_on_used_connection() && code != CURLE_OPERATION_TIMEDOUT) return false;
    if (speaks_http1_ || !transfer.is_over_tls()) return true;
    if (is_current) use_new_connections();
    return false;
  }

  Exit::Counter& inside_ = Exit::inside();
  const CurlOptions& options_;
  const CurlShare& share_;
  const std::chrono::milliseconds longest_life_;
  std::mutex mutex_{};  ///< For `wake`: held while `connections_` is changed.
  std::list<CurlConnections> connections_{1};  ///< New requests use the last.
  MultiPointer waiter_{};
  std::deque<Exchange> exchanges_{};  ///< By id.
  std::vector<Ended> unsendable_{};
  Time next_look_{};           ///< When to look again whether something came on a kept connection.
  bool speaks_http1_ = false;  ///< The last answer came over HTTP/1.
  const Exchange* first_ = nullptr;  ///< The first over TLS: others wait for its connection.
  bool is_first_known_ = false;
  std::vector<std::size_t> held_{};  ///< Ids of requests that wait for the first connection.
  std::vector<curl_waitfd> polled_{};
};

}  // namespace mobivate::detail
