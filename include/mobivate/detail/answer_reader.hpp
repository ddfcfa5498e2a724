#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <mobivate/detail/ascii.hpp>
#include <mobivate/unsubscribe_result.hpp>

namespace mobivate { inline namespace v0 { namespace detail {

/// The number that three digits make, or nothing for any other text.
constexpr std::optional<int> three_digits(std::string_view text) noexcept {
  if (text.size() != 3 || !is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[2])) {
    return std::nullopt;
  }
  return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

constexpr bool is_2xx(int code) noexcept {
  return code >= 200 && code <= 299;
}

inline GatewayError gateway_error(int code) {
  return {code, std::string(describe(code))};
}

/// Takes the documented members out of an answer as nlohmann/json's SAX parser comes by them;
/// only those of the outermost object count. Stops at the first thing that is in doubt.
class AnswerReader {
 public:
  std::optional<std::string> message_id;
  std::optional<SendFailed> failed;
  std::optional<GatewayError> error;
  std::string doubt;  ///< Why the answer can't be believed, or empty.

  // The functions that nlohmann/json calls; false stops it.

  bool key(std::string_view name) {
    if (depth_ != 1) return true;
    member_ = Member::unknown;
    code_ = 0;
    if (name == "200") return begin(Member::success, message_id.has_value());
    if (name == "error") return begin(Member::error, error.has_value());
    const auto code = three_digits(name);
    if (!code || *code < 100) return true;
    if (is_2xx(*code)) return in_doubt("a 2xx code that is not documented");
    code_ = *code;
    return begin(Member::failure, failed.has_value());
  }

  bool string(std::string& value) {
    if (depth_ != 1) return true;
    switch (member_) {
      case Member::success:
        if (value.empty()) return in_doubt("member \"200\" is empty");
        message_id = std::move(value);
        return true;
      case Member::failure:
        failed = SendFailed{code_, without_prefix(value)};
        return true;
      case Member::error:
        if (value.empty()) return in_doubt("member \"error\" is empty");
        if (const auto code = three_digits(value)) {
          error = gateway_error(*code);
        } else {
          error = GatewayError{std::nullopt, std::move(value)};
        }
        return true;
      case Member::unknown:
        break;
    }
    return true;
  }

  bool number_unsigned(std::uint64_t value) {
    if (depth_ == 1 && member_ == Member::error && value >= 100 && value <= 999) {
      error = gateway_error(static_cast<int>(value));
      return true;
    }
    return other_type();
  }

  bool null() { return other_type(); }
  bool boolean(bool /*value*/) { return other_type(); }
  bool number_integer(std::int64_t /*value*/) { return other_type(); }
  bool number_float(double /*value*/, const std::string& /*text*/) { return other_type(); }
  template <class Binary>
  bool binary(Binary& /*value*/) {
    return other_type();
  }
  bool start_object(std::size_t /*size*/) { return open(); }
  bool start_array(std::size_t /*size*/) { return open(); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  template <class Exception>
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/, const Exception& /*what*/) {
    return in_doubt("not valid JSON");
  }

 private:
  enum class Member { unknown, success, failure, error };

  bool in_doubt(std::string reason) {
    doubt = std::move(reason);
    return false;
  }

  bool begin(Member member, bool seen_before) {
    member_ = member;
    return !seen_before || in_doubt("a documented member appears twice");
  }

  bool other_type() {
    if (depth_ != 1 || member_ == Member::unknown) return true;
    return in_doubt("a documented member has a value of the wrong type");
  }

  bool open() {
    const bool expected = other_type();
    ++depth_;
    return expected;
  }

  bool close() {
    --depth_;
    return true;
  }

  static std::string without_prefix(const std::string& description) {
    constexpr std::string_view prefix{"SEND_FAILED: "};
    return starts_with(description, prefix) ? description.substr(prefix.size()) : description;
  }

  std::size_t depth_ = 0;
  Member member_ = Member::unknown;
  int code_ = 0;
};

}}}  // namespace mobivate::v0::detail
