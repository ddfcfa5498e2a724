#pragma once

// Where the code of build_url, CurlTransport, DoiClient and parse_response is: in each file that
// includes their headers; or, with MOBIVATE_COMPILED, in the CMake target mobivate::compiled, which
// compiles compiled.cpp. It is part of their names, so that no function is taken for its twin.
#ifdef MOBIVATE_COMPILED
#define MOBIVATE_MODE compiled
#define MOBIVATE_INLINE
#else
#define MOBIVATE_MODE header_only
#define MOBIVATE_INLINE inline
#endif

// A program is of one mode. Linkers are shown a difference that they don't overlook: Microsoft's by
// its own means, GNU's by a name that is a thread's variable in one mode and nobody's in the other.
#if defined(_MSC_VER) && defined(MOBIVATE_COMPILED)
#pragma detect_mismatch("MOBIVATE_COMPILED", "defined")
#elif defined(_MSC_VER)
#pragma detect_mismatch("MOBIVATE_COMPILED", "not defined")
#elif defined(__ELF__)
namespace mobivate { inline namespace v0 { namespace detail {
#ifdef MOBIVATE_COMPILED
[[gnu::used, gnu::visibility("hidden")]] inline const char
#else
[[gnu::used, gnu::visibility("hidden")]] inline thread_local const char
#endif
    MOBIVATE_COMPILED_is_defined_for_some_files_only{};
}}}  // namespace mobivate::v0::detail
#endif
