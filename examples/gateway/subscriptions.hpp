#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace local_gateway {

/// One person's subscription to one service.
struct Subscription {
  enum class State { active, pending /* double opt-in not confirmed */, stopped };

  std::uint32_t source = 0;
  std::string keyword{};
  std::string destination{};
  State state = State::active;
  std::uint64_t billed_cents = 0;
  std::string stop_reference{};   ///< Of the request that stopped it.
  std::string stop_message_id{};  ///< The answer to that request.
};

const char* to_string(Subscription::State state);

/// What a request to the gateway comes to.
struct Outcome {
  int code = 200;    ///< 200, 541 or 590.
  std::string text;  ///< The message id, or what went wrong.
};

/// The gateway's memory: services, and who is subscribed to them. Safe to use from many threads.
class Subscriptions {
 public:
  void add_service(std::uint32_t source, std::string keyword);

  /// Puts a subscription in place without billing anybody; adds the service if it is new.
  void add(Subscription subscription);

  /// What a GET without `stop` does: subscribes the person and bills them.
  Outcome subscribe(std::uint32_t source, const std::string& keyword,
                    const std::string& destination, std::uint64_t amount_cents);

  /// What a GET with `stop` does. The same reference again gets the same answer.
  Outcome stop(std::uint32_t source, const std::string& keyword, const std::string& destination,
               const std::string& reference);

  /// Everything known, in the order of source, keyword, destination.
  std::vector<Subscription> all() const;

 private:
  using Service = std::pair<std::uint32_t, std::string>;
  using Key = std::tuple<std::uint32_t, std::string, std::string>;

  std::string next_message_id();

  mutable std::mutex mutex_;
  std::set<Service> services_;
  std::map<Key, Subscription> subscriptions_;
  std::uint64_t messages_ = 0;
};

}  // namespace local_gateway
