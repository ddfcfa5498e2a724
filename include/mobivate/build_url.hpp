#pragma once

#include <string>
#include <string_view>

#include <mobivate/detail/config.hpp>
#include <mobivate/unsubscribe_request.hpp>

namespace mobivate {

/// Returns the URL that stops the subscriber. It always ends in `&stop` or `&stop=1`. The URL holds
/// the credentials: do not log it. The function does not check `request`: call `validate` for that.
/// The parameters are in the order of the NDOI page. Safe to call from many threads at once.
/// Throws `std::invalid_argument` if `base_url` is not `https://host[:port][/prefix]` (or
/// `http://…`), or if a credential is empty, `.` or `..`. The message names the argument and never
/// repeats its value.
[[nodiscard]] std::string build_url(std::string_view base_url, std::string_view account_id,
                                    std::string_view api_key, const UnsubscribeRequest& request);

namespace detail {

/// Appends the query: everything after the `?`.
void append_query(std::string& url, const UnsubscribeRequest& request);

}  // namespace detail

}  // namespace mobivate

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/protocol/build_url.ipp>
#endif
