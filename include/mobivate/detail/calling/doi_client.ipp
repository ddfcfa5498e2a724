#pragma once

#include <future>
#include <memory>
#include <utility>

#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/calling/batch_run.hpp>
#include <mobivate/detail/calling/callback_thread.hpp>
#include <mobivate/detail/calling/run_call.hpp>
#include <mobivate/detail/exit.hpp>
#include <mobivate/detail/per_process.hpp>
#include <mobivate/doi_client.hpp>

namespace mobivate {

struct DoiClient::Implementation {
  explicit Implementation(std::shared_ptr<const detail::Core> shared)
      : core(std::move(shared)),
        thread([of = core] { return std::make_shared<detail::CallbackThread>(of); }) {
    [[maybe_unused]] static const bool has_handler = (detail::Exit::register_handler(), true);
  }
  ~Implementation() {
    if (detail::Exit::has_begun())
      thread.abandon();  // it sleeps until the process ends, so it can't be joined
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  Implementation(Implementation&&) = delete;
  Implementation& operator=(Implementation&&) = delete;

  std::shared_ptr<const detail::Core> core;
  detail::PerProcess<detail::CallbackThread> thread;
};

MOBIVATE_INLINE DoiClient::DoiClient(ClientOptions options, std::shared_ptr<Transport> transport)
    : implementation_(std::make_shared<Implementation>(std::make_shared<const detail::Core>(
          std::move(options),
          transport ? std::move(transport) : std::make_shared<CurlTransport>()))) {}

MOBIVATE_INLINE UnsubscribeResult DoiClient::unsubscribe(const UnsubscribeRequest& request,
                                                         const CallOptions& call) const {
  if (detail::Exit::has_begun()) return detail::cancelled(call.maybe_sent_before);
  const detail::Core& core = *implementation_->core;
  return detail::run_call(core.account, *core.transport, core.clock, request, call);
}

MOBIVATE_INLINE BatchSummary DoiClient::run_batch(const detail::NextRequest& next,
                                                  const detail::OnResult& on_result,
                                                  const BatchOptions& batch) const {
  detail::check_batch(batch);
  if (detail::Exit::has_begun()) return {};
  const detail::Core& core = *implementation_->core;
  return detail::BatchRun(core.account, *core.transport, core.clock, next, on_result, batch).run();
}

MOBIVATE_INLINE void DoiClient::start(UnsubscribeRequest request, detail::OnEnd on_end,
                                      CallOptions call) const {
  if (detail::Exit::has_begun()) return;  // no callback runs any more
  // The callback may destroy this client before `start` has returned.
  const std::shared_ptr<detail::CallbackThread> thread = implementation_->thread.get();
  thread->start(
      std::make_unique<detail::Call>(std::move(request), std::move(call), std::move(on_end)));
}

MOBIVATE_INLINE std::future<UnsubscribeResult> DoiClient::unsubscribe_async(
    UnsubscribeRequest request, CallOptions call) const {
  std::promise<UnsubscribeResult> promise;
  auto future = promise.get_future();
  if (detail::Exit::has_begun()) {
    promise.set_value(detail::cancelled(call.maybe_sent_before));
    return future;
  }
  unsubscribe_async(
      std::move(request),
      [promise = std::move(promise)](UnsubscribeResult result) mutable {
        promise.set_value(std::move(result));
      },
      std::move(call));
  return future;
}

}  // namespace mobivate
