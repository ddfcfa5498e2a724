#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <mobivate/detail/config.hpp>
#include <mobivate/detail/formatter.hpp>

namespace mobivate {

/// The gateway took the stop: `{"200": "MT-…"}`. Source: the NDOI page and the Kenya page.
struct Accepted {
  std::string message_id{};  ///< The gateway's id of this stop: `MT-c65561314eb34088…`.
};

/// The gateway refused the stop and said why: `{"590": "SEND_FAILED: …"}`. Source: the Kenya page.
struct SendFailed {
  int code{0};                ///< The gateway's code, three digits. Most often 590.
  std::string description{};  ///< The gateway's words, without the leading `SEND_FAILED: `.

  /// True if an earlier attempt may have stopped the subscriber. This refusal can then mean that
  /// nothing was left to stop.
  bool after_unknown = false;
};

/// The gateway refused the stop with an error: `{"error": "541"}`. Source: the NDOI page.
struct GatewayError {
  std::optional<int> code{};   ///< The gateway's code. Not set if the error is text.
  std::string message{};       ///< The meaning of the code, or the gateway's own words.
  bool after_unknown = false;  ///< See `SendFailed::after_unknown`.
};

/// An undocumented answer came. The subscriber may be stopped or not.
struct UnexpectedResponse {
  int http_status{0};    ///< Three digits, for example 502.
  std::string reason{};  ///< What is wrong with the answer, and what to check.
  std::string body{};    ///< The first 256 bytes of the answer, secrets masked.
};

/// No answer came.
struct TransportError {
  /// The kind of failure.
  enum class Kind {
    resolve,    ///< The host name of the gateway or the proxy has no address.
    connect,    ///< Connecting failed, or the proxy refused the connection.
    tls,        ///< The certificate, TLS version or cipher is wrong. A retry does not help.
    timeout,    ///< Connecting, the attempt or the call took too long.
    send,       ///< The connection broke while the request was sent.
    receive,    ///< The connection broke before the end of the answer, or the answer is not HTTP.
    too_large,  ///< The answer has more than 64 KiB of header fields, or of body.
    cancelled,  ///< `cancelled` returned true, or the last copy of the client was destroyed.
    other       ///< Any other failure. `message` says which.
  };

  Kind kind{Kind::other};      ///< The kind of failure.
  bool maybe_delivered{true};  ///< False only if no byte of the request can have been sent.
  std::string message{};       ///< What happened, and what to check.
};

/// The request is invalid. Nothing was sent.
struct InvalidRequest {
  std::string field{};   ///< The wrong member of `UnsubscribeRequest`; or `headers`.
  std::string reason{};  ///< What is wrong with it, and what to write instead.
};

/// The result of a call. `stop_state` says what it means for the subscriber. A default-constructed
/// result is `unknown`.
using UnsubscribeResult = std::variant<UnexpectedResponse, Accepted, SendFailed, GatewayError,
                                       TransportError, InvalidRequest>;

/// What is known of the subscriber after a call.
enum class StopState {
  accepted,  ///< The gateway took the stop.
  refused,   ///< The gateway answered that it does not take the stop.
  not_sent,  ///< The gateway got no request. The subscriber is unchanged.
  unknown,   ///< The subscriber may be stopped or not. Send the same request again.
};

/// Returns what is known of the subscriber after this result.
[[nodiscard]] inline StopState stop_state(const UnsubscribeResult& result) noexcept {
  if (std::holds_alternative<Accepted>(result)) return StopState::accepted;
  if (std::holds_alternative<SendFailed>(result)) return StopState::refused;
  if (std::holds_alternative<GatewayError>(result)) return StopState::refused;
  if (std::holds_alternative<InvalidRequest>(result)) return StopState::not_sent;
  const auto* error = std::get_if<TransportError>(&result);
  return error != nullptr && !error->maybe_delivered ? StopState::not_sent : StopState::unknown;
}

/// Returns the code of a refusal, for example 590 or 541. Returns nothing if the refusal has no
/// code, and for any other result.
[[nodiscard]] inline std::optional<int> gateway_code(const UnsubscribeResult& result) noexcept {
  if (const auto* failed = std::get_if<SendFailed>(&result)) return failed->code;
  if (const auto* error = std::get_if<GatewayError>(&result)) return error->code;
  return std::nullopt;
}

/// Returns the meaning of a gateway code, or an empty text for an undocumented code. The gateway
/// also sends 540 to 545 later, as asynchronous delivery notifications.
/// Source: the gateway's list of response codes, linked from the NDOI page.
[[nodiscard]] std::string_view describe(int code) noexcept;

/// Returns the name of the enumerator, for example `not_sent`.
[[nodiscard]] std::string_view to_string(StopState state) noexcept;

/// Returns the name of the enumerator, for example `too_large`.
[[nodiscard]] std::string_view to_string(TransportError::Kind kind) noexcept;

/// Returns the result in words, for example `refused: 590: subscriber not found`. The text begins
/// with the `StopState`. It is one line, with control characters escaped. It holds no secrets if
/// the result comes from a `DoiClient`.
[[nodiscard]] std::string to_string(const UnsubscribeResult& result);

/// Writes `to_string(state)`.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             StopState state) {
  return out << to_string(state);
}

