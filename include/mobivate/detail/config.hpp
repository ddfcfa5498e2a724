#pragma once

#ifdef _MSVC_LANG  // MSVC's __cplusplus is 199711 without /Zc:__cplusplus
#define MOBIVATE_CPLUSPLUS _MSVC_LANG
#else
#define MOBIVATE_CPLUSPLUS __cplusplus
#endif
#if MOBIVATE_CPLUSPLUS < 201703L
#error "mobivate needs C++17 or newer: compile with -std=c++17, or /std:c++17 with MSVC"
#endif
#undef MOBIVATE_CPLUSPLUS

// The code in detail/*/*.ipp is compiled in each file that includes the headers. With
// MOBIVATE_COMPILED it is compiled once, in the CMake target mobivate::compiled.
#ifdef MOBIVATE_COMPILED
#define MOBIVATE_INLINE
#else
#define MOBIVATE_INLINE inline
#endif
