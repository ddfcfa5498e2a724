#pragma once

#include <memory>
#include <utility>

#include <mobivate/client_options.hpp>
#include <mobivate/curl_transport.hpp>
#include <mobivate/detail/engine.hpp>
#include <mobivate/detail/system_clock.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

/// Stops subscribers' billing at one account of the gateway. Keep one and share it: it may be used
/// by any number of threads at once, and keeps connections and TLS sessions from call to call.
class DoiClient {
 public:
  /// Without a transport of your own, requests go through libcurl.
  /// Throws `std::invalid_argument`, naming the option, if an option can't be right.
  explicit DoiClient(ClientOptions options, std::shared_ptr<Transport> transport = nullptr)
      : engine_(std::move(options),
                transport ? std::move(transport) : std::make_shared<CurlTransport>()) {}

  // Copies share the transport, and so the connections. There is no move: what it left behind could
  // not be called.
  DoiClient(const DoiClient&) = default;
  DoiClient& operator=(const DoiClient&) = default;
  ~DoiClient() = default;

  /// Asks the gateway to stop one subscriber's billing and waits for the answer; tries again as
  /// `RetryPolicy` says. Everything that can go wrong is a value: only `std::bad_alloc` and what
  /// your own callbacks or transport throw come out.
  [[nodiscard]] UnsubscribeResult unsubscribe(const UnsubscribeRequest& request,
                                              const CallOptions& call = {}) const {
    return engine_.call(request, call);
  }

 private:
  detail::Engine<detail::SystemClock> engine_;
};

}  // namespace mobivate
