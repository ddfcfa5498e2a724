#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <mobivate/detail/multi.hpp>
#include <mobivate/transport.hpp>

namespace support {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// A clock that stands still unless it is told to go on, and what was asked of it.
struct Timeline {
  Time now{std::chrono::hours(1000)};
  std::time_t date = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
  double random = 1;
  std::vector<Duration> waits;
};

class FakeClock : public mobivate::detail::Clock {
 public:
  explicit FakeClock(std::shared_ptr<Timeline> timeline) : timeline_(std::move(timeline)) {}

  Time now() const override { return timeline_->now; }
  std::time_t date() const override { return timeline_->date; }
  double random() const override { return timeline_->random; }
  void wait(std::condition_variable& /*woken*/, std::unique_lock<std::mutex>& /*lock*/,
            std::chrono::milliseconds longest) const override {
    timeline_->waits.emplace_back(longest);
    timeline_->now += longest;
  }

 private:
  std::shared_ptr<Timeline> timeline_;
};

/// What one attempt comes to, and how long it takes.
struct Step {
  mobivate::TransportResult answer;
  Duration takes{0};
  bool retry_at_once = false;
  bool wants_new_connection = false;
};

class ScriptedTransport : public mobivate::Transport {
 public:
  ScriptedTransport(std::shared_ptr<Timeline> timeline, std::vector<Step> script)
      : timeline_(std::move(timeline)), script_(std::move(script)) {}

  mobivate::TransportResult send(const mobivate::HttpRequest& request) override {
    const Step& step = script_.at(requests.size());
    requests.push_back(request);
    timeline_->now += step.takes;
    return step.answer;
  }

  std::vector<mobivate::HttpRequest> requests;

 private:
  std::shared_ptr<Timeline> timeline_;
  std::vector<Step> script_;
};

/// Keeps many requests under way, in the timeline's time.
class SimulatedTransport : public mobivate::Transport {
 public:
  /// What a request comes to.
  using Answer = std::function<Step(const mobivate::HttpRequest&)>;

  SimulatedTransport(std::shared_ptr<Timeline> timeline, Answer answer)
      : timeline_(std::move(timeline)), answer_(std::move(answer)) {}

  mobivate::TransportResult send(const mobivate::HttpRequest& request) override {
    starts.push_back(timeline_->now);
    const Step step = answer_(request);
    timeline_->now += step.takes;
    return step.answer;
  }

  std::shared_ptr<mobivate::detail::Multi> open_multi() override {
    if (only_send) return nullptr;
    return std::make_shared<Simulation>(*this);
  }

  bool only_send = false;
  std::vector<Time> starts;             ///< Of all requests.
  std::vector<bool> on_new_connection;  ///< Whether each was to be.
  int waits = 0;                        ///< Those that may take time.
  std::size_t most_under_way = 0;
  std::size_t largest_id = 0;
  Duration longest_neglect{0};  ///< How long requests under way were not looked after.

 private:
  class Simulation : public mobivate::detail::Multi {
   public:
    explicit Simulation(SimulatedTransport& transport) : transport_(transport) {}

    void start(std::size_t id, const mobivate::HttpRequest& request, bool on_new) override {
      transport_.on_new_connection.push_back(on_new);
      Step step = transport_.answer_(request);
      transport_.starts.push_back(now());
      transport_.largest_id = std::max(transport_.largest_id, id);
      if (under_way_.empty()) tended_ = now();
      if (step.takes > request.timeout) {
        step = {mobivate::TransportError{mobivate::TransportError::Kind::timeout, true, "x"},
                request.timeout};
      }
      under_way_[id] = {now() + step.takes, std::move(step.answer), step.retry_at_once,
                        step.wants_new_connection};
      transport_.most_under_way = std::max(transport_.most_under_way, under_way_.size());
    }

    void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) override {
      if (longest.count() > 0) ++transport_.waits;
      if (!under_way_.empty()) {
        transport_.longest_neglect = std::max(transport_.longest_neglect, now() - tended_);
      }
      Time end = now() + longest;
      for (const auto& [id, exchange] : under_way_) end = std::min(end, exchange.end);
      now() = std::max(now(), end);
      for (auto it = under_way_.begin(); it != under_way_.end();) {
        if (it->second.end > now()) {
          ++it;
          continue;
        }
        ended.push_back({it->first, std::move(it->second.answer), nullptr, it->second.retry_at_once,
                         it->second.wants_new_connection});
        it = under_way_.erase(it);
      }
      tended_ = now();
    }

    mobivate::TransportError stop(std::size_t id) override {
      under_way_.erase(id);
      return mobivate::detail::cancelled(true);
    }

    void wake() noexcept override {}

   private:
    struct Exchange {
      Time end;
      mobivate::TransportResult answer;
      bool retry_at_once;
      bool wants_new_connection;
    };

    Time& now() { return transport_.timeline_->now; }

    SimulatedTransport& transport_;
    Time tended_{};
    std::map<std::size_t, Exchange> under_way_;
  };

  std::shared_ptr<Timeline> timeline_;
  Answer answer_;
};

inline Step status(int status, std::string retry_after = {}) {
  return {mobivate::HttpResponse{status, "", std::move(retry_after)}};
}

inline Step failure(mobivate::TransportError::Kind kind, bool maybe_delivered) {
  return {mobivate::TransportError{kind, maybe_delivered, "x"}};
}

inline Step accepted() {
  return {mobivate::HttpResponse{200, "MT-1", {}}};
}

}  // namespace support
