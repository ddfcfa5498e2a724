#include "subscriptions.hpp"

#include <iomanip>
#include <sstream>

namespace local_gateway {

const char* to_string(Subscription::State state) {
  switch (state) {
    case Subscription::State::active:
      return "subscribed";
    case Subscription::State::pending:
      return "waiting for double opt-in";
    case Subscription::State::stopped:
      break;
  }
  return "stopped";
}

void Subscriptions::add_service(std::uint32_t source, std::string keyword) {
  const std::lock_guard lock(mutex_);
  services_.emplace(source, std::move(keyword));
}

void Subscriptions::add(Subscription subscription) {
  const std::lock_guard lock(mutex_);
  services_.emplace(subscription.source, subscription.keyword);
  Key key{subscription.source, subscription.keyword, subscription.destination};
  subscriptions_.insert_or_assign(std::move(key), std::move(subscription));
}

Outcome Subscriptions::subscribe(std::uint32_t source, const std::string& keyword,
                                 const std::string& destination, std::uint64_t amount_cents) {
  const std::lock_guard lock(mutex_);
  if (services_.count({source, keyword}) == 0) return {590, "keyword not found"};
  Subscription& subscription = subscriptions_[{source, keyword, destination}];
  subscription.source = source;
  subscription.keyword = keyword;
  subscription.destination = destination;
  subscription.state = Subscription::State::active;
  subscription.billed_cents += amount_cents;
  return {200, next_message_id()};
}

Outcome Subscriptions::stop(std::uint32_t source, const std::string& keyword,
                            const std::string& destination, const std::string& reference) {
  const std::lock_guard lock(mutex_);
  if (services_.count({source, keyword}) == 0) return {590, "keyword not found"};
  const auto found = subscriptions_.find({source, keyword, destination});
  if (found == subscriptions_.end()) return {590, "subscriber not found"};
  Subscription& subscription = found->second;
  switch (subscription.state) {
    case Subscription::State::pending:
      return {541, "waiting for double opt-in"};
    case Subscription::State::stopped:
      if (subscription.stop_reference == reference) return {200, subscription.stop_message_id};
      return {590, "subscriber not found"};
    case Subscription::State::active:
      break;
  }
  subscription.state = Subscription::State::stopped;
  subscription.stop_reference = reference;
  subscription.stop_message_id = next_message_id();
  return {200, subscription.stop_message_id};
}

std::vector<Subscription> Subscriptions::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Subscription> all;
  for (const auto& [key, subscription] : subscriptions_) all.push_back(subscription);
  return all;
}

std::string Subscriptions::next_message_id() {
  std::ostringstream id;
  id << "MT-" << std::hex << std::setfill('0') << std::setw(32) << ++messages_;
  return id.str();
}

}  // namespace local_gateway
