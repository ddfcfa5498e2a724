#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/cancelled.hpp>
#include <mobivate/detail/curl_exchanges.hpp>
#include <mobivate/detail/curl_pool.hpp>

namespace mobivate { inline namespace v0 { inline namespace MOBIVATE_MODE {

MOBIVATE_INLINE CurlTransport::CurlTransport(CurlOptions options)
    : pool_(std::make_shared<detail::CurlPool>(std::move(options))) {}

TransportResult CurlTransport::send(const HttpRequest& request) {
  constexpr std::chrono::milliseconds longest_wait = std::chrono::minutes(1);
  auto exchanges = pool_->take();
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
  pool_->keep(std::move(exchanges));
  if (ended.front().thrown) std::rethrow_exception(ended.front().thrown);
  return std::move(ended.front().result);
}

std::shared_ptr<Exchanges> CurlTransport::open_exchanges() {
  return {pool_->take().release(), [pool = pool_](detail::CurlExchanges* used) {
            used->stop_all();
            pool->keep(std::unique_ptr<detail::CurlExchanges>(used));
          }};
}

}}}  // namespace mobivate::v0::MOBIVATE_MODE
