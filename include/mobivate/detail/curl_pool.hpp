#pragma once

#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include <mobivate/curl_options.hpp>
#include <mobivate/detail/curl_exchanges.hpp>
#include <mobivate/detail/curl_share.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// The `CurlExchanges` of one transport, with the connections that they keep while nobody uses
/// them.
class CurlPool {
 public:
  explicit CurlPool(CurlOptions options) : options_(std::move(options)) {}

  /// Those used last, since their connections are the likeliest to be still open; or new ones.
  std::unique_ptr<CurlExchanges> take() {
    if (auto idle = take_idle()) return idle;
    return std::make_unique<CurlExchanges>(options_, share_);
  }

  void keep(std::unique_ptr<CurlExchanges> exchanges) noexcept {
    const std::lock_guard lock(mutex_);
    try {
      idle_.push_back(std::move(exchanges));
    } catch (const std::bad_alloc&) {  // then they are not kept
    }
  }

 private:
  std::unique_ptr<CurlExchanges> take_idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto exchanges = std::move(idle_.back());
    idle_.pop_back();
    return exchanges;
  }

  CurlOptions options_;
  CurlShare share_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlExchanges>> idle_;
};

}}}  // namespace mobivate::v0::detail
