#pragma once

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <mobivate/doi_client.hpp>

#include "ours.hpp"
#include "server.hpp"
#include "subscribers.hpp"

namespace benchmark {

/// One batch with every outcome in it, each compared with what its reference has to lead to: the
/// server answers by the reference's last digit, see nginx.conf.in.
class Accounting {
 public:
  explicit Accounting(std::size_t requests) : requests_(requests), seen_(largest) {}

  mobivate::BatchSummary run(const Server& server, std::size_t in_flight) {
    mobivate::BatchOptions options;
    options.max_in_flight = in_flight;
    return ours::client(server).unsubscribe_all(
        [this] { return next(); },
        [this](const mobivate::UnsubscribeRequest& request,
               const mobivate::UnsubscribeResult& result) { take(request, result); },
        options);
  }

  /// Results that are wrong, came twice, or did not come.
  [[nodiscard]] std::size_t mistakes() const { return mistakes_ + (requests_ - results_); }

  static constexpr std::size_t largest = 1'000'000;

 private:
  std::optional<mobivate::UnsubscribeRequest> next() {
    if (next_ == requests_) return std::nullopt;
    auto request = benchmark::request(next_++);
    if (request.reference.back() == '5') request.keyword.clear();
    return request;
  }

  void take(const mobivate::UnsubscribeRequest& request,
            const mobivate::UnsubscribeResult& result) {
    const std::size_t number = std::stoul(request.reference);
    const bool again = seen_.at(number);
    seen_[number] = true;
    ++results_;
    if (again || !is_right(request.reference, result)) ++mistakes_;
  }

  static bool is_right(const std::string& reference, const mobivate::UnsubscribeResult& result) {
    switch (reference.back()) {
      case '3':
        return std::holds_alternative<mobivate::SendFailed>(result);
      case '5':
        return std::holds_alternative<mobivate::InvalidRequest>(result);
      case '6':
        return std::holds_alternative<mobivate::GatewayError>(result);
      case '9':
        return std::holds_alternative<mobivate::UnexpectedResponse>(result);
      default:
        const auto* const accepted = std::get_if<mobivate::Accepted>(&result);
        return accepted != nullptr && accepted->message_id == "MT-" + reference;
    }
  }

  std::size_t requests_;
  std::size_t next_ = 0;
  std::size_t results_ = 0;
  std::size_t mistakes_ = 0;
  std::vector<bool> seen_;  // as long for a short batch: its memory is not to count
};

/// The most memory that the process has had resident so far.
inline std::size_t peak_memory_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::size_t kib = 0;
  while (status >> word) {
    if (word == "VmHWM:") status >> kib;
  }
  return kib;
}

}  // namespace benchmark
