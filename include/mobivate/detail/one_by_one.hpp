#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

#include <mobivate/detail/cancelled.hpp>
#include <mobivate/transport.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Exchanges over a transport that has only `send`: one at a time.
template <class Clock>
class OneByOne final : public Exchanges {
 public:
  OneByOne(Transport& transport, const Clock& clock) : transport_(transport), clock_(clock) {}

  void start(std::size_t id, const HttpRequest& request) override {
    id_ = id;
    request_ = &request;
  }

  void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) override {
    if (request_ == nullptr) {
      constexpr std::chrono::milliseconds longest_sleep = std::chrono::minutes(1);
      static_cast<void>(clock_.sleep((std::min)(longest, longest_sleep),
                                     [this] { return woken_.exchange(false); }));
      return;
    }
    const HttpRequest& request = *request_;
    request_ = nullptr;
    Ended end{id_, {}, nullptr};
    try {
      end.result = transport_.send(request);
    } catch (...) {
      end.thrown = std::current_exception();
    }
    ended.push_back(std::move(end));
  }

  [[nodiscard]] TransportError stop(std::size_t /*id*/) override {
    request_ = nullptr;
    return cancelled(false);
  }

  void wake() noexcept override { woken_ = true; }

 private:
  Transport& transport_;
  const Clock& clock_;
  const HttpRequest* request_ = nullptr;
  std::size_t id_ = 0;
  std::atomic<bool> woken_{false};
};

}}}  // namespace mobivate::v0::detail
