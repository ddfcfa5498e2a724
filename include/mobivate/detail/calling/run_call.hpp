#pragma once

#include <memory>
#include <utility>

#include <mobivate/client_options.hpp>
#include <mobivate/detail/account/account.hpp>
#include <mobivate/detail/calling/call.hpp>
#include <mobivate/detail/calling/driver.hpp>
#include <mobivate/detail/multi.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate::detail {

/// Runs one call on the calling thread.
inline UnsubscribeResult run_call(const Account& account, Transport& transport, const Clock& clock,
                                  const UnsubscribeRequest& request, const CallOptions& options) {
  UnsubscribeResult result;
  Driver::Setup setup;
  setup.on_end = [&result](Call& call) { result = std::move(call.result()); };
  Driver driver(account, transport, clock, std::move(setup));
  auto call = std::make_unique<Call>(request, options);
  call->begin(account, clock.now());
  driver.add(std::move(call));
  while (driver.size() > 0) driver.step((Duration::max)());
  return result;
}

}  // namespace mobivate::detail
