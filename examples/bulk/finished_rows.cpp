#include "finished_rows.hpp"

#include <algorithm>
#include <string>

#include <openssl/sha.h>

namespace bulk {

namespace {

/// With its length before it, so that no two lists of texts are written alike.
void append(std::string& all, const std::string& text) {
  all += std::to_string(text.size());
  all += ':';
  all += text;
}

void sort_unique(std::vector<RowKey>& rows) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

}  // namespace

RowKey row_key(const mobivate::UnsubscribeRequest& request) {
  std::string all;
  append(all, std::to_string(request.source));
  append(all, request.keyword);
  append(all, request.destination);
  append(all, request.reference);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest.data());
  RowKey key{};
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

void FinishedRows::add(const RowKey& row, mobivate::StopState state) {
  if (state == mobivate::StopState::accepted) accepted_.push_back(row);
  if (state == mobivate::StopState::refused) refused_.push_back(row);
}

void FinishedRows::sort() {
  sort_unique(accepted_);
  sort_unique(refused_);
}

std::optional<mobivate::StopState> FinishedRows::find(const RowKey& row) const {
  const auto among = [&row](const std::vector<RowKey>& rows) {
    return std::binary_search(rows.begin(), rows.end(), row);
  };
  if (among(accepted_)) return mobivate::StopState::accepted;
  if (among(refused_)) return mobivate::StopState::refused;
  return std::nullopt;
}

}  // namespace bulk
