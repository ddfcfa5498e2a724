#pragma once

#include <memory>

#include <curl/curl.h>

namespace mobivate { inline namespace v0 { namespace detail {

struct MultiCleanup {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};

struct EasyCleanup {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};

struct HeaderListCleanup {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

using MultiPointer = std::unique_ptr<CURLM, MultiCleanup>;
using EasyPointer = std::unique_ptr<CURL, EasyCleanup>;
using HeaderListPointer = std::unique_ptr<curl_slist, HeaderListCleanup>;

}}}  // namespace mobivate::v0::detail
