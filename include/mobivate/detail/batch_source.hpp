#pragma once

#include <functional>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// The next request of a batch, or nothing after the last.
using NextRequest = std::function<std::optional<UnsubscribeRequest>()>;

/// Told of each result of a batch.
using OnResult = std::function<void(const UnsubscribeRequest&, const UnsubscribeResult&)>;

/// What `unsubscribe_all` can call for the next request.
template <class Source>
inline constexpr bool is_next_function =
    std::is_invocable_r_v<std::optional<UnsubscribeRequest>, Source&>;

template <class Source, class = void>
inline constexpr bool is_range = false;

template <class Source>
inline constexpr bool is_range<Source, std::void_t<decltype(std::begin(std::declval<Source&>())),
                                                   decltype(std::end(std::declval<Source&>()))>> =
    std::is_convertible_v<decltype(*std::begin(std::declval<Source&>())), UnsubscribeRequest>;

/// A function that returns one element of the range after the other, then nothing.
template <class Range>
auto next_of(Range& range) {
  return [at = std::begin(range),
          end = std::end(range)]() mutable -> std::optional<UnsubscribeRequest> {
    if (at == end) return std::nullopt;
    std::optional<UnsubscribeRequest> request(*at);
    ++at;
    return request;
  };
}

}}}  // namespace mobivate::v0::detail
