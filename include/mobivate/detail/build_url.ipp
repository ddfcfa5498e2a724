#pragma once

#include <string>
#include <string_view>

#include <mobivate/build_url.hpp>
#include <mobivate/detail/base_url.hpp>
#include <mobivate/detail/query.hpp>

namespace mobivate { inline namespace v0 { inline namespace MOBIVATE_MODE {

MOBIVATE_INLINE std::string build_url(std::string_view base_url, std::string_view account_id,
                                      std::string_view api_key, const UnsubscribeRequest& request) {
  std::string url = detail::endpoint(base_url, account_id, api_key);
  detail::append_query(url, request);
  return url;
}

}}}  // namespace mobivate::v0::MOBIVATE_MODE
