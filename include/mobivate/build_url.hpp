#pragma once

#include <string>
#include <string_view>

#include <mobivate/detail/mode.hpp>
#include <mobivate/unsubscribe_request.hpp>

namespace mobivate { inline namespace v0 { inline namespace MOBIVATE_MODE {

/// The URL that stops the subscriber, always ending in `&stop` or `&stop=1`. Pure. It holds the
/// credentials: do not log it. `request` is not validated: see `validate`. The order of its fields
/// is that of the NDOI page.
/// Throws `std::invalid_argument`, without repeating a value, if `base_url` is not
/// `https://host[:port][/prefix]` (or `http://…`), or a credential is empty, `.` or `..`.
[[nodiscard]] std::string build_url(std::string_view base_url, std::string_view account_id,
                                    std::string_view api_key, const UnsubscribeRequest& request);

}}}  // namespace mobivate::v0::MOBIVATE_MODE

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/build_url.ipp>
#endif
