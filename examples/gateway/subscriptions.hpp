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
  std::string stop_reference{};   ///< Reference of the request that stopped it.
  std::string stop_message_id{};  ///< Message id in the answer to that request.
};

const char* to_string(Subscription::State state);

/// The answer to a request.
struct Outcome {
  int code = 200;    ///< 200, 541 or 590.
  std::string text;  ///< The message id, or the reason of a refusal.
};

/// The services of the gateway and their subscribers. Safe to use from many threads at once.
class Subscriptions {
 public:
  void add_service(std::uint32_t source, std::string keyword);

  /// Adds a subscription and bills nobody. Adds its service too, if it is new.
  void add(Subscription subscription);

  /// Subscribes the person and bills them, as a GET without `stop` does.
  Outcome subscribe(std::uint32_t source, const std::string& keyword,
                    const std::string& destination, std::uint64_t amount_cents);

  /// Stops the subscriber, as a GET with `stop` does. A repeated reference gets the same answer.
  Outcome stop(std::uint32_t source, const std::string& keyword, const std::string& destination,
               const std::string& reference);

  /// Returns all subscriptions, ordered by source, keyword and destination.
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
