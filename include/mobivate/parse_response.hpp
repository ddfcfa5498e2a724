#pragma once

#include <mobivate/detail/mode.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { inline namespace MOBIVATE_MODE {

/// Reads the gateway's answer. Pure, and total: any bytes give a result. Anything but a documented
/// answer is an `UnexpectedResponse`; a doubtful one is never `Accepted`. The excerpt of the body
/// is not masked: this function knows no secrets, `DoiClient` does. Source: the NDOI page and the
/// Kenya page, whose own sample ends in a comma, and an older NDOI page, for plain text.
[[nodiscard]] UnsubscribeResult parse_response(const HttpResponse& response);

}}}  // namespace mobivate::v0::MOBIVATE_MODE

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/parse_response.ipp>
#endif
