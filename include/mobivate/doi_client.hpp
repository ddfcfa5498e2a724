#pragma once

#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <mobivate/batch.hpp>
#include <mobivate/build_url.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/config.hpp>
#include <mobivate/parse_response.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>
#include <mobivate/version.hpp>

/// The library: a `DoiClient`, its options, requests and results.
namespace mobivate {

namespace detail {

template <class Source, class = void>
inline constexpr bool is_range = false;

template <class Source>
inline constexpr bool is_range<Source, std::void_t<decltype(std::begin(std::declval<Source&>())),
                                                   decltype(std::end(std::declval<Source&>()))>> =
    std::is_convertible_v<decltype(*std::begin(std::declval<Source&>())), UnsubscribeRequest>;

}  // namespace detail

/// Stops subscribers' billing through one account of the gateway. Make one client and keep it: it
/// reuses connections. Any number of threads may call it at once.
class DoiClient {
 public:
  /// Sends through `transport`; if it is null, through libcurl (`CurlTransport`).
  /// Throws `std::invalid_argument` if an option is invalid; the message names the option. Throws
  /// `std::runtime_error` if libcurl can't be set up.
  explicit DoiClient(ClientOptions options, std::shared_ptr<Transport> transport = nullptr);

  // Not movable: a moved-from client would be unusable.
  /// Makes another handle to the same client: copies share connections and asynchronous calls.
  DoiClient(const DoiClient&) = default;
  /// Makes this a handle to the other client.
  DoiClient& operator=(const DoiClient&) = default;

  /// Destroying the last copy ends all pending asynchronous calls as `Kind::cancelled`, before the
  /// destructor returns.
  ~DoiClient() = default;

  /// Asks the gateway to stop one subscriber's billing and waits for the answer. Repeats failed
  /// attempts as `ClientOptions::retry` says. `stop_state` tells what the result means for the
  /// subscriber. Failures are returned, not thrown. The only exceptions are `std::bad_alloc` and
  /// those of your own callbacks or transport. Safe to call from many threads at once.
  [[nodiscard]] UnsubscribeResult unsubscribe(const UnsubscribeRequest& request,
                                              const CallOptions& call = {}) const;

  /// Stops many subscribers, up to `BatchOptions::max_in_flight` at once, on the calling thread.
  /// `next()` returns the next request as a `std::optional<UnsubscribeRequest>`, or nothing after
  /// the last. It is called only when a slot is free, so memory stays constant.
  /// `on_result(request, result)` is called once for each request, in the order in which they end.
  /// Return quickly from both: all requests wait meanwhile. `total_timeout` of a request starts at
  /// sending. If `next` or `on_result` throws, the requests in flight are given up and the
  /// exception leaves the call. Throws `std::invalid_argument` if an option of `batch` is invalid;
  /// the message names it. Safe to call from many threads at once.
  template <class Next, class OnResult, std::enable_if_t<std::is_invocable_v<Next&>, bool> = true>
  BatchSummary unsubscribe_all(Next next, OnResult on_result,
                               const BatchOptions& batch = {}) const {
    static_assert(
        std::is_same_v<std::invoke_result_t<Next&>, std::optional<UnsubscribeRequest>>,
        "next must return a std::optional<mobivate::UnsubscribeRequest>: write that as its return "
        "type, and return std::nullopt after the last request");
    return run_batch(std::ref(next), std::ref(on_result), batch);
  }

  /// The same for all requests of a container or another range.
  template <class Range, class OnResult,
            std::enable_if_t<detail::is_range<Range> && !std::is_invocable_v<Range&>, bool> = true>
  BatchSummary unsubscribe_all(Range&& requests, OnResult on_result,
                               const BatchOptions& batch = {}) const {
    auto at = std::begin(requests);
    const auto end = std::end(requests);
    const auto next = [&]() -> std::optional<UnsubscribeRequest> {
      if (at == end) return std::nullopt;
      std::optional<UnsubscribeRequest> request(*at);
      ++at;
      return request;
    };
    return run_batch(std::ref(next), std::ref(on_result), batch);
  }

  /// Starts to stop one subscriber and returns at once. `on_result(UnsubscribeResult)` is called
  /// exactly once with the result, also if the request is invalid or the call is cancelled.
  ///
  /// `on_result` runs on the client's own thread, never inside this function. The first
  /// asynchronous call starts that thread; it sends up to `ClientOptions::max_in_flight` calls at
  /// once. Return quickly: all other results wait meanwhile. `on_result` may start further calls
  /// and may destroy the last copy of the client. It need not be copyable. It must not throw: an
  /// exception ends the process. Exceptions of `on_attempt`, `cancelled` or your own transport end
  /// the call as `TransportError::Kind::other`.
  ///
  /// `total_timeout` starts now, so it includes queueing. Throws `std::bad_alloc`, and never calls
  /// `on_result`, if there is no memory or no thread. Safe to call from many threads at once.
  template <class OnResult>
  void unsubscribe_async(UnsubscribeRequest request, OnResult on_result,
                         CallOptions call = {}) const {
    static_assert(std::is_invocable_v<OnResult&, UnsubscribeResult>,
                  "on_result must be a function that takes a mobivate::UnsubscribeResult");
    auto shared = std::make_shared<OnResult>(std::move(on_result));  // std::function copies
    detail::OnEnd on_end = [shared = std::move(shared)](UnsubscribeResult& result) noexcept {
      static_cast<void>((*shared)(std::move(result)));
    };
    start(std::move(request), std::move(on_end), std::move(call));
  }

  /// The same, but returns a future. Never wait for it in a callback of the same client: the future
  /// becomes ready only after that callback has returned.
  [[nodiscard]] std::future<UnsubscribeResult> unsubscribe_async(UnsubscribeRequest request,
                                                                 CallOptions call = {}) const;

 private:
  struct Implementation;

  [[nodiscard]] BatchSummary run_batch(const detail::NextRequest& next,
                                       const detail::OnResult& on_result,
                                       const BatchOptions& batch) const;

  void start(UnsubscribeRequest request, detail::OnEnd on_end, CallOptions call) const;

  std::shared_ptr<Implementation> implementation_;
};

}  // namespace mobivate

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/calling/doi_client.ipp>
#endif
