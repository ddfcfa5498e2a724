#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include <curl/curl.h>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/curl_pointers.hpp>
#include <mobivate/detail/curl_share.hpp>
#include <mobivate/detail/curl_transfer.hpp>
#include <mobivate/detail/kept_connections.hpp>
#include <mobivate/detail/sigpipe_guard.hpp>
#include <mobivate/transport.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Exchanges through libcurl, and the connections that they keep. libcurl is told of the sockets on
/// which something came, and of no other: to let it look for itself costs a system call for each
/// request under way, each time.
class CurlExchanges final : public Exchanges {
 public:
  CurlExchanges(const CurlOptions& options, const CurlShare& share)
      : options_(options), share_(share), multi_(curl_multi_init()), poller_(curl_multi_init()) {
    if (!multi_ || !poller_) throw std::bad_alloc();
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlExchanges::on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  }

  ~CurlExchanges() override {
    const SigpipeGuard no_sigpipe;  // closing a TLS connection writes to it
    stop_all();
    transfers_.clear();
    multi_.reset();
  }

  void start(std::size_t id, const HttpRequest& request) override {
    CurlTransfer& transfer = transfer_for(id);
    const CURLcode code = transfer.prepare(request);
    uses_tls_ = uses_tls_ || transfer.is_over_tls() || !options_.proxy.empty();
    if (code != CURLE_OK) {
      unsendable_.push_back(transfer.ended(code));
    } else if (is_first_connection_known_ || !transfer.is_over_tls()) {
      add(transfer);
    } else if (first_ == nullptr) {
      first_ = &transfer;
      first_start_ = Clock::now();
      add(transfer);
    } else {
      held_.push_back(&transfer);
    }
  }

