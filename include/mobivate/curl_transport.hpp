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

namespace mobivate {

/// Sends through libcurl. Keeps one connection for each call that ran at the same time as others,
/// and uses it again for the next; DNS answers and TLS sessions are shared by all of them.
/// Many requests at once share one connection if the gateway offers HTTP/2 over TLS.
/// TLS 1.2 or newer, certificate and host name always verified. Safe to use from many threads.
class CurlTransport : public Transport {
 public:
  explicit CurlTransport(CurlOptions options = {}) : options_(std::move(options)) {}

  [[nodiscard]] TransportResult send(const HttpRequest& request) override {
    constexpr std::chrono::milliseconds longest_wait = std::chrono::minutes(1);
    const auto exchanges = take_exchanges();
    std::vector<Exchanges::Ended> ended;
    exchanges->start(0, request);
    while (true) {
      exchanges->wait(request.cancelled ? detail::cancellation_interval : longest_wait, ended);
      if (!ended.empty()) break;
      if (request.cancelled && request.cancelled()) return exchanges->stop(0);
    }
    if (ended.front().thrown) std::rethrow_exception(ended.front().thrown);
    return std::move(ended.front().result);
  }

  [[nodiscard]] std::shared_ptr<Exchanges> open_exchanges() override { return take_exchanges(); }

 private:
  /// Those used last, since their connections are the likeliest to be still open; or new ones. Come
  /// back when they are let go.
  std::shared_ptr<Exchanges> take_exchanges() {
    auto exchanges = take_idle();
    if (!exchanges) exchanges = std::make_unique<detail::CurlExchanges>(options_, share_);
    return {exchanges.release(), [this](detail::CurlExchanges* used) {
              used->stop_all();
              keep(std::unique_ptr<detail::CurlExchanges>(used));
            }};
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

}  // namespace mobivate
