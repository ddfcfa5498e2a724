#pragma once

#include <mobivate/detail/read_answer.hpp>
#include <mobivate/parse_response.hpp>

namespace mobivate { inline namespace v0 { inline namespace MOBIVATE_MODE {

MOBIVATE_INLINE UnsubscribeResult parse_response(const HttpResponse& response) {
  return detail::read_answer(response);
}

}}}  // namespace mobivate::v0::MOBIVATE_MODE
