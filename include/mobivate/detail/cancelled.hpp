#pragma once

#include <chrono>

#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// How often a wait looks whether it was cancelled: twice as often as promised.
inline constexpr std::chrono::milliseconds cancellation_interval{50};

inline TransportError cancelled(bool maybe_delivered) {
  return {TransportError::Kind::cancelled, maybe_delivered, "cancelled by the caller"};
}

}}}  // namespace mobivate::v0::detail
