#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <mobivate/curl_options.hpp>
#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/curl/handles.hpp>
#include <mobivate/detail/curl/multi.hpp>
#include <mobivate/detail/exit.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/detail/per_process.hpp>

namespace mobivate {

namespace detail {

/// The `CurlMulti` of one transport, with the connections that they keep while nobody uses them:
/// not more than eight, with 32 connections each. What a burst opened beyond that is closed.
class CurlPool {
 public:
  explicit CurlPool(CurlOptions options) : options_(std::move(options)) { idle_.reserve(most); }

  /// The one used last, since its connections are the likeliest to be still open; or a new one.
  std::unique_ptr<CurlMulti> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto multi = std::move(idle_.back().multi);
        idle_.pop_back();
        return multi;
      }
    }
    return std::make_unique<CurlMulti>(options_, share_);
  }

  void keep(std::unique_ptr<CurlMulti> multi) noexcept {
    std::unique_ptr<CurlMulti> closed;  // without the lock
    if (multi->is_overgrown()) return;
    const Time now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (idle_.size() == most || (!idle_.empty() && now - idle_.front().since > longest_idle)) {
      closed = std::move(idle_.front().multi);
      idle_.erase(idle_.begin());
    }
    idle_.push_back({std::move(multi), now});
  }

 private:
  static constexpr std::size_t most = 8;
  static constexpr std::chrono::minutes longest_idle{1};

  struct Idle {
    std::unique_ptr<CurlMulti> multi;
    Time since;
  };

  CurlOptions options_;
  CurlShare share_{};
  std::mutex mutex_{};
  std::vector<Idle> idle_{};  ///< Those used last are the last.
};

}  // namespace detail

MOBIVATE_INLINE CurlTransport::CurlTransport(CurlOptions options)
    : pool_(new detail::PerProcess<detail::CurlPool>([options = std::move(options)] {
              return std::make_shared<detail::CurlPool>(options);
            }),
            [](detail::PerProcess<detail::CurlPool>* pool) {
              const std::unique_ptr<detail::PerProcess<detail::CurlPool>> owned(pool);
              // libcurl must not be called any more.
              if (detail::Exit::has_begun()) owned->abandon();
            }) {
  static_cast<void>(pool_->get());  // sets libcurl up before there are threads
}

TransportResult CurlTransport::send(const HttpRequest& request) {
  constexpr std::chrono::milliseconds longest_wait = std::chrono::minutes(1);
  const auto pool = pool_->get();
  auto multi = pool->take();
  std::vector<detail::Multi::Ended> ended;
  multi->start(0, request, false);
  while (true) {
    multi->wait(request.cancelled ? detail::cancellation_interval : longest_wait, ended);
    if (!ended.empty()) break;
    if (request.cancelled && request.cancelled()) {
      ended.push_back({0, multi->stop(0), nullptr});
      break;
    }
  }
  pool->keep(std::move(multi));
  if (ended.front().thrown) std::rethrow_exception(ended.front().thrown);
  return std::move(ended.front().result);
}

std::shared_ptr<detail::Multi> CurlTransport::open_multi() {
  const auto pool = pool_->get();
  return {pool->take().release(), [pool](detail::CurlMulti* used) {
            used->stop_all();
            pool->keep(std::unique_ptr<detail::CurlMulti>(used));
          }};
}

}  // namespace mobivate
