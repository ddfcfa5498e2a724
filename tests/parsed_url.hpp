#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

/// The bytes that percent-encoded text stands for, as libcurl decodes it.
inline std::string percent_decoded(std::string_view text) {
  int length = 0;
  char* const bytes =
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &length);
  std::string result(bytes, static_cast<std::size_t>(length));
  curl_free(bytes);
  return result;
}

/// A URL as libcurl's parser, which folds dot segments away, takes it apart.
class ParsedUrl {
 public:
  explicit ParsedUrl(const std::string& text)
      : valid_(curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK) {}

  bool is_valid() const { return valid_; }

  /// Empty if the URL has no such part.
  std::string part(CURLUPart which) const {
    char* text = nullptr;
    if (curl_url_get(url_.get(), which, &text, 0) != CURLUE_OK) return {};
    std::string result(text);
    curl_free(text);
    return result;
  }

 private:
  struct Cleanup {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
  };

  std::unique_ptr<CURLU, Cleanup> url_{curl_url()};
  bool valid_;
};
