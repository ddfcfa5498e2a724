#pragma once

#include <string>
#include <string_view>
#include <variant>

#include <mobivate/detail/text.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate {

MOBIVATE_INLINE std::string_view describe(int code) noexcept {
  switch (code) {
    case 200:
      return "accepted";
    case 540:
      return "DOI confirmed by user";
    case 541:
      return "message delayed while waiting for DOI, an earlier request is pending: "
             "hold before retrying";
    case 542:
      return "message rejected due to DOI, not confirmed yet";
    case 543:
      return "DOI unconfirmed, awaiting user action";
    case 544:
      return "DOI declined by user";
    case 545:
      return "DOI failed: try again or contact support";
    case 590:
      return "send failed";
    default:
      return {};
  }
}

MOBIVATE_INLINE std::string_view to_string(StopState state) noexcept {
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

MOBIVATE_INLINE std::string_view to_string(TransportError::Kind kind) noexcept {
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

namespace detail {

/// Appends the text of a result to the line, which holds its `StopState` already.
struct ResultWriter {
  std::string& line;

  void operator()(const Accepted& it) const { append_escaped(line, it.message_id); }
  void operator()(const SendFailed& it) const {
    line += std::to_string(it.code);
    append_after_colon(it.description.empty() ? describe(it.code) : it.description);
    append_doubt(it.after_unknown);
  }
  void operator()(const GatewayError& it) const {
    if (it.code) {
      line += std::to_string(*it.code);
      append_after_colon(it.message);
    } else {
      append_escaped(line, it.message);
    }
    append_doubt(it.after_unknown);
  }
  void operator()(const UnexpectedResponse& it) const {
    line += "HTTP " + std::to_string(it.http_status);
    append_after_colon(it.reason);
    if (it.body.empty()) return;
    line += ": \"";
    append_escaped(line, it.body);
    line += '"';
  }
  void operator()(const TransportError& it) const {
    line += to_string(it.kind);
    append_after_colon(it.message);
  }
  void operator()(const InvalidRequest& it) const {
    append_escaped(line, it.field);
    append_after_colon(it.reason);
  }

 private:
  void append_after_colon(std::string_view text) const {
    if (text.empty()) return;
    line += ": ";
    append_escaped(line, text);
  }

  void append_doubt(bool after_unknown) const {
    if (after_unknown) line += " (an earlier attempt may have stopped the subscriber)";
  }
};

}  // namespace detail

MOBIVATE_INLINE std::string to_string(const UnsubscribeResult& result) {
  std::string line{to_string(stop_state(result))};
  line += ": ";
  std::visit(detail::ResultWriter{line}, result);
  return line;
}

}  // namespace mobivate
