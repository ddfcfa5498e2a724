#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <mobivate/client_options.hpp>
#include <mobivate/detail/base_url.hpp>
#include <mobivate/detail/check_options.hpp>
#include <mobivate/detail/query.hpp>
#include <mobivate/detail/read_answer.hpp>
#include <mobivate/detail/result_mask.hpp>
#include <mobivate/transport.hpp>
#include <mobivate/unsubscribe_request.hpp>
#include <mobivate/unsubscribe_result.hpp>
#include <mobivate/version.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// What is the same for every call of a client, made once. It alone knows the secrets.
class Account {
 public:
  explicit Account(ClientOptions options)
      : options_(checked(std::move(options))),
        endpoint_(endpoint(options_.base_url, options_.account_id, options_.api_key.reveal())),
        mask_({options_.account_id, options_.api_key.reveal()}),
        headers_(all_headers(options_.headers)) {}

  [[nodiscard]] const ClientOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }

  /// What is wrong with a request, or the header fields that go with it, if anything is.
  [[nodiscard]] std::optional<UnsubscribeResult> refusal(const UnsubscribeRequest& request,
                                                         const Headers& headers) const {
    auto invalid = validate(request);
    if (invalid) return mask_.result(std::move(*invalid));
    if (const char* problem = header_problem(headers)) return InvalidRequest{"headers", problem};
    return std::nullopt;
  }

  void set_url(std::string& url, const UnsubscribeRequest& request) const {
    url = endpoint_;
    append_query(url, request);
  }

  /// The result of one attempt, with no secret left in it.
  [[nodiscard]] UnsubscribeResult read(const TransportResult& sent) const {
    if (const auto* error = std::get_if<TransportError>(&sent)) return mask_.result(*error);
    const auto& response = std::get<HttpResponse>(sent);
    if (response.body.size() > HttpResponse::largest_body) {
      return TransportError{TransportError::Kind::too_large, true,
                            "the answer is larger than 64 KiB"};
    }
    return mask_.result(read_answer(response), response.body);
  }

  /// Tells `on_attempt` of an attempt whose URL is not masked yet.
  void report(Attempt attempt) const {
    attempt.url = mask_.text(attempt.url);
    options_.on_attempt(attempt);
  }

 private:
  static ClientOptions checked(ClientOptions options) {
    check_options(options);
    return options;
  }

  static Headers all_headers(const Headers& extra) {
    Headers headers{{"Content-Type", "application/json"},
                    {"Accept", "application/json"},
                    {"User-Agent", "mobivate-cpp/" + std::string(version)}};
    headers.insert(headers.end(), extra.begin(), extra.end());
    return headers;
  }

  ClientOptions options_;
  std::string endpoint_;  ///< The URL up to the query, credentials and all.
  ResultMask mask_;
  Headers headers_;
};

}}}  // namespace mobivate::v0::detail
