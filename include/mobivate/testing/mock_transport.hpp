#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mobivate/transport.hpp>

/// For the unit tests of programs that use the library.
namespace mobivate { inline namespace v0 { namespace testing {

/// A transport for your own unit tests: it sends nothing, hands out the answers you queued in the
/// order you queued them, and keeps every request. Safe to use from many threads at once.
///
///     auto gateway = std::make_shared<mobivate::testing::MockTransport>();
///     gateway->reply(200, R"({"200": "MT-1"})").reply(200, R"({"error": "541"})");
///     mobivate::DoiClient client(options, gateway);
class MockTransport : public Transport {
 public:
  /// Queues an answer. `retry_after` is that header's value: seconds or an HTTP date.
  MockTransport& reply(int status, std::string body, std::string retry_after = {}) {
    return queue(HttpResponse{status, std::move(body), std::move(retry_after)});
  }

  /// Queues a network failure.
  MockTransport& fail(TransportError error) { return queue(std::move(error)); }

  /// All requests so far, in the order they were sent, with their real (unmasked) URLs.
  [[nodiscard]] std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  /// Hands out the next answer. Throws `std::logic_error`, saying how many requests were sent and
  /// answers queued, when none is left: the code under test sent more than expected.
  [[nodiscard]] TransportResult send(const HttpRequest& request) override {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (answers_.empty()) {
      const std::size_t queued = handed_out_;
      throw std::logic_error("MockTransport: request " + std::to_string(requests_.size()) +
                             " was sent, but " + std::to_string(queued) +
                             (queued == 1 ? " answer was" : " answers were") +
                             " queued; queue another with reply() or fail()");
    }
    TransportResult answer = std::move(answers_.front());
    answers_.pop_front();
    ++handed_out_;
    return answer;
  }

 private:
  MockTransport& queue(TransportResult answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
    return *this;
  }

  mutable std::mutex mutex_;
  std::deque<TransportResult> answers_;
  std::vector<HttpRequest> requests_;
  std::size_t handed_out_ = 0;
};

}}}  // namespace mobivate::v0::testing
