#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <mobivate/detail/ascii.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 {

/// How `stop` is written at the end of the URL. There is no value that leaves it out: the same URL
/// without it subscribes the person and bills them. Source: the NDOI page and the Kenya page.
enum class Stop {
  flag,  ///< `&stop`, for Network Double Opt-in (NDOI).
  one,   ///< `&stop=1`, for Web Opt-In Kenya.
};

/// A request to stop one subscriber's billing. Empty strings and optionals are left out of the URL.
/// Source: the NDOI page (*Network Double Opt-in (NDOI) Unsubscribe*) and the Kenya page (*MNO Web
/// Opt-In Kenya: Unsubscribing users from your service*).
struct UnsubscribeRequest {
  std::uint32_t source{0};  ///< The service's shortcode, for example 12345; not 0. Required.

  /// MSISDN with its country code, without + or leading zeros, or the hashed number that the
  /// operator gave you: 1 to 64 of 0-9, A-Z, a-z. Required.
  std::string destination{};
  std::string keyword{};                     ///< The service's keyword, 1 to 256 bytes. Required.
  std::optional<std::uint32_t> amount{};     ///< Cents; 0 is an amount. Required for NDOI.
  std::optional<std::uint32_t> frequency{};  ///< Days between billings, 1 or more: 7 is weekly.
  std::string campaign{};                    ///< Your name for the campaign, up to 256 bytes.
  std::string provider{};   ///< Network, for example `safaricom`, up to 256 bytes. NDOI: required.
  std::string reference{};  ///< Your unique reference, 1 to 256 bytes. Required.
  Stop stop = Stop::flag;   ///< The flow that the service is run under.
};

namespace detail {

inline constexpr std::size_t longest_destination = 64;
inline constexpr std::size_t longest_text = 256;

/// How people group the digits of a number they write down.
constexpr bool is_number_punctuation(char c) noexcept {
  constexpr std::string_view punctuation{"+-.() \t\r\n"};
  return punctuation.find(c) != std::string_view::npos;
}

inline std::string destination_problem(const std::string& destination) {
  if (destination.empty()) {
    return "is empty: write the subscriber's MSISDN with its country code, for example "
           "254743210492, or the hashed number the operator gave you";
  }
  if (std::all_of(destination.begin(), destination.end(), is_alphanumeric)) {
    return destination.size() <= longest_destination
               ? std::string()
               : "is " + std::to_string(destination.size()) + " characters long: write at most 64";
  }
  std::string bare;
  std::string dropped;
  for (const char c : destination) (is_alphanumeric(c) ? bare : dropped) += c;
  const bool only_punctuation = std::all_of(dropped.begin(), dropped.end(), is_number_punctuation);
  if (!only_punctuation || bare.empty() || bare.size() > longest_destination) {
    return "holds a character that is no digit or letter: write 1 to 64 of 0-9, A-Z and a-z";
  }
  if (dropped == "+" && destination.front() == '+') {
    return "write " + bare + ", without the leading +";
  }
  return "write " + bare + ", without spaces, signs or line breaks";
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

/// The first field, in order of declaration, that the gateway could not take; nothing if all are
/// well. Pure. The reason says what to write instead.
[[nodiscard]] inline std::optional<InvalidRequest> validate(const UnsubscribeRequest& request) {
  const auto invalid = [](const char* field, std::string reason) {
    return InvalidRequest{field, std::move(reason)};
  };
  const bool ndoi = request.stop == Stop::flag;

  if (request.source == 0) {
    return invalid("source", "is 0: write your service's shortcode, for example 12345");
  }
  if (auto problem = detail::destination_problem(request.destination); !problem.empty()) {
    return invalid("destination", std::move(problem));
  }
  if (auto problem = detail::required_text_problem(
          request.keyword, "your service's keyword, for example mv-100620006");
      !problem.empty()) {
    return invalid("keyword", std::move(problem));
  }
  if (ndoi && !request.amount) {
    return invalid("amount",
                   "is not set: write the amount in cents; only a Web Opt-In Kenya service "
                   "(Stop::one) can do without");
  }
  if (request.frequency == 0U) {
    return invalid("frequency", "is 0: write 1 or more days, or leave it unset");
  }
  if (auto problem = detail::length_problem(request.campaign); !problem.empty()) {
    return invalid("campaign", std::move(problem));
  }
  if (ndoi && request.provider.empty()) {
    return invalid("provider",
                   "is empty: write the network, for example safaricom; only a Web Opt-In Kenya "
                   "service (Stop::one) can do without");
  }
  if (auto problem = detail::length_problem(request.provider); !problem.empty()) {
    return invalid("provider", std::move(problem));
  }
  if (auto problem =
          detail::required_text_problem(request.reference, "your unique reference of this request");
      !problem.empty()) {
    return invalid("reference", std::move(problem));
  }
  if (request.stop != Stop::flag && request.stop != Stop::one) {
    return invalid("stop", "is no value of Stop: write Stop::flag or Stop::one");
  }
  return std::nullopt;
}

}}  // namespace mobivate::v0
