#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/cancelled.hpp>
#include <mobivate/detail/curl_exchanges.hpp>
#include <mobivate/detail/curl_share.hpp>
#include <mobivate/transport.hpp>

namespace mobivate { inline namespace v0 {

/// Sends through libcurl. Keeps one connection for each call that ran at the same time as others,
/// and uses it again for the next; DNS answers and TLS sessions are shared by all of them.
/// Many requests at once share one connection if the gateway offers HTTP/2 over TLS.
/// TLS 1.2 or newer, certificate and host name always verified. Safe to use from many threads.
class CurlTransport : public Transport {
 public:
  /// Opens nothing yet: a file or a proxy that can't be used is a `TransportError` of each `send`.
  explicit CurlTransport(CurlOptions options = {}) : options_(std::move(options)) {}

  /// Sends one request and waits for its answer. `TransportError::maybe_delivered` is false until
  /// the connection stands, over TLS too.
  [[nodiscard]] TransportResult send(const HttpRequest& request) override {
    constexpr std::chrono::milliseconds longest_wait = std::chrono::minutes(1);
    auto exchanges = take();
    std::vector<Exchanges::Ended> ended;
    exchanges->start(0, request);
    while (true) {
      exchanges->wait(request.cancelled ? detail::cancellation_interval : longest_wait, ended);
      if (!ended.empty()) break;
      if (request.cancelled && request.cancelled()) {
        ended.push_back({0, exchanges->stop(0), nullptr});
        break;
      }
    }
    keep(std::move(exchanges));
    if (ended.front().thrown) std::rethrow_exception(ended.front().thrown);
    return std::move(ended.front().result);
  }

  /// Many requests at once, driven by the thread that waits for them. Their connections are kept
  /// when they are let go.
  [[nodiscard]] std::shared_ptr<Exchanges> open_exchanges() override {
    return {take().release(), [this](detail::CurlExchanges* used) {
              used->stop_all();
              keep(std::unique_ptr<detail::CurlExchanges>(used));
            }};
  }

 private:
  /// Those used last, since their connections are the likeliest to be still open; or new ones.
  std::unique_ptr<detail::CurlExchanges> take() {
    if (auto idle = take_idle()) return idle;
    return std::make_unique<detail::CurlExchanges>(options_, share_);
  }

  std::unique_ptr<detail::CurlExchanges> take_idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto exchanges = std::move(idle_.back());
    idle_.pop_back();
    return exchanges;
  }

  void keep(std::unique_ptr<detail::CurlExchanges> exchanges) noexcept {
    const std::lock_guard lock(mutex_);
    try {
      idle_.push_back(std::move(exchanges));
    } catch (const std::bad_alloc&) {  // then they are not kept
    }
  }

  CurlOptions options_;
  detail::CurlShare share_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<detail::CurlExchanges>> idle_;
};

}}  // namespace mobivate::v0
