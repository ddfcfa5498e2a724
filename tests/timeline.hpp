#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mobivate/detail/cancelled.hpp>
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

class FakeClock {
 public:
  explicit FakeClock(std::shared_ptr<Timeline> timeline) : timeline_(std::move(timeline)) {}

  auto now() const { return timeline_->now; }
  auto date() const { return timeline_->date; }
  auto random() const { return timeline_->random; }
  bool sleep(Duration duration, const std::function<bool()>& cancelled) const {
    timeline_->waits.push_back(duration);
    timeline_->now += duration;
    return !(cancelled && cancelled());
  }

 private:
  std::shared_ptr<Timeline> timeline_;
};

/// What one attempt comes to, and how long it takes.
struct Step {
  mobivate::TransportResult answer;
  Duration takes{0};
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

  std::shared_ptr<mobivate::Exchanges> open_exchanges() override {
    if (only_send) return nullptr;
    return std::make_shared<Simulation>(*this);
  }

  bool only_send = false;
  std::vector<Time> starts;  ///< Of all requests.
  std::size_t most_under_way = 0;

 private:
  class Simulation : public mobivate::Exchanges {
   public:
    explicit Simulation(SimulatedTransport& transport) : transport_(transport) {}

    void start(std::size_t id, const mobivate::HttpRequest& request) override {
      Step step = transport_.answer_(request);
      transport_.starts.push_back(now());
      if (step.takes > request.timeout) {
        step = {mobivate::TransportError{mobivate::TransportError::Kind::timeout, true, "x"},
                request.timeout};
      }
      under_way_[id] = {now() + step.takes, std::move(step.answer)};
      transport_.most_under_way = std::max(transport_.most_under_way, under_way_.size());
    }

    void wait(std::chrono::milliseconds longest, std::vector<Ended>& ended) override {
      Time end = now() + longest;
      for (const auto& [id, exchange] : under_way_) end = std::min(end, exchange.end);
      now() = std::max(now(), end);
      for (auto it = under_way_.begin(); it != under_way_.end();) {
        if (it->second.end > now()) {
          ++it;
          continue;
        }
        ended.push_back({it->first, std::move(it->second.answer), nullptr});
        it = under_way_.erase(it);
      }
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
    };

    Time& now() { return transport_.timeline_->now; }

    SimulatedTransport& transport_;
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
