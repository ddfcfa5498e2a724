#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <utility>

#include <mobivate/detail/calling/call.hpp>
#include <mobivate/detail/multi.hpp>

namespace mobivate::detail {

/// Calls that wait to be sent, ordered by the time when they are due. Of two that are due at the
/// same time, the one added first comes first.
class WaitingCalls {
 public:
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return cancellable_.size() + others_.size(); }

  void add(Time due, std::unique_ptr<Call> call) {
    if (call->can_be_cancelled()) {
      cancellable_.emplace(due, std::move(call));
      return;
    }
    const Time end = call->end();
    others_.emplace(due, std::move(call));
    first_end_ = (std::min)(first_end_, end);
  }

  // Call these only if there is a call.

  [[nodiscard]] Time first_due() { return queue_of_first().begin()->first; }
  [[nodiscard]] Call& first() { return *queue_of_first().begin()->second; }
  [[nodiscard]] std::unique_ptr<Call> take_first() {
    Queue& queue = queue_of_first();
    auto call = std::move(queue.begin()->second);
    queue.erase(queue.begin());
    return call;
  }

  /// Passes each call that may be cancelled, or whose time may be over, to `take`. `take` returns
  /// true if it has moved the call away. All other calls cost no time.
  template <class Take>
  void look(Time now, Take take) {
    look_through(cancellable_, take);
    if (now < first_end_) return;
    first_end_ = look_through(others_, take);
  }

 private:
  using Queue = std::multimap<Time, std::unique_ptr<Call>>;

  [[nodiscard]] Queue& queue_of_first() {
    if (cancellable_.empty()) return others_;
    if (others_.empty()) return cancellable_;
    return cancellable_.begin()->first < others_.begin()->first ? cancellable_ : others_;
  }

  /// Returns the earliest end of the calls that stay.
  template <class Take>
  static Time look_through(Queue& queue, Take& take) {
    Time first_end = (Time::max)();
    for (auto it = queue.begin(); it != queue.end();) {
      if (take(it->second)) {
        it = queue.erase(it);
      } else {
        first_end = (std::min)(first_end, it->second->end());
        ++it;
      }
    }
    return first_end;
  }

  Queue cancellable_{};
  Queue others_{};
  Time first_end_ = (Time::max)();  ///< No call of `others_` ends before it.
};

}  // namespace mobivate::detail
