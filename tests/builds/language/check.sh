#!/bin/sh
# Compiles all headers in one file, and builds and runs a program of two files, as one compiler takes
# one standard, with every warning an error:  check.sh g++ c++17 [alone]
# With "alone", also each header in a file of its own, and what they say to an older C++ or libcurl.
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
for header in $headers; do
  echo "#include <$header>" >"$work/alone.cpp"
  cat "$work/alone.cpp" >>"$work/all.cpp"
  [ "${3:-}" = alone ] || continue
  compile -fsyntax-only "$work/alone.cpp" || { echo "$header does not stand alone" >&2; exit 1; }
done
compile -fsyntax-only "$work/all.cpp"

# says NAME TEXT COMMAND…: fails, and this is the first error.
says() {
  name=$1 text=$2
  shift 2
  ! "$@" >"$work/errors" 2>&1 || { echo "$name: should not compile" >&2; exit 1; }
  grep -F 'error' "$work/errors" | head -n 1 | grep -qF "$text" ||
    { cat "$work/errors" >&2; echo "$name: should say first: $text" >&2; exit 1; }
}
says 'a next that returns a plain request' \
  'next must return a std::optional<mobivate::UnsubscribeRequest>' \
  compile -fsyntax-only "$here/plain_next.cpp"
if [ "${3:-}" = alone ]; then
  for header in $(echo "$headers" | grep -v /detail/); do
    echo "#include <$header>" >"$work/alone.cpp"
    says "$header" 'mobivate needs C++17 or newer' \
      "$compiler" -std=c++14 -fsyntax-only -Wfatal-errors "-I$include" "$work/alone.cpp"
  done
  printf '%s\n' '#include <curl/curl.h>' '#undef LIBCURL_VERSION_NUM' \
    '#define LIBCURL_VERSION_NUM 0x074900' '#include <mobivate/doi_client.hpp>' >"$work/old.cpp"
  says 'an older libcurl' 'mobivate needs libcurl 7.74 or newer' compile -fsyntax-only "$work/old.cpp"
fi

compile -c "$here/one.cpp" -o "$work/one.o"
compile -c "$here/two.cpp" -o "$work/two.o"
# shellcheck disable=SC2046 # a list of words
"$compiler" "$work/one.o" "$work/two.o" -o "$work/program" -pthread $(pkg-config --libs libcurl)
"$work/program"
