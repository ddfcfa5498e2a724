// An object for each process. process_test.cpp has what a fork does to it.

#include <mobivate/detail/per_process.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "catch.hpp"

using mobivate::detail::PerProcess;

namespace {

/// Counts how often it was made, and how many are there.
struct Counted {
  Counted() {
    ++made;
    ++alive;
  }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  static std::atomic<int> made;
  static std::atomic<int> alive;
};
std::atomic<int> Counted::made{0};
std::atomic<int> Counted::alive{0};

std::shared_ptr<Counted> make() {
  return std::make_shared<Counted>();
}

}  // namespace

TEST_CASE("A process's object is made with the first call, once, and goes with its owner") {
  Counted::made = 0;
  std::shared_ptr<Counted> kept;
  {
    PerProcess<Counted> object(make);
    CHECK(Counted::made == 0);
    kept = object.get();
    CHECK(object.get() == kept);
    CHECK(Counted::made == 1);
  }
  CHECK(Counted::alive == 1);
  kept.reset();
  CHECK(Counted::alive == 0);
  { const PerProcess<Counted> never_used(make); }
  CHECK(Counted::made == 1);
}

TEST_CASE("A process's object that was abandoned is never destroyed") {
  Counted::alive = 0;
  {
    PerProcess<Counted> object(make);
    static_cast<void>(object.get());
    PerProcess<Counted> other(make);
    static_cast<void>(other.get());
    PerProcess<Counted> unused(make);
    object.abandon();
    other.abandon();
    unused.abandon();
  }
  CHECK(Counted::alive == 2);
}

TEST_CASE("Threads that ask for a process's object at once get the same") {
  for (int round = 0; round < 10; ++round) {
    PerProcess<Counted> object([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // until all are in here
      return make();
    });
    std::atomic<bool> starts{false};
    std::vector<std::shared_ptr<Counted>> got(4);
    std::vector<std::thread> threads;
    for (auto& mine : got) {
      threads.emplace_back([&] {
        while (!starts) std::this_thread::yield();
        mine = object.get();
      });
    }
    starts = true;
    for (auto& thread : threads) thread.join();
    for (const auto& mine : got) REQUIRE(mine == object.get());
  }
}