  void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) override {
    std::optional<SigpipeGuard> no_sigpipe;
    if (uses_tls_ && tls_may_raise_sigpipe()) no_sigpipe.emplace();
    const std::size_t before = ended.size();
    release_held();
    std::move(unsendable_.begin(), unsendable_.end(), std::back_inserter(ended));
    unsendable_.clear();

    if (timer() == std::chrono::milliseconds(0)) {
      act(CURL_SOCKET_TIMEOUT, 0);
      take_ended(ended);
    }
    if (ended.size() > before) return;
    if (!held_.empty()) longest = (std::min)(longest, longest_hold);
    poll((std::min)(longest, timer()));
    for (const curl_waitfd& socket : ready_) act(socket.fd, events_of(socket));
    take_ended(ended);
  }

  [[nodiscard]] TransportError stop(std::size_t id) override {
    const SigpipeGuard no_sigpipe;
    CurlTransfer& transfer = *transfers_[id];
    remove(transfer);
    held_.erase(std::remove(held_.begin(), held_.end(), &transfer), held_.end());
    unsendable_.erase(std::remove_if(unsendable_.begin(), unsendable_.end(),
                                     [&](const Ended& ended) { return ended.id == id; }),
                      unsendable_.end());
    return transfer.failure(CURLE_ABORTED_BY_CALLBACK);
  }

  void stop_all() noexcept {
    const SigpipeGuard no_sigpipe;
    for (const auto& transfer : transfers_) {
      if (transfer) remove(*transfer);
    }
    held_.clear();
    unsendable_.clear();
  }

  void wake() noexcept override { curl_multi_wakeup(poller_.get()); }

  CurlExchanges(const CurlExchanges&) = delete;
  CurlExchanges& operator=(const CurlExchanges&) = delete;
  CurlExchanges(CurlExchanges&&) = delete;
  CurlExchanges& operator=(CurlExchanges&&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds longest_hold{200};

  CurlTransfer& transfer_for(std::size_t id) {
    if (id >= transfers_.size()) transfers_.resize(id + 1);
    if (!transfers_[id]) {
      transfers_[id] = std::make_unique<CurlTransfer>(id, options_, share_, kept_);
    }
    return *transfers_[id];
  }

  static void check(CURLMcode code) {
    if (code == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
  }

  /// If the first connection turns out to be HTTP/2, all requests can share it; so those that come
  /// after the first are held until it stands, for a moment.
  void release_held() {
    if (is_first_connection_known_ || first_ == nullptr) return;
    const auto waited = std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - first_start_);
    if (!first_->is_connected() && !is_first_over_ && waited < longest_hold) return;
    is_first_connection_known_ = true;
    for (CurlTransfer* const transfer : held_) {
      transfer->shorten_timeout(waited);
      add(*transfer);
    }
    held_.clear();
  }

  void add(CurlTransfer& transfer) {
    const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer.easy());
    check(code);
    if (code != CURLM_OK) unsendable_.push_back(transfer.ended(CURLE_FAILED_INIT));
  }

  void remove(CurlTransfer& transfer) noexcept {
    if (&transfer == first_) is_first_over_ = true;
    curl_multi_remove_handle(multi_.get(), transfer.easy());
  }

  static int events_of(const curl_waitfd& ready) noexcept {
    return ((ready.revents & CURL_WAIT_POLLIN) != 0 ? CURL_CSELECT_IN : 0) |
           ((ready.revents & CURL_WAIT_POLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
  }

  /// Lets libcurl do what there is to do.
  void act(curl_socket_t socket, int events) {
    int running = 0;
    check(curl_multi_socket_action(multi_.get(), socket, events, &running));
  }

  /// How long until libcurl has something to do if nothing comes.
  [[nodiscard]] std::chrono::milliseconds timer() const {
    long milliseconds = -1;
    curl_multi_timeout(multi_.get(), &milliseconds);
    return milliseconds < 0 ? (std::chrono::milliseconds::max)()
                            : std::chrono::milliseconds(milliseconds);
  }

  /// Waits for the sockets; what came is in `ready_`.
  void poll(std::chrono::milliseconds longest) {
    constexpr std::chrono::milliseconds longest_poll = std::chrono::minutes(1);
    ready_.clear();
    int count = 0;
    check(curl_multi_poll(poller_.get(), sockets_.data(), static_cast<unsigned>(sockets_.size()),
                          static_cast<int>((std::min)(longest, longest_poll).count()), &count));
    if (count == 0) return;
    std::copy_if(sockets_.begin(), sockets_.end(), std::back_inserter(ready_),
                 [](const curl_waitfd& socket) { return socket.revents != 0; });
  }

  void take_ended(std::vector<Ended>& ended) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      CurlTransfer& transfer = CurlTransfer::of(message->easy_handle);
      const CURLcode code = message->data.result;
      if (code == CURLE_OK) kept_.note(transfer.easy());
      remove(transfer);  // and with it the message
      if (transfer.wants_other_connection()) {
        add(transfer);
      } else {
        ended.push_back(transfer.ended(code));
      }
    }
  }

  /// libcurl calls this to say which sockets to wait for.
  static int on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self,
                       void* /*of_socket*/) noexcept {
    auto& sockets = static_cast<CurlExchanges*>(self)->sockets_;
    const auto known = std::find_if(sockets.begin(), sockets.end(),
                                    [&](const curl_waitfd& it) { return it.fd == socket; });
    if (what == CURL_POLL_REMOVE) {
      if (known != sockets.end()) {
        *known = sockets.back();
        sockets.pop_back();
      }
      return 0;
    }
    const auto events = static_cast<short>(((what & CURL_POLL_IN) != 0 ? CURL_WAIT_POLLIN : 0) |
                                           ((what & CURL_POLL_OUT) != 0 ? CURL_WAIT_POLLOUT : 0));
    if (known != sockets.end()) {
      known->events = events;
      return 0;
    }
    try {
      sockets.push_back({socket, events, 0});
    } catch (...) {
      return -1;  // libcurl gives up
    }
    return 0;
  }

  const CurlOptions& options_;
  const CurlShare& share_;
  MultiPointer multi_;
  MultiPointer poller_;  ///< Has no transfers: it waits for the sockets, and for `wake`.
  KeptConnections kept_;
  std::vector<std::unique_ptr<CurlTransfer>> transfers_;  ///< By id.
  std::vector<Ended> unsendable_;
  bool uses_tls_ = false;
  bool is_first_connection_known_ = false;
  CurlTransfer* first_ = nullptr;
  bool is_first_over_ = false;
  Clock::time_point first_start_{};
  std::vector<CurlTransfer*> held_;
  std::vector<curl_waitfd> sockets_;
  std::vector<curl_waitfd> ready_;
};

}}}  // namespace mobivate::v0::detail
