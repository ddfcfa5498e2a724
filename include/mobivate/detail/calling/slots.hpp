#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <mobivate/detail/calling/call.hpp>
#include <mobivate/transport.hpp>

namespace mobivate::detail {

/// Slots for the calls in flight, numbered from 0. Each slot costs a libcurl handle, so a new one
/// is made only if all are taken.
class Slots {
 public:
  struct Slot {
    HttpRequest http{};
    std::unique_ptr<Call> call{};
    bool is_under_way = false;  ///< The `Multi` is sending it and has not returned its end.
  };

  /// `headers` are the first header fields of each request.
  explicit Slots(const Headers& headers) : headers_(headers) {}

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  [[nodiscard]] std::size_t taken() const noexcept { return slots_.size() - free_.size(); }
  [[nodiscard]] Slot& operator[](std::size_t id) { return *slots_[id]; }

  /// Returns a free slot. Of the free ones it is the one used last: its connection is the most
  /// likely to be open still.
  [[nodiscard]] std::size_t next_free() {
    if (free_.empty()) {
      free_.reserve(slots_.size() + 1);  // so that `give_back` can't fail
      slots_.push_back(std::make_unique<Slot>());
      slots_.back()->http.headers = headers_;
      free_.push_back(slots_.size() - 1);
    }
    return free_.back();
  }

  /// Takes the slot that `next_free` returned.
  void take(std::unique_ptr<Call> call) {
    slots_[free_.back()]->call = std::move(call);
    free_.pop_back();
  }

  /// Frees a slot, and drops everything that the user gave the call.
  [[nodiscard]] std::unique_ptr<Call> give_back(std::size_t id) {
    Slot& slot = *slots_[id];
    slot.http.cancelled = nullptr;
    slot.http.headers.resize(headers_.size());
    free_.push_back(id);
    return std::move(slot.call);
  }

 private:
  const Headers& headers_;
  std::vector<std::unique_ptr<Slot>> slots_{};
  std::vector<std::size_t> free_{};
};

}  // namespace mobivate::detail
