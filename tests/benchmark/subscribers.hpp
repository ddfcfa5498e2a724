#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <mobivate/unsubscribe_request.hpp>

namespace benchmark {

inline constexpr std::string_view account_id{"43e36f50aaf111e272639171000000a9"};
inline constexpr std::string_view api_key{"3b41d767316541bacef19d1382ac1e12"};

/// The request of the NDOI page, with a reference of its own.
inline mobivate::UnsubscribeRequest request(std::size_t number) {
  mobivate::UnsubscribeRequest request;
  request.source = 12345;
  request.destination = "254743210492";
  request.keyword = "mv-100620006";
  request.frequency = 7;
  request.amount = 100;
  request.campaign = "Test";
  request.provider = "safaricom";
  request.reference = std::to_string(number);
  return request;
}

/// Hands out the same few items again and again, made beforehand: making them is not measured.
template <class Item>
class Supply {
 public:
  template <class Make>
  explicit Supply(Make make) {
    for (std::size_t number = 0; number < items; ++number) {
      items_.push_back(make(first_number + number));
    }
  }

  const Item& next() { return items_[next_++ % items]; }

 private:
  static constexpr std::size_t items = 4096;
  static constexpr std::size_t first_number = 1'000'000;  // all of one length

  std::vector<Item> items_;
  std::size_t next_ = 0;
};

}  // namespace benchmark