/// Writes `to_string(kind)`.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             TransportError::Kind kind) {
  return out << to_string(kind);
}

/// Writes `to_string(result)`.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             const UnsubscribeResult& result) {
  return out << to_string(result);
}

namespace detail {

// Written out: std::tie would take each file that includes this 0.1 s longer to compile.
inline bool are_equal(const Accepted& a, const Accepted& b) {
  return a.message_id == b.message_id;
}
inline bool are_equal(const SendFailed& a, const SendFailed& b) {
  return a.code == b.code && a.description == b.description && a.after_unknown == b.after_unknown;
}
inline bool are_equal(const GatewayError& a, const GatewayError& b) {
  return a.code == b.code && a.message == b.message && a.after_unknown == b.after_unknown;
}
inline bool are_equal(const UnexpectedResponse& a, const UnexpectedResponse& b) {
  return a.http_status == b.http_status && a.reason == b.reason && a.body == b.body;
}
inline bool are_equal(const TransportError& a, const TransportError& b) {
  return a.kind == b.kind && a.maybe_delivered == b.maybe_delivered && a.message == b.message;
}
inline bool are_equal(const InvalidRequest& a, const InvalidRequest& b) {
  return a.field == b.field && a.reason == b.reason;
}

template <class Result>
using IfResult =
    decltype(detail::are_equal(std::declval<const Result&>(), std::declval<const Result&>()));

}  // namespace detail

/// Whether all members are equal.
template <class Result, detail::IfResult<Result> = true>
[[nodiscard]] bool operator==(const Result& a, const Result& b) {
  return detail::are_equal(a, b);
}

/// Whether a member differs.
template <class Result, detail::IfResult<Result> = true>
[[nodiscard]] bool operator!=(const Result& a, const Result& b) {
  return !(a == b);
}

/// Whether a call ended with this result, for example `result == mobivate::Accepted{"MT-1"}`.
template <class Result, detail::IfResult<Result> = true>
[[nodiscard]] bool operator==(const UnsubscribeResult& a, const Result& b) {
  const auto* result = std::get_if<Result>(&a);
  return result != nullptr && *result == b;
}

/// Whether a call ended in another way.
template <class Result, detail::IfResult<Result> = true>
[[nodiscard]] bool operator!=(const UnsubscribeResult& a, const Result& b) {
  return !(a == b);
}

/// Whether a call ended in just this way.
template <class Result, detail::IfResult<Result> = true>
[[nodiscard]] bool operator==(const Result& a, const UnsubscribeResult& b) {
  return b == a;
}

/// Whether a call ended in another way.
template <class Result, detail::IfResult<Result> = true>
[[nodiscard]] bool operator!=(const Result& a, const UnsubscribeResult& b) {
  return !(b == a);
}

}  // namespace mobivate

#ifdef __cpp_lib_format
template <>
struct std::formatter<mobivate::StopState>
    : mobivate::detail::Formatter<std::formatter<std::string_view>> {};
template <>
struct std::formatter<mobivate::TransportError::Kind>
    : mobivate::detail::Formatter<std::formatter<std::string_view>> {};
template <>
struct std::formatter<mobivate::UnsubscribeResult>
    : mobivate::detail::Formatter<std::formatter<std::string_view>> {};
#endif

// {fmt}, where it was included first.
#if defined(FMT_VERSION) && FMT_VERSION >= 90000
template <>
struct fmt::formatter<mobivate::StopState>
    : mobivate::detail::Formatter<fmt::formatter<fmt::string_view>> {};
template <>
struct fmt::formatter<mobivate::TransportError::Kind>
    : mobivate::detail::Formatter<fmt::formatter<fmt::string_view>> {};
template <>
struct fmt::formatter<mobivate::UnsubscribeResult>
    : mobivate::detail::Formatter<fmt::formatter<fmt::string_view>> {};
#endif

#ifndef MOBIVATE_COMPILED
#include <mobivate/detail/protocol/result_text.ipp>
#endif
