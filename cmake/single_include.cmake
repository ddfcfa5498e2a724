# Writes all headers into one:
#   cmake -DINCLUDE_DIR=include -DOUTPUT=mobivate.hpp -DLICENSE=LICENSE -P cmake/single_include.cmake
cmake_minimum_required(VERSION 3.14)

get_filename_component(INCLUDE_DIR "${INCLUDE_DIR}" ABSOLUTE)

function(append text)
  set_property(GLOBAL APPEND_STRING PROPERTY single_include "${text}")
endfunction()

# Each header once, where it is first included.
function(append_header header)
  get_property(is_known GLOBAL PROPERTY "known ${header}")
  if(is_known)
    return()
  endif()
  set_property(GLOBAL PROPERTY "known ${header}" YES)

  file(READ "${INCLUDE_DIR}/${header}" rest)
  string(REPLACE "#pragma once\n\n" "" rest "${rest}")
  while(rest MATCHES "#include <(mobivate/[a-z_/]+\\.[hi]pp)>\n")
    set(line "${CMAKE_MATCH_0}")
    set(included "${CMAKE_MATCH_1}")
    string(FIND "${rest}" "${line}" at)
    string(LENGTH "${line}" length)
    string(SUBSTRING "${rest}" 0 ${at} before)
    append("${before}")
    append_header("${included}")
    math(EXPR at "${at} + ${length}")
    string(SUBSTRING "${rest}" ${at} -1 rest)
  endwhile()
  append("${rest}\n")
endfunction()

file(READ "${LICENSE}" license)
string(REGEX REPLACE "\n+$" "" license "${license}")
string(REPLACE "\n" "\n// " license "// ${license}")
string(REGEX REPLACE "// \n" "//\n" license "${license}")
append("${license}\n")
append("\n// Made of the headers of mobivate-cpp, which are the better ones to read.\n#pragma once\n\n")
append("#ifdef MOBIVATE_COMPILED\n#error \"MOBIVATE_COMPILED needs the headers one by one\"\n#endif\n\n")

file(GLOB_RECURSE headers RELATIVE "${INCLUDE_DIR}" "${INCLUDE_DIR}/mobivate/*.hpp")
list(SORT headers)
foreach(header IN LISTS headers)
  append_header("${header}")
endforeach()

get_property(text GLOBAL PROPERTY single_include)
string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")
file(WRITE "${OUTPUT}" "${text}")
