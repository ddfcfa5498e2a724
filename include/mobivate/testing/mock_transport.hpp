#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <mobivate/detail/text.hpp>
#include <mobivate/transport.hpp>

/// For the unit tests of programs that use the library.
namespace mobivate::testing {

/// A transport for your unit tests. It sends nothing. It returns the answers that you queued, in
/// that order, and keeps every request. Safe to use from many threads at once.
///
///     auto gateway = std::make_shared<mobivate::testing::MockTransport>();
///     gateway->reply(200, R"({"200": "MT-1"})").reply(200, R"({"error": "541"})");
///     mobivate::DoiClient client(options, gateway);
class MockTransport : public Transport {
 public:
  /// Queues an answer. `retry_after` is the value of the `Retry-After` field: seconds or an HTTP
  /// date. Empty: no such field.
  MockTransport& reply(int status, std::string body, std::string retry_after = {}) {
    return queue(HttpResponse{status, std::move(body), std::move(retry_after)});
  }

  /// Queues a network failure.
  MockTransport& fail(TransportError error) { return queue(std::move(error)); }

  /// Delays the answer or failure that you queue next. If the request's timeout is shorter than the
  /// delay, the request ends as `Kind::timeout`. If it is cancelled meanwhile, it ends as
  /// `Kind::cancelled`. Both have `maybe_delivered` set, as on a network.
  MockTransport& after(std::chrono::milliseconds delay) {
    const std::lock_guard lock(mutex_);
    next_delay_ = delay;
    return *this;
  }

  /// Sets a function that answers each request for which no answer is queued. Use it for concurrent
  /// calls, which come in any order; `query` reads the parameters of a request. It runs on the
  /// sending thread, and several threads may call it at once.
  MockTransport& answer(std::function<TransportResult(const HttpRequest&)> by_request) {
    const std::lock_guard lock(mutex_);
    by_request_ = std::move(by_request);
    return *this;
  }

  /// Returns all requests so far, in the order of sending. Their URLs are not masked.
  [[nodiscard]] std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  /// Returns the next answer. Throws `std::logic_error` if no answer is left: the code under test
  /// sent more requests than you expected. The message has the number of requests and of answers.
  [[nodiscard]] TransportResult send(const HttpRequest& request) override {
    std::unique_lock lock(mutex_);
    requests_.push_back(request);
    if (!queue_.empty()) {
      Answer answer = std::move(queue_.front());
      queue_.pop_front();
      ++handed_out_;
      lock.unlock();
      return in_time(request, std::move(answer));
    }
    if (by_request_) {
      const auto by_request = by_request_;
      lock.unlock();
      return by_request(request);
    }
    throw std::logic_error("MockTransport: request " + std::to_string(requests_.size()) +
                           " was sent, but " + std::to_string(handed_out_) +
                           (handed_out_ == 1 ? " answer was" : " answers were") +
                           " queued; queue another with reply() or fail(), or set answer()");
  }

 private:
  using Answer = std::pair<TransportResult, std::chrono::milliseconds>;  // with its delay

  MockTransport& queue(TransportResult result) {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(std::move(result),
                        std::exchange(next_delay_, std::chrono::milliseconds(0)));
    return *this;
  }

  /// Returns the answer after its delay, or a timeout.
  static TransportResult in_time(const HttpRequest& request, Answer answer) {
    const std::chrono::milliseconds delay = answer.second;
    using Clock = std::chrono::steady_clock;
    const bool is_too_late = request.timeout.count() > 0 && delay > request.timeout;
    const auto end = Clock::now() + (is_too_late ? request.timeout : delay);
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      if (request.cancelled && request.cancelled()) {
        return TransportError{TransportError::Kind::cancelled, true, "cancelled by the caller"};
      }
      std::this_thread::sleep_for(
          (std::min)(end - now, Clock::duration(std::chrono::milliseconds(5))));
    }
    if (!is_too_late) return std::move(answer.first);
    return TransportError{TransportError::Kind::timeout, true,
                          "no answer within " + std::to_string(request.timeout.count()) + " ms"};
  }

  mutable std::mutex mutex_{};
  std::deque<Answer> queue_{};
  std::chrono::milliseconds next_delay_{0};
  std::function<TransportResult(const HttpRequest&)> by_request_{};
  std::vector<HttpRequest> requests_{};
  std::size_t handed_out_ = 0;
};

/// Returns a parameter of the request's URL, decoded: `query(request, "destination")`. Returns an
/// empty text if the parameter has no value, like `stop` in NDOI. Returns nothing if the URL does
/// not have the parameter.
[[nodiscard]] inline std::optional<std::string> query(const HttpRequest& request,
                                                      std::string_view name) {
  std::string_view rest = request.url;
  const std::size_t mark = rest.find('?');
  if (mark == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(mark + 1);
  while (!rest.empty()) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix((std::min)(rest.size(), parameter.size() + 1));
    const std::size_t equals = parameter.find('=');
    if (parameter.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string()
                                            : detail::percent_decoded(parameter.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace mobivate::testing
