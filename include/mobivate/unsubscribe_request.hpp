#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <mobivate/detail/config.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

/// How the URL ends: `&stop` or `&stop=1`. No value leaves `stop` out, because the same URL without
/// `stop` subscribes the person and bills them. Source: the NDOI page and the Kenya page.
enum class Stop {
  flag,  ///< `&stop`, for Network Double Opt-in (NDOI).
  one,   ///< `&stop=1`, for Web Opt-In Kenya.
};

/// A request to stop one subscriber's billing. The URL leaves out optional fields that are empty.
/// Source: the NDOI page (*Network Double Opt-in (NDOI) Unsubscribe*) and the Kenya page (*MNO Web
/// Opt-In Kenya: Unsubscribing users from your service*).
struct UnsubscribeRequest {
  std::uint32_t source{0};  ///< The service's shortcode, for example 12345. 1 or more. Required.

  /// The subscriber: the MSISDN with country code, without + or leading zeros; or the hashed number
  /// that the operator gave you. 1 to 64 characters of 0-9, A-Z and a-z. Required.
  std::string destination{};
  std::string keyword{};                     ///< The service's keyword. 1 to 256 bytes. Required.
  std::optional<std::uint32_t> amount{};     ///< Cents, 0 or more. NDOI: required.
  std::optional<std::uint32_t> frequency{};  ///< Days between billings. 1 or more. Optional.
  std::string campaign{};   ///< Your name for the campaign. Up to 256 bytes. Optional.
  std::string provider{};   ///< Network, like `safaricom`. Up to 256 bytes. NDOI: required.
  std::string reference{};  ///< Your unique reference. 1 to 256 bytes. Required.
  Stop stop = Stop::flag;   ///< The flow of your service. Mobivate tells you which.
};

/// Returns the first field, in the order of declaration, that can't be sent. Returns nothing if the
/// request is valid. `InvalidRequest::reason` says what is wrong and what to write instead. Safe to
/// call from many threads at once.
[[nodiscard]] std::optional<InvalidRequest> validate(const UnsubscribeRequest& request);

/// Whether all fields are equal.
[[nodiscard]] inline bool operator==(const UnsubscribeRequest& a, const UnsubscribeRequest& b) {
  return a.source == b.source && a.destination == b.destination && a.keyword == b.keyword &&
         a.amount == b.amount && a.frequency == b.frequency && a.campaign == b.campaign &&
         a.provider == b.provider && a.reference == b.reference && a.stop == b.stop;
}

/// Whether a field differs.
[[nodiscard]] inline bool operator!=(const UnsubscribeRequest& a, const UnsubscribeRequest& b) {
  return !(a == b);
}

}  // namespace mobivate

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/protocol/validate.ipp>
#endif
