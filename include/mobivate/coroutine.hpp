#pragma once

#include <utility>

#include <mobivate/doi_client.hpp>

#if __has_include(<version>)
#include <version>
#endif
#ifdef __cpp_lib_coroutine  // C++20 and later; before, there is nothing more in this header
#include <coroutine>

namespace mobivate {

namespace detail {

/// Waits for one asynchronous call.
class Awaiter {
 public:
  Awaiter(const DoiClient& client, UnsubscribeRequest request, CallOptions call)
      : client_(client), request_(std::move(request)), call_(std::move(call)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  void await_suspend(std::coroutine_handle<> caller) {
    // The coroutine may go on, and destroy this and the client, before this function has returned.
    const DoiClient client = client_;
    client.unsubscribe_async(
        std::move(request_),
        [this, caller](UnsubscribeResult result) {
          result_ = std::move(result);
          caller.resume();
        },
        std::move(call_));
  }

  [[nodiscard]] UnsubscribeResult await_resume() noexcept { return std::move(result_); }

 private:
  const DoiClient& client_;
  UnsubscribeRequest request_;
  CallOptions call_;
  UnsubscribeResult result_{};
};

}  // namespace detail

/// `co_await unsubscribe(client, request)` gives an `UnsubscribeResult`, like
/// `DoiClient::unsubscribe_async` with a callback. The coroutine continues on the client's own
/// thread; your event loop has an awaitable that takes it back to yours. When the last copy of the
/// client is destroyed, the coroutine continues with `Kind::cancelled`, before the destructor
/// returns.
[[nodiscard]] inline auto unsubscribe(const DoiClient& client, UnsubscribeRequest request,
                                      CallOptions call = {}) {
  return detail::Awaiter(client, std::move(request), std::move(call));
}

}  // namespace mobivate

#endif
