#pragma once

// Where the code of build_url, CurlTransport, DoiClient and parse_response is: in each file that
// includes their headers; or, with MOBIVATE_COMPILED, in the CMake target mobivate::compiled, which
// compiles compiled.cpp. It is part of their names: a file of one kind does not link with one of
// the other that it passes a client to, and no function is ever taken for its twin.
#ifdef MOBIVATE_COMPILED
#define MOBIVATE_MODE compiled
#define MOBIVATE_INLINE
#else
#define MOBIVATE_MODE header_only
#define MOBIVATE_INLINE inline
#endif
