#include "known_rows.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>

namespace bulk {

namespace {

constexpr std::size_t most_recent = 32'768;
constexpr std::uint32_t largest_line = (1U << 29U) - 1;

std::uint64_t hash(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

std::uint16_t hash_of_others(const mobivate::UnsubscribeRequest& request) {
  std::uint64_t all = hash(request.campaign);
  const auto add = [&all](std::uint64_t value) { all = all * 1'000'003 + value; };
  add(hash(request.provider));
  add(request.amount ? *request.amount + 1ULL : 0);
  add(request.frequency ? *request.frequency + 1ULL : 0);
  add(static_cast<std::uint64_t>(request.stop));
  return static_cast<std::uint16_t>((all ^ all >> 16U ^ all >> 32U ^ all >> 48U) & 0xFFFFU);
}

/// Finds repeated entries. They must be sorted by `whole`, and then by `part`.
template <class Entries, class Member>
Repeated repeated(const Entries& entries, Member whole, Member part) {
  Repeated result;
  for (auto it = entries.begin(); it != entries.end();) {
    const auto first = std::find_if(it, entries.end(), [](auto& e) { return e.row.line != 0; });
    const auto end = std::find_if(first, entries.end(),
                                  [&](const auto& e) { return e.*whole != (*first).*whole; });
    const auto other = std::find_if(
        first, end, [&](const auto& e) { return e.row.line != 0 && e.*part != (*first).*part; });
    if (other != end && ++result.count == 1) {
      result.line = std::min(first->row.line, other->row.line);
      result.other_line = std::max(first->row.line, other->row.line);
    }
    it = end;
  }
  return result;
}

}  // namespace

std::size_t KnownRows::Hash::operator()(const RowKey& key) const {
  return static_cast<std::size_t>(key.destination ^ (key.reference * 31) ^ key.service);
}

void KnownRow::meet(std::size_t on_line, const mobivate::UnsubscribeRequest& request) {
  line = static_cast<std::uint32_t>(std::min<std::size_t>(on_line, largest_line)) & largest_line;
  others = hash_of_others(request);
}

bool KnownRow::is_identical(const mobivate::UnsubscribeRequest& request) const {
  return others == hash_of_others(request);
}

RowKey KnownRows::key(const mobivate::UnsubscribeRequest& request) {
  constexpr std::size_t most_services = 65'535;
  RowKey key{hash(request.destination), hash(request.reference), most_services};
  if (service_ == services_.end() || service_->first.first != request.source ||
      service_->first.second != request.keyword) {
    service_ = services_.find({request.source, request.keyword});
    if (service_ == services_.end() && services_.size() < most_services) {
      const auto next = static_cast<std::uint16_t>(services_.size());
      service_ = services_.try_emplace({request.source, request.keyword}, next).first;
    }
  }
  if (service_ != services_.end()) {
    key.service = service_->second;
  } else {  // more services than a number can name
    key.reference ^= hash(request.keyword) + request.source;
  }
  return key;
}

KnownRow& KnownRows::operator[](const RowKey& key) {
  if (const auto found = recent_.find(key); found != recent_.end()) return found->second;
  if (KnownRow* const row = find_sorted(key)) return *row;
  if (recent_.size() == most_recent) merge();
  return recent_.try_emplace(key).first->second;
}

KnownRow* KnownRows::find_sorted(const RowKey& key) {
  const auto found =
      std::lower_bound(sorted_.begin(), sorted_.end(), key,
                       [](const Entry& a, const RowKey& b) { return a.order() < b.order(); });
  const bool is_there = found != sorted_.end() && found->order() == key.order();
  return is_there ? &found->row : nullptr;
}

std::size_t KnownRows::count(Journalled state) {
  merge();
  return static_cast<std::size_t>(
      std::count_if(sorted_.begin(), sorted_.end(), [state](const Entry& entry) {
        return entry.row.journalled() == state && entry.row.line == 0;
      }));
}

Repeated KnownRows::repeated_destinations() {
  merge();
  return repeated(sorted_, &Entry::destination, &Entry::reference);
}

Repeated KnownRows::repeated_references() {
  merge();
  std::sort(sorted_.begin(), sorted_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.reference, a.destination) < std::tie(b.reference, b.destination);
  });
  return repeated(sorted_, &Entry::reference, &Entry::destination);
}

void KnownRows::merge() {
  const auto less = [](const Entry& a, const Entry& b) { return a.order() < b.order(); };
  const auto before = static_cast<std::ptrdiff_t>(sorted_.size());
  for (auto& [key, row] : recent_) {
    row.service = key.service;
    sorted_.push_back({key.destination, key.reference, row});
  }
  recent_.clear();
  std::sort(sorted_.begin() + before, sorted_.end(), less);
  std::inplace_merge(sorted_.begin(), sorted_.begin() + before, sorted_.end(), less);
}

}  // namespace bulk
