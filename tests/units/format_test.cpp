// std::format and {fmt}, with the formatters of the library.

#if __has_include(<fmt/format.h>)
#define FMT_HEADER_ONLY
#include <fmt/format.h>
#endif
#if __has_include(<fmt/std.h>)
#include <fmt/std.h>
#endif

#include <string>

#include <mobivate/client_options.hpp>

#include "catch.hpp"

using mobivate::Accepted;
using mobivate::Secret;
using mobivate::StopState;
using mobivate::TransportError;
using mobivate::UnsubscribeResult;

#ifdef __cpp_lib_format
TEST_CASE("std::format writes results, states and kinds in words, and secrets as asterisks") {
  CHECK(std::format("{} {:>5}", Secret("3b41d767"), Secret("x")) == "***   ***");
  CHECK(std::format("{:>16}", UnsubscribeResult(Accepted{"MT-1"})) == "  accepted: MT-1");
  CHECK(std::format("{} {}", StopState::not_sent, TransportError::Kind::too_large) ==
        "not_sent too_large");
}
#endif

#if defined(FMT_VERSION) && FMT_VERSION >= 90000
TEST_CASE("{fmt} writes results, states and kinds in words, and secrets as asterisks") {
  CHECK(fmt::format("{} {:>5}", Secret("3b41d767"), Secret("x")) == "***   ***");
  CHECK(fmt::format("{:>16}", UnsubscribeResult(Accepted{"MT-1"})) == "  accepted: MT-1");
  CHECK(fmt::format("{} {}", StopState::not_sent, TransportError::Kind::too_large) ==
        "not_sent too_large");
}
#endif
