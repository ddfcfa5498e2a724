#pragma once

#include <memory>
#include <utility>

#include <mobivate/batch.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/detail/account.hpp>
#include <mobivate/detail/batch_run.hpp>
#include <mobivate/detail/batch_source.hpp>
#include <mobivate/detail/call.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Drives calls on the thread that asks for them. The clock is a parameter, so that tests need not
/// wait.
template <class Clock>
class Engine {
 public:
  Engine(ClientOptions options, std::shared_ptr<Transport> transport, Clock clock = Clock())
      : account_(std::move(options)), transport_(std::move(transport)), clock_(std::move(clock)) {}

  [[nodiscard]] const Account& account() const noexcept { return account_; }
  [[nodiscard]] Transport& transport() const noexcept { return *transport_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

  [[nodiscard]] UnsubscribeResult call(const UnsubscribeRequest& request,
                                       const CallOptions& options) const {
    if (auto refusal = account_.refusal(request, options.headers)) return std::move(*refusal);
    Call<Clock> call(account_, clock_);
    call.begin(request, clock_.now(), options);
    if (call.is_cancelled()) {
      call.cancel();
      return call.result();
    }
    while (!call.is_out_of_time()) {
      call.start_attempt();
      const auto wait = call.end_attempt(transport_->send(call.http()));
      if (!wait) break;
      if (!clock_.sleep(*wait, options.cancelled)) {
        call.cancel();
        break;
      }
    }
    return call.result();
  }

  [[nodiscard]] BatchSummary batch(const NextRequest& next, const OnResult& on_result,
                                   const BatchOptions& options) const {
    return BatchRun<Clock>(account_, *transport_, clock_, next, on_result, options).run();
  }

 private:
  Account account_;
  std::shared_ptr<Transport> transport_;
  Clock clock_;
};

}}}  // namespace mobivate::v0::detail
