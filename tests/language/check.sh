#!/bin/sh
# Compiles all headers in one file, and builds and runs a program of two files, as one compiler takes
# one standard, with every warning an error:  check.sh g++ c++17 [alone]
# With "alone", also each header in a file of its own.
set -eu
compiler=$1
standard=$2
here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() {
  # shellcheck disable=SC2046 # a list of words
  "$compiler" "-std=$standard" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wold-style-cast -Werror "-I$include" $(pkg-config --cflags libcurl nlohmann_json) "$@"
}

version=$(sed -n 's/.*version{"\([0-9]*\)\..*/v\1/p' "$include/mobivate/version.hpp")
elsewhere=$(grep -rn '^namespace mobivate' "$include" |
  grep -vE "namespace mobivate \{ inline namespace $version \{( |\$)" || true)
[ -z "$elsewhere" ] || { echo "not in mobivate::$version: $elsewhere" >&2; exit 1; }

headers=$(cd "$include" && find mobivate -name '*.hpp' | sort)
for header in $headers; do
  echo "#include <$header>" >"$work/alone.cpp"
  cat "$work/alone.cpp" >>"$work/all.cpp"
  [ "${3:-}" = alone ] || continue
  compile -fsyntax-only "$work/alone.cpp" || { echo "$header does not stand alone" >&2; exit 1; }
done
compile -fsyntax-only "$work/all.cpp"

compile -c "$here/one.cpp" -o "$work/one.o"
compile -c "$here/two.cpp" -o "$work/two.o"
# shellcheck disable=SC2046 # a list of words
"$compiler" "$work/one.o" "$work/two.o" -o "$work/program" -pthread $(pkg-config --libs libcurl)
"$work/program"
