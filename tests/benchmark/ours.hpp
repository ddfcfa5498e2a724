#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

#include <mobivate/doi_client.hpp>

#include "server.hpp"
#include "subscribers.hpp"

/// The library, used as its README says.
namespace benchmark::ours {

inline mobivate::DoiClient client(const Server& server, std::size_t max_in_flight = 128) {
  mobivate::ClientOptions options;
  options.max_in_flight = max_in_flight;
  options.base_url = server.base_url;
  options.account_id = std::string(account_id);
  options.api_key = mobivate::Secret(std::string(api_key));
  mobivate::CurlOptions curl;
  curl.ca_bundle = server.certificate;
  return mobivate::DoiClient(options, std::make_shared<mobivate::CurlTransport>(curl));
}

inline void check(const mobivate::UnsubscribeResult& result) {
  if (!std::holds_alternative<mobivate::Accepted>(result)) {
    throw std::runtime_error(to_string(result));
  }
}

/// `unsubscribe`, one after the other.
class Single {
 public:
  explicit Single(const Server& server) : requests_(request), client_(client(server)) {}

  void run(std::size_t requests) {
    for (std::size_t done = 0; done < requests; ++done) {
      check(client_.unsubscribe(requests_.next()));
    }
  }

 private:
  Supply<mobivate::UnsubscribeRequest> requests_;
  mobivate::DoiClient client_;
};

/// `unsubscribe_all`.
class Batch {
 public:
  Batch(const Server& server, std::size_t in_flight) : requests_(request), client_(client(server)) {
    options_.max_in_flight = in_flight;
  }

  void run(std::size_t requests) {
    const auto next = [&]() -> std::optional<mobivate::UnsubscribeRequest> {
      if (requests == 0) return std::nullopt;
      --requests;
      return requests_.next();
    };
    const auto on_result = [](const mobivate::UnsubscribeRequest& /*request*/,
                              const mobivate::UnsubscribeResult& result) { check(result); };
    static_cast<void>(client_.unsubscribe_all(next, on_result, options_));
  }

 private:
  Supply<mobivate::UnsubscribeRequest> requests_;
  mobivate::DoiClient client_;
  mobivate::BatchOptions options_;
};

/// `unsubscribe_async` with a callback, each of which starts the next call.
class Callbacks {
 public:
  Callbacks(const Server& server, std::size_t in_flight)
      : requests_(request), in_flight_(in_flight), client_(client(server, in_flight)) {}

  void run(std::size_t requests) {
    to_start_ = requests;
    to_end_ = requests;
    for (std::size_t i = 0; i < in_flight_; ++i) start_next();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return to_end_ == 0; });
  }

 private:
  void start_next() {
    {
      const std::lock_guard lock(mutex_);
      if (to_start_ == 0) return;
      --to_start_;
    }
    client_.unsubscribe_async(next(), [this](const mobivate::UnsubscribeResult& result) {
      check(result);
      start_next();
      const std::lock_guard lock(mutex_);
      if (--to_end_ == 0) ended_.notify_one();
    });
  }

  const mobivate::UnsubscribeRequest& next() {
    const std::lock_guard lock(mutex_);
    return requests_.next();
  }

  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t to_start_ = 0;
  std::size_t to_end_ = 0;
  Supply<mobivate::UnsubscribeRequest> requests_;
  std::size_t in_flight_;
  mobivate::DoiClient client_;
};

}  // namespace benchmark::ours
