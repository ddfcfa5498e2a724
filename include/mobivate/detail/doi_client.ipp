#pragma once

#include <future>
#include <memory>
#include <utility>

#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/async_calls.hpp>
#include <mobivate/detail/engine.hpp>
#include <mobivate/detail/system_clock.hpp>
#include <mobivate/doi_client.hpp>

namespace mobivate { inline namespace v0 { inline namespace MOBIVATE_MODE {

struct DoiClient::Implementation {
  using Clock = detail::SystemClock;

  Implementation(ClientOptions options, std::shared_ptr<Transport> transport)
      : engine(std::make_shared<const detail::Engine<Clock>>(std::move(options),
                                                             std::move(transport))),
        async_calls(engine) {}

  std::shared_ptr<const detail::Engine<Clock>> engine;
  detail::AsyncCalls<Clock> async_calls;
};

MOBIVATE_INLINE DoiClient::DoiClient(ClientOptions options, std::shared_ptr<Transport> transport)
    : implementation_(std::make_shared<Implementation>(
          std::move(options),
          transport ? std::move(transport) : std::make_shared<CurlTransport>())) {}

MOBIVATE_INLINE UnsubscribeResult DoiClient::unsubscribe(const UnsubscribeRequest& request,
                                                         const CallOptions& call) const {
  return implementation_->engine->call(request, call);
}

MOBIVATE_INLINE BatchSummary DoiClient::run_batch(const detail::NextRequest& next,
                                                  const detail::OnResult& on_result,
                                                  const BatchOptions& batch) const {
  return implementation_->engine->batch(next, on_result, batch);
}

MOBIVATE_INLINE std::future<UnsubscribeResult> DoiClient::unsubscribe_async(
    UnsubscribeRequest request, CallOptions call) const {
  return implementation_->async_calls.start(std::move(request), std::move(call));
}

}}}  // namespace mobivate::v0::MOBIVATE_MODE
