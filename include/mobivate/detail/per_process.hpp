#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#ifndef _WIN32
#include <unistd.h>
#endif

namespace mobivate::detail {

/// Returns a number that differs between a process and its forked child.
inline long process_id() noexcept {
#ifdef _WIN32
  return 0;  // Windows has no fork
#else
  return getpid();
#endif
}

/// An object that each process makes for itself. A forked child makes a new one and never touches
/// its parent's: threads that the child does not have may hold its locks, and its connections
/// belong to the parent.
template <class Object>
class PerProcess {
 public:
  explicit PerProcess(std::function<std::shared_ptr<Object>()> make) : make_(std::move(make)) {}

  /// Returns this process's object. The first call makes it.
  [[nodiscard]] std::shared_ptr<Object> get() {
    // No lock: another thread could hold it at the fork.
    Entry* entry = current_;
    if (is_ours(entry)) return entry->object;
    auto made = std::make_unique<Entry>(Entry{process_id(), make_(), nullptr});
    if (!current_.compare_exchange_strong(entry, made.get())) return entry->object;
    keep(entry);
    return made.release()->object;
  }

  /// Releases the object if it belongs to this process.
  ~PerProcess() {
    if (is_ours(current_)) {
      const std::unique_ptr<Entry> ours(current_);
    } else {
      keep(current_);
    }
  }

  /// Keeps the object for ever; the destructor then does nothing.
  void abandon() noexcept { keep(current_.exchange(nullptr)); }

  PerProcess(const PerProcess&) = delete;
  PerProcess& operator=(const PerProcess&) = delete;
  PerProcess(PerProcess&&) = delete;
  PerProcess& operator=(PerProcess&&) = delete;

 private:
  struct Entry {
    long process;
    std::shared_ptr<Object> object;
    Entry* next;
  };

  static bool is_ours(const Entry* entry) noexcept {
    return entry != nullptr && entry->process == process_id();
  }

  /// Keeps an object that must not be destroyed in a list, so that no tool reports a leak.
  static void keep(Entry* entry) noexcept {
    static std::atomic<Entry*> kept{nullptr};
    if (entry == nullptr) return;
    entry->next = kept;
    while (!kept.compare_exchange_weak(entry->next, entry)) {
    }
  }

  std::function<std::shared_ptr<Object>()> make_;
  std::atomic<Entry*> current_{nullptr};
};

}  // namespace mobivate::detail
