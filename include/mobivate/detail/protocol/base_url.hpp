#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <mobivate/detail/text.hpp>

namespace mobivate::detail {

/// The parts of `https://host[:port][/prefix]`. The views point into the parsed text.
struct BaseUrl {
  std::string_view text;  ///< The URL without trailing slashes.
  bool https;
  std::string_view host;
};

/// Returns the number if the text is one to five decimal digits, or nothing.
constexpr std::optional<unsigned> small_number(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  unsigned value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

/// Whether the path is a `path-abempty` of RFC 3986 without dot segments. A URL parser would remove
/// dot segments.
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

/// Whether the text is four decimal numbers. Leading zeros are refused, because some parsers read
/// such numbers as octal.
inline bool is_ipv4_address(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty()) return false;
      text.remove_prefix(1);  // the dot
    }
    const std::string_view digits = text.substr(0, text.find('.'));
    const auto value = small_number(digits);
    if (!value || *value > 255 || (digits.size() > 1 && digits.front() == '0')) return false;
    text.remove_prefix(digits.size());
  }
  return text.empty();
}

/// Returns how many groups of 16 bits a part of an IPv6 address has. Returns 9, one more than an
/// address can have, if the part is invalid.
inline int ipv6_groups(std::string_view text, bool may_end_as_ipv4) {
  constexpr int invalid = 9;
  if (text.empty()) return 0;
  for (int groups = 1;; ++groups) {
    const std::string_view group = text.substr(0, text.find(':'));
    const bool is_last = group.size() == text.size();
    if (is_last && may_end_as_ipv4 && is_ipv4_address(group)) return groups + 1;
    if (group.empty() || group.size() > 4) return invalid;
    if (!std::all_of(group.begin(), group.end(), [](char c) { return hex_value(c) >= 0; })) {
      return invalid;
    }
    if (is_last) return groups;
    text.remove_prefix(group.size() + 1);
  }
}

/// Whether the text is an IPv6 address (RFC 4291, section 2.2). A zone (`%eth0`) is refused,
/// because it means another host on each machine.
inline bool is_ipv6_address(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return ipv6_groups(text, true) == 8;
  return ipv6_groups(text.substr(0, gap), false) + ipv6_groups(text.substr(gap + 2), true) <= 7;
}

/// Whether the text is a host name, an IPv4 address, or an IPv6 address in brackets.
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

/// Whether the host is `localhost`, `[::1]` or an address in 127.0.0.0/8, written in full.
inline bool is_loopback(std::string_view host) {
  return equal_ignoring_case(host, "localhost") || host == "[::1]" ||
         (starts_with(host, "127.") && is_ipv4_address(host));
}

/// Throws `std::invalid_argument` if the text is not a base URL. The message does not repeat the
/// text, because people paste credentials into URLs.
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

/// Throws `std::invalid_argument` if a URL parser would remove the credential from the path.
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

/// Returns the part of the URL that all requests of an account share. It ends in `?`.
/// Throws `std::invalid_argument`; the message names the argument that is wrong.
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

}  // namespace mobivate::detail
