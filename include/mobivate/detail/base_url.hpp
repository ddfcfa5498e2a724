#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <mobivate/detail/ascii.hpp>
#include <mobivate/detail/percent_encoding.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// `https://host[:port][/prefix]`, taken apart. The views point into the text it was made from.
struct BaseUrl {
  std::string_view text;  ///< Without trailing slashes.
  bool https;
  std::string_view host;
};

/// A decimal number of at most five digits, none but digits; nothing otherwise.
constexpr std::optional<unsigned> small_number(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  unsigned value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

/// RFC 3986 `path-abempty`, without the dot segments that a URL parser would fold away.
inline bool is_plain_path(std::string_view path) {
  constexpr std::string_view also_allowed{"/:@!$&'()*+,;="};
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%') {
      if (i + 2 >= path.size() || hex_value(path[i + 1]) < 0 || hex_value(path[i + 2]) < 0) {
        return false;
      }
    } else if (!is_unreserved(path[i]) && also_allowed.find(path[i]) == std::string_view::npos) {
      return false;
    }
  }
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    for (const std::string_view dots : {".", "..", "%2e", ".%2e", "%2e.", "%2e%2e"}) {
      if (equal_ignoring_case(segment, dots)) return false;
    }
    path.remove_prefix(segment.size());
  }
  return true;
}

/// The text of an IPv6 address, as far as its punctuation goes: RFC 3986, section 3.2.2.
inline bool is_ipv6_address(std::string_view text) {
  constexpr auto none = std::string_view::npos;
  const auto colons = std::count(text.begin(), text.end(), ':');
  const std::size_t gap = text.find("::");
  if (colons < 2 || colons > 7 || (gap == none && colons < (text.find('.') == none ? 7 : 6))) {
    return false;
  }
  if (gap != none && text.find("::", gap + 1) != none) return false;
  const std::size_t dot = text.find('.');
  if (dot != none && dot < text.rfind(':')) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

/// A registered name, an IPv4 address, or an IPv6 address in brackets.
inline bool is_host(std::string_view host) {
  const auto all = [](std::string_view text, auto allowed) {
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
  };
  if (!host.empty() && host.front() == '[') {
    return host.back() == ']' && is_ipv6_address(host.substr(1, host.size() - 2));
  }
  if (starts_with(host, ".") || host.find("..") != std::string_view::npos) return false;
  return all(host, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

/// `localhost`, `[::1]` or an address in 127.0.0.0/8, written in full.
inline bool is_loopback(std::string_view host) {
  if (equal_ignoring_case(host, "localhost") || host == "[::1]") return true;
  if (!starts_with(host, "127.")) return false;
  for (int part = 0; part < 4; ++part) {
    const std::string_view digits = host.substr(0, host.find('.'));
    const auto value = small_number(digits);
    if (!value || *value > 255) return false;
    if (digits.size() > 1 && digits.front() == '0') return false;  // octal, to some
    host.remove_prefix(digits.size());
    if (part < 3) {
      if (host.empty()) return false;
      host.remove_prefix(1);
    }
  }
  return host.empty();
}

/// Throws `std::invalid_argument` if the text is no base URL. The text itself is not repeated in
/// the message, since people paste credentials into URLs.
inline BaseUrl parse_base_url(std::string_view text) {
  const auto refuse = [](const char* problem) {
    return std::invalid_argument(std::string("base_url: ") + problem +
                                 "; write https://host[:port][/prefix]");
  };
  if (text.empty()) throw refuse("is empty (environment variable MOBIVATE_BASE_URL)");
  if (text.find('?') != std::string_view::npos) throw refuse("has a query");
  if (text.find('#') != std::string_view::npos) throw refuse("has a fragment");

  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) throw refuse("has no scheme");
  const std::string_view scheme = text.substr(0, scheme_end);
  const bool https = equal_ignoring_case(scheme, "https");
  if (!https && !equal_ignoring_case(scheme, "http")) throw refuse("is neither https nor http");

  const std::string_view rest = text.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  if (authority.find('@') != std::string_view::npos) throw refuse("has user info before the host");

  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = authority.substr(0, colon);
  if (!is_host(host)) throw refuse("has no valid host");
  if (colon != std::string_view::npos) {
    const auto port = small_number(authority.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) throw refuse("has a port that is not 1 to 65535");
  }
  const std::string_view prefix = rest.substr(authority.size());
  if (!is_plain_path(prefix)) throw refuse("has an invalid prefix");
  if (prefix.find("/api/doi/") != std::string_view::npos || ends_with(prefix, "/api/doi")) {
    throw refuse("has the path of the request in it");
  }

  while (text.back() == '/') text.remove_suffix(1);
  return {text, https, host};
}

/// Throws `std::invalid_argument` if the credential would vanish from the path it is put into.
inline void check_path_segment(const char* option, const char* variable, std::string_view value) {
  if (value.empty()) {
    throw std::invalid_argument(std::string(option) + ": is empty (environment variable " +
                                variable + "); write the one that Mobivate gave you");
  }
  if (value == "." || value == "..") {
    throw std::invalid_argument(std::string(option) +
                                ": is a dot segment, which URL parsers remove from a path; "
                                "write the one that Mobivate gave you");
  }
}

/// All of a URL that is the same for every request of one account, up to and with the `?`.
/// Throws `std::invalid_argument` naming what is wrong.
inline std::string endpoint(std::string_view base_url, std::string_view account_id,
                            std::string_view api_key) {
  std::string url{parse_base_url(base_url).text};
  check_path_segment("account_id", "MOBIVATE_ACCOUNT_ID", account_id);
  check_path_segment("api_key", "MOBIVATE_API_KEY", api_key);
  url += "/api/doi/";
  append_percent_encoded(url, account_id);
  url += '/';
  append_percent_encoded(url, api_key);
  url += "/?";
  return url;
}

}}}  // namespace mobivate::v0::detail
