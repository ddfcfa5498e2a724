#pragma once

#include <mobivate/detail/config.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

/// Reads the gateway's answer. Any bytes give a result; the function never fails. An undocumented
/// answer is an `UnexpectedResponse`, and a doubtful answer is never `Accepted`.
/// `UnexpectedResponse::body` may hold secrets: this function does not know them. (`DoiClient`
/// masks them.) Safe to call from many threads at once. Source: the NDOI page; the Kenya page,
/// whose own sample has a comma before the closing brace; an older NDOI page, for plain text.
[[nodiscard]] UnsubscribeResult parse_response(const HttpResponse& response);

}  // namespace mobivate

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/protocol/parse_response.ipp>
#endif
