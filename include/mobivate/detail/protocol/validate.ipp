#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <mobivate/detail/text.hpp>
#include <mobivate/unsubscribe_request.hpp>

namespace mobivate {

namespace detail {

inline constexpr std::size_t longest_destination = 64;
inline constexpr std::size_t longest_text = 256;
inline constexpr std::size_t longest_msisdn = 15;  ///< ITU-T E.164.

inline bool is_all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// Returns the name of a code point, for example `U+202A`. It has at least four digits.
inline std::string code_point_name(unsigned long code) {
  std::string digits;
  for (; code != 0 || digits.size() < 4; code /= 16) {
    digits.insert(digits.begin(), "0123456789ABCDEF"[code % 16]);
  }
  return "U+" + digits;
}

/// Describes the first character of a text, also if it is invisible or not valid UTF-8.
inline std::string visible_first_character(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte == ' ') return "a space";
  if (byte == '\t') return "a tab";
  if (byte == '\n') return "a line break";
  if (byte == '\r') return "a carriage return";
  if (byte == '"') return "a quote";
  if (is_control(text.front())) return code_point_name(byte);
  if (byte < 0x80) return std::string("\"") + text.front() + '"';

  const std::size_t length = utf8_length(text);
  if (length == 0) {
    std::string shown{"0x"};
    append_hex(shown, text.front());
    return shown;
  }
  unsigned long code = byte & (0xFFU >> (length + 1));
  for (const char c : text.substr(1, length - 1)) {
    code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return code_point_name(code);
}

/// Whether the number has a national (0743…) or international (00254…) prefix. A hashed number may
/// begin with 0, but is longer than an MSISDN.
inline bool has_dialling_prefix(std::string_view destination) {
  return destination.size() <= longest_msisdn && destination[0] == '0' &&
         is_all_digits(destination);
}

/// Returns the MSISDN if there is no doubt which one is meant: digits after a +, or with spaces and
/// hyphens between them. Otherwise returns an empty text, because a guess could be the number of
/// another subscriber.
inline std::string meant_msisdn(std::string_view written) {
  if (starts_with(written, "+")) written.remove_prefix(1);
  if (written.empty() || !is_digit(written.front()) || !is_digit(written.back())) return {};
  std::string digits;
  for (const char c : written) {
    if (is_digit(c)) {
      digits += c;
    } else if (c != ' ' && c != '-') {
      return {};
    }
  }
  const bool can_be_sent = digits.size() <= longest_msisdn && digits[0] != '0';
  return can_be_sent ? digits : std::string();
}

inline std::string destination_problem(std::string_view destination) {
  if (destination.empty()) {
    return "is empty: write the subscriber's MSISDN with its country code, for example "
           "254743210492, or the hashed number that the operator gave you";
  }
  const auto refused = std::find_if_not(destination.begin(), destination.end(), is_alphanumeric);
  if (refused == destination.end()) {
    if (destination.size() > longest_destination) {
      return "is " + std::to_string(destination.size()) + " characters long: write at most 64";
    }
    if (has_dialling_prefix(destination)) {
      return "begins with 0: write the number with its country code and without leading zeros";
    }
    return {};
  }
  if (const std::string msisdn = meant_msisdn(destination); !msisdn.empty()) {
    const bool only_plus = msisdn.size() + 1 == destination.size() && *refused == '+';
    return "write " + msisdn + (only_plus ? ", without the leading +" : ", digits only");
  }
  return "holds " +
         visible_first_character(
             destination.substr(static_cast<std::size_t>(refused - destination.begin()))) +
         ", which can't be sent: write 1 to 64 of 0-9, A-Z and a-z";
}

inline std::string length_problem(const std::string& text) {
  if (text.size() <= longest_text) return {};
  return "is " + std::to_string(text.size()) + " bytes long: write at most 256";
}

inline std::string required_text_problem(const std::string& text, std::string_view what_to_write) {
  if (!text.empty()) return length_problem(text);
  return "is empty: write " + std::string(what_to_write);
}

}  // namespace detail

MOBIVATE_INLINE std::optional<InvalidRequest> validate(const UnsubscribeRequest& request) {
  const bool ndoi = request.stop == Stop::flag;
  std::optional<InvalidRequest> invalid;
  // Keeps the first problem. An empty text means that the field is valid.
  const auto note = [&](const char* field, std::string problem) {
    if (!invalid && !problem.empty()) invalid = InvalidRequest{field, std::move(problem)};
  };

  note("source",
       request.source != 0 ? "" : "is 0: write your service's shortcode, for example 12345");
  note("destination", detail::destination_problem(request.destination));
  note("keyword", detail::required_text_problem(
                      request.keyword, "your service's keyword, for example mv-100620006"));
  note("amount", !ndoi || request.amount
                     ? ""
                     : "is not set: write the amount in cents; only a Web Opt-In Kenya service "
                       "(Stop::one) can leave it out");
  note("frequency", request.frequency != 0U ? "" : "is 0: write 1 or more days, or leave it unset");
  note("campaign", detail::length_problem(request.campaign));
  note("provider", !ndoi || !request.provider.empty()
                       ? detail::length_problem(request.provider)
                       : "is empty: write the network, for example safaricom; only a Web Opt-In "
                         "Kenya service (Stop::one) can leave it out");
  note("reference",
       detail::required_text_problem(request.reference, "your unique reference of this request"));
  note("stop", request.stop == Stop::flag || request.stop == Stop::one
                   ? ""
                   : "is not a value of Stop: write Stop::flag or Stop::one");
  return invalid;
}

}  // namespace mobivate
