#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <mobivate/detail/read_answer.hpp>
#include <mobivate/detail/secret_mask.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// Masks the strings of results that may hold what a server, a proxy or the caller wrote.
class ResultMask {
 public:
  explicit ResultMask(std::vector<std::string> secrets) : mask_(std::move(secrets)) {}

  [[nodiscard]] std::string text(std::string_view text) const { return mask_(text); }

  /// `body` is the whole body of the answer that the result was read from, if there was one: a
  /// secret that the excerpt in an `UnexpectedResponse` cuts in two is not found in the excerpt.
  [[nodiscard]] UnsubscribeResult result(UnsubscribeResult result,
                                         std::string_view body = {}) const {
    std::visit(Masker{mask_, body}, result);
    return result;
  }

 private:
  struct Masker {
    const SecretMask& mask;
    std::string_view body;

    void operator()(Accepted& it) const { it.message_id = mask(it.message_id); }
    void operator()(SendFailed& it) const { it.description = mask(it.description); }
    void operator()(GatewayError& it) const { it.message = mask(it.message); }
    void operator()(UnexpectedResponse& it) const {
      it.body = mask(body, body_excerpt).substr(0, body_excerpt);
    }
    void operator()(TransportError& it) const { it.message = mask(it.message); }
    void operator()(InvalidRequest& it) const { it.reason = mask(it.reason); }
  };

  SecretMask mask_;
};

}}}  // namespace mobivate::v0::detail
