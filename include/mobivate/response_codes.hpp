#pragma once

#include <string_view>

namespace mobivate { inline namespace v0 {

/// What a documented gateway code means; empty for a code the gateway does not document.
/// 540 to 545 also arrive later, as asynchronous delivery notifications.
/// Source: the gateway's list of response codes, linked from the NDOI page.
[[nodiscard]] constexpr std::string_view describe(int code) noexcept {
  switch (code) {
    case 200:
      return "accepted";
    case 540:
      return "DOI confirmed by user";
    case 541:
      return "message delayed while waiting for DOI, an earlier request is pending: "
             "hold before retrying";
    case 542:
      return "message rejected due to DOI, not confirmed yet";
    case 543:
      return "DOI unconfirmed, awaiting user action";
    case 544:
      return "DOI declined by user";
    case 545:
      return "DOI failed: try again or contact support";
    case 590:
      return "send failed";
    default:
      return {};
  }
}

}}  // namespace mobivate::v0
