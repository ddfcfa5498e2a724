#!/bin/sh
# Compiles with every warning an error, as one compiler takes one standard:
#   check.sh g++ c++17        builds and runs a program of two files, one of which has all headers
#   check.sh g++ c++17 alone  each header in a file of its own, and what is said to an older C++ or
#                             libcurl, or to a wrong `next`
set -eu
compiler=$1
standard=$2
here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../../include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() {
  # shellcheck disable=SC2046 # a list of words
  "$compiler" "-std=$standard" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wold-style-cast -Wswitch-enum -Weffc++ -Werror "-I$include" $(pkg-config --cflags libcurl nlohmann_json) "$@"
}

headers=$(cd "$include" && find mobivate -name '*.hpp' | sort)

if [ "${3:-}" = alone ]; then
  # says NAME TEXT COMMAND…: fails, and this is the first error.
  says() {
    name=$1 text=$2
    shift 2
    ! "$@" >"$work/errors" 2>&1 || { echo "$name: should not compile" >&2; exit 1; }
    grep -F 'error' "$work/errors" | head -n 1 | grep -qF "$text" ||
      { cat "$work/errors" >&2; echo "$name: should say first: $text" >&2; exit 1; }
  }
  for header in $headers; do
    echo "#include <$header>" >"$work/alone.cpp"
    # What an .ipp file includes is no help to the header then.
    compile -DMOBIVATE_COMPILED -fsyntax-only "$work/alone.cpp" ||
      { echo "$header does not stand alone" >&2; exit 1; }
  done
  for header in $(echo "$headers" | grep -v /detail/); do
    echo "#include <$header>" >"$work/alone.cpp"
    says "$header" 'mobivate needs C++17 or newer' \
      "$compiler" -std=c++14 -fsyntax-only -Wfatal-errors "-I$include" "$work/alone.cpp"
  done
  printf '%s\n' '#include <curl/curl.h>' '#undef LIBCURL_VERSION_NUM' \
    '#define LIBCURL_VERSION_NUM 0x074900' '#include <mobivate/doi_client.hpp>' >"$work/old.cpp"
  says 'an older libcurl' 'mobivate needs libcurl 7.74 or newer' compile -fsyntax-only "$work/old.cpp"
  says 'a next that returns a plain request' \
    'next must return a std::optional<mobivate::UnsubscribeRequest>' \
    compile -fsyntax-only "$here/plain_next.cpp"
  exit
fi

for header in $headers; do echo "#include <$header>"; done >"$work/all.cpp"
cat "$here/two.cpp" >>"$work/all.cpp"
compile -c "$here/one.cpp" -o "$work/one.o"
compile -c "$work/all.cpp" -o "$work/all.o"
# shellcheck disable=SC2046 # a list of words
"$compiler" "$work/one.o" "$work/all.o" -o "$work/program" -pthread $(pkg-config --libs libcurl)
"$work/program"
