#pragma once

#include <functional>
#include <future>
#include <memory>
#include <type_traits>

#include <mobivate/batch.hpp>
#include <mobivate/build_url.hpp>
#include <mobivate/client_options.hpp>
#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/batch_source.hpp>
#include <mobivate/detail/mode.hpp>
#include <mobivate/parse_response.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>
#include <mobivate/version.hpp>

/// All that a program uses: a `DoiClient`, what goes into it and what comes out.
namespace mobivate { inline namespace v0 { inline namespace MOBIVATE_MODE {

/// Stops subscribers' billing at one account of the gateway. Keep one and share it: it may be used
/// by any number of threads at once, and keeps connections and TLS sessions from call to call.
class DoiClient {
 public:
  /// Without a transport of your own, requests go through libcurl.
  /// Throws `std::invalid_argument`, naming the option, if an option can't be right.
  explicit DoiClient(ClientOptions options, std::shared_ptr<Transport> transport = nullptr);

  // There is no move: what it left behind could not be called.
  /// Copies are one client: they share connections and asynchronous calls.
  DoiClient(const DoiClient&) = default;
  /// As copying: the two are one client from then on.
  DoiClient& operator=(const DoiClient&) = default;

  /// With the last copy, asynchronous calls that have not ended end as `Kind::cancelled`.
  ~DoiClient() = default;

  /// Asks the gateway to stop one subscriber's billing and waits for the answer; tries again as
  /// `RetryPolicy` says. Everything that can go wrong is a value: only `std::bad_alloc` and what
  /// your own callbacks or transport throw come out. `stop_state` says what a result means for the
  /// subscriber. Safe to call from many threads at once.
  [[nodiscard]] UnsubscribeResult unsubscribe(const UnsubscribeRequest& request,
                                              const CallOptions& call = {}) const;

  /// Stops many subscribers, up to `max_in_flight` at once, on the thread that calls.
  /// `next()` returns the next request, or nothing after the last. It is asked for one request more
  /// than can be sent at once, at most, so memory does not grow with the length of the batch. While
  /// a callback takes its time, nothing else goes on.
  /// `on_result(request, result)` is called once for each request, in the order in which they end;
  /// each has the whole `total_timeout`. What either of them throws comes out, after everything in
  /// flight was given up. Safe to call from many threads at once.
  template <class Next, class OnResult,
            std::enable_if_t<detail::is_next_function<Next>, bool> = true>
  BatchSummary unsubscribe_all(Next next, OnResult on_result,
                               const BatchOptions& batch = {}) const {
    return run_batch(std::ref(next), std::ref(on_result), batch);
  }

  /// The same for all requests of a container or another range.
  template <
      class Range, class OnResult,
      std::enable_if_t<detail::is_range<Range> && !detail::is_next_function<Range>, bool> = true>
  BatchSummary unsubscribe_all(Range&& requests, OnResult on_result,
                               const BatchOptions& batch = {}) const {
    auto next = detail::next_of(requests);
    return run_batch(std::ref(next), std::ref(on_result), batch);
  }

  /// As `unsubscribe`, without waiting for the answer. One thread, started with the first call,
  /// serves all of them, up to 128 HTTP requests at once; callbacks are called on it. What they
  /// throw, the future throws. Safe to call from many threads at once.
  [[nodiscard]] std::future<UnsubscribeResult> unsubscribe_async(UnsubscribeRequest request,
                                                                 CallOptions call = {}) const;

 private:
  struct Implementation;

  [[nodiscard]] BatchSummary run_batch(const detail::NextRequest& next,
                                       const detail::OnResult& on_result,
                                       const BatchOptions& batch) const;

  std::shared_ptr<Implementation> implementation_;
};

}}}  // namespace mobivate::v0::MOBIVATE_MODE

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/doi_client.ipp>
#endif
