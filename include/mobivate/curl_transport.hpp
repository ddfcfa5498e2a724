#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/curl_handle.hpp>
#include <mobivate/detail/curl_share.hpp>
#include <mobivate/detail/sigpipe_guard.hpp>
#include <mobivate/transport.hpp>

namespace mobivate {

/// Sends through libcurl. Keeps one connection for each call that ran at the same time as others,
/// and uses it again for the next; DNS answers and TLS sessions are shared by all of them.
/// TLS 1.2 or newer, certificate and host name always verified. Safe to use from many threads.
class CurlTransport : public Transport {
 public:
  explicit CurlTransport(CurlOptions options = {}) : options_(std::move(options)) {}

  ~CurlTransport() override {
    const detail::SigpipeGuard no_sigpipe;  // closing a TLS connection writes to it
    idle_.clear();
  }

  [[nodiscard]] TransportResult send(const HttpRequest& request) override {
    const detail::SigpipeGuard no_sigpipe;
    auto handle = take_handle();
    auto result = handle->perform(request);
    keep_handle(std::move(handle));
    return result;
  }

  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;
  CurlTransport(CurlTransport&&) = delete;
  CurlTransport& operator=(CurlTransport&&) = delete;

 private:
  using Handle = std::unique_ptr<detail::CurlHandle>;

  /// The one used last, since its connection is the likeliest to be still open; or a new one.
  Handle take_handle() {
    while (Handle handle = take_idle()) {
      if (handle->is_quiet()) return handle;
    }
    return std::make_unique<detail::CurlHandle>(options_, share_);
  }

  Handle take_idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void keep_handle(Handle handle) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  CurlOptions options_;
  detail::CurlShare share_;
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace mobivate
