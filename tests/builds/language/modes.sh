#!/bin/sh
# Builds and runs the same program header-only and with MOBIVATE_COMPILED:
#   modes.sh COMPILER
set -eu
compiler=$1
here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../../include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compile FILE OBJECT [OPTION…]
compile() {
  code=$1 object=$2
  shift 2
  # shellcheck disable=SC2046 # a list of words
  "$compiler" -std=c++17 -Wall -Wextra -Werror "-I$include" \
    $(pkg-config --cflags libcurl nlohmann_json) "$@" -c "$code" -o "$work/$object"
}

# link PROGRAM OBJECT…
link() {
  program=$1
  shift
  # shellcheck disable=SC2046 # a list of words
  (cd "$work" && "$compiler" "$@" -o "$program" -pthread $(pkg-config --libs libcurl))
}

for file in one two; do
  compile "$here/$file.cpp" "$file.o"
  compile "$here/$file.cpp" "$file.compiled.o" -DMOBIVATE_COMPILED
done
compile "$here/../../../cmake/mobivate.cpp" compiled.o -DMOBIVATE_COMPILED

# With it, no public header but json.hpp includes libcurl's or nlohmann/json's.
(cd "$include" && find mobivate -name '*.hpp' ! -path '*/detail/*' ! -name json.hpp) | sed 's/.*/#include <&>/' \
  >"$work/all.cpp"
if "$compiler" -std=c++17 -DMOBIVATE_COMPILED "-I$include" -M "$work/all.cpp" |
  grep -E 'nlohmann|curl/curl'; then
  echo 'expected no public header to include these' >&2
  exit 1
fi

link header_only one.o two.o
"$work/header_only"
link compiled one.compiled.o two.compiled.o compiled.o
"$work/compiled"
