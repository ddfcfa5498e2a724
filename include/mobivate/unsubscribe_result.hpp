#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <mobivate/detail/escape.hpp>
#include <mobivate/response_codes.hpp>

namespace mobivate { inline namespace v0 {

/// The gateway took the stop: `{"200": "MT-…"}`. Source: the NDOI page and the Kenya page.
struct Accepted {
  std::string message_id{};  ///< The gateway's id for it, for example `MT-c65561314eb34088…`.
};

/// The gateway refused the stop and said why: `{"590": "SEND_FAILED: …"}`. Source: the Kenya page.
struct SendFailed {
  int code{0};                ///< Three digits, most often 590.
  std::string description{};  ///< The gateway's words, without the leading `SEND_FAILED: `.
};

/// The gateway refused the stop with an error: `{"error": "541"}`. Source: the NDOI page.
struct GatewayError {
  std::optional<int> code{};  ///< Set if the error was three digits.
  std::string message{};      ///< What the code means, or the gateway's own words.
};

/// An answer came that is none of the documented ones: nothing is known of the subscriber.
struct UnexpectedResponse {
  int http_status{0};    ///< Three digits, for example 502.
  std::string reason{};  ///< What is wrong with the answer, and what to check.
  std::string body{};    ///< Its first 256 bytes, secrets masked.
};

/// No answer came.
struct TransportError {
  /// Where it failed.
  enum class Kind {
    resolve,    ///< The gateway's name, or the proxy's, has no address.
    connect,    ///< Nobody took the connection, or the proxy refused to make it.
    tls,        ///< A certificate or the handshake: time does not heal it.
    timeout,    ///< Connecting, the attempt or the call took too long.
    send,       ///< The connection broke while the request was being sent.
    receive,    ///< It broke before the whole answer was there, or that was no HTTP.
    too_large,  ///< More than 64 KiB of header, or of body.
    cancelled,  ///< By `cancelled`, or as the last copy of the client went.
    other       ///< None of these; `message` says what.
  };

  Kind kind{Kind::other};      ///< Where it failed.
  bool maybe_delivered{true};  ///< False only if no byte of the request can have left.
  std::string message{};       ///< What happened, and what to check.
};

/// The request was wrong and nothing was sent.
struct InvalidRequest {
  std::string field{};   ///< The member of `UnsubscribeRequest`.
  std::string reason{};  ///< What is wrong with it and what to write instead.
};

/// Every way in which a call can end; `stop_state` says what that means for the subscriber.
using UnsubscribeResult = std::variant<Accepted, SendFailed, GatewayError, UnexpectedResponse,
                                       TransportError, InvalidRequest>;

/// What is known of the subscriber after a call.
enum class StopState {
  accepted,  ///< The gateway took the stop.
  refused,   ///< The gateway answered, and did not take it.
  not_sent,  ///< The gateway has seen nothing: the subscriber is as before.
  unknown,   ///< The stop may have taken effect or not: ask again or look it up.
};

/// The name of the enumerator, as in `not_sent`.
[[nodiscard]] constexpr std::string_view to_string(StopState state) noexcept {
  switch (state) {
    case StopState::accepted:
      return "accepted";
    case StopState::refused:
      return "refused";
    case StopState::not_sent:
      return "not_sent";
    case StopState::unknown:
      break;
  }
  return "unknown";
}

/// The name of the enumerator, as in `too_large`.
[[nodiscard]] constexpr std::string_view to_string(TransportError::Kind kind) noexcept {
  switch (kind) {
    case TransportError::Kind::resolve:
      return "resolve";
    case TransportError::Kind::connect:
      return "connect";
    case TransportError::Kind::tls:
      return "tls";
    case TransportError::Kind::timeout:
      return "timeout";
    case TransportError::Kind::send:
      return "send";
    case TransportError::Kind::receive:
      return "receive";
    case TransportError::Kind::too_large:
      return "too_large";
    case TransportError::Kind::cancelled:
      return "cancelled";
    case TransportError::Kind::other:
      break;
  }
  return "other";
}

/// What is known of the subscriber now. A refusal is an answer, not a failure: 541 says hold.
[[nodiscard]] inline StopState stop_state(const UnsubscribeResult& result) noexcept {
  if (std::holds_alternative<Accepted>(result)) return StopState::accepted;
  if (std::holds_alternative<SendFailed>(result)) return StopState::refused;
  if (std::holds_alternative<GatewayError>(result)) return StopState::refused;
  if (std::holds_alternative<InvalidRequest>(result)) return StopState::not_sent;
  if (const auto* error = std::get_if<TransportError>(&result)) {
    return error->maybe_delivered ? StopState::unknown : StopState::not_sent;
  }
  return StopState::unknown;
}

/// Whether sending the very same request again may end better: what `RetryPolicy` goes by. The stop
/// is idempotent, so this is safe after any of these; a refusal by the gateway is never retried.
[[nodiscard]] inline bool is_retryable(const UnsubscribeResult& result) noexcept {
  if (const auto* error = std::get_if<TransportError>(&result)) {
    return error->kind != TransportError::Kind::tls &&
           error->kind != TransportError::Kind::cancelled &&
           error->kind != TransportError::Kind::too_large;
  }
  if (const auto* response = std::get_if<UnexpectedResponse>(&result)) {
    switch (response->http_status) {
      case 408:  // Request Timeout
      case 425:  // Too Early
      case 429:  // Too Many Requests
      case 500:  // Internal Server Error
      case 502:  // Bad Gateway
      case 503:  // Service Unavailable
      case 504:  // Gateway Timeout
        return true;
      default:
        return false;
    }
  }
  return false;
}

namespace detail {

/// Writes one alternative of a result behind its `StopState`.
struct ResultWriter {
  std::string& line;

  void operator()(const Accepted& accepted) const { append_escaped(line, accepted.message_id); }
  void operator()(const SendFailed& failed) const {
    line += std::to_string(failed.code);
    append_detail(failed.description.empty() ? describe(failed.code) : failed.description);
  }
  void operator()(const GatewayError& error) const {
    if (error.code) {
      line += std::to_string(*error.code);
      append_detail(error.message);
    } else {
      append_escaped(line, error.message);
    }
  }
  void operator()(const UnexpectedResponse& response) const {
    line += "HTTP " + std::to_string(response.http_status);
    append_detail(response.reason);
    if (response.body.empty()) return;
    line += ": \"";
    append_escaped(line, response.body);
    line += '"';
  }
  void operator()(const TransportError& error) const {
    line += to_string(error.kind);
    append_detail(error.message);
  }
  void operator()(const InvalidRequest& invalid) const {
    append_escaped(line, invalid.field);
    append_detail(invalid.reason);
  }

 private:
  void append_detail(std::string_view text) const {
    if (text.empty()) return;
    line += ": ";
    append_escaped(line, text);
  }
};

}  // namespace detail

/// The result in words, on one line, without secrets and with control characters escaped; it
/// begins with the `StopState`, as in `refused: 590: subscriber not found`.
[[nodiscard]] inline std::string to_string(const UnsubscribeResult& result) {
  std::string line{to_string(stop_state(result))};
  line += ": ";
  std::visit(detail::ResultWriter{line}, result);
  return line;
}

/// Writes `to_string(state)`.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             StopState state) {
  return out << to_string(state);
}

/// Writes `to_string(result)`.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             const UnsubscribeResult& result) {
  return out << to_string(result);
}

}}  // namespace mobivate::v0
