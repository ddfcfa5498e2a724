#pragma once

#include <cstddef>

#include <curl/curl.h>

namespace mobivate { inline namespace v0 { namespace detail {

#if LIBCURL_VERSION_NUM < 0x075600
// libcurl's own declaration lacks the extern "C" until 7.86, so no C++ program links with it.
extern "C" CURL_EXTERN CURLHcode curl_easy_header(CURL* easy, const char* name, std::size_t index,
                                                  unsigned int origin, int request,
                                                  curl_header** field);
#else
using ::curl_easy_header;
#endif

/// The value of an answer's header field, or null if there is none.
[[nodiscard]] inline const char* header_value(CURL* easy, const char* name) noexcept {
  curl_header* field = nullptr;
  const CURLHcode code = detail::curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &field);
  return code == CURLHE_OK ? field->value : nullptr;
}

}}}  // namespace mobivate::v0::detail
