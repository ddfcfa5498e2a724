#!/bin/sh
# The same program header-only and with MOBIVATE_COMPILED; with files of both modes, it must not link:
#   modes.sh COMPILER
set -eu
compiler=$1
here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../include" && pwd)
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
  (cd "$work" && "$compiler" -fuse-ld=bfd "$@" -o "$program" -pthread $(pkg-config --libs libcurl))
}

for file in one two; do
  compile "$here/$file.cpp" "$file.o"
  compile "$here/$file.cpp" "$file.compiled.o" -DMOBIVATE_COMPILED
done
echo '#include <mobivate/fwd.hpp>' >"$work/alone.cpp"
compile "$work/alone.cpp" alone.compiled.o -DMOBIVATE_COMPILED
compile "$include/mobivate/compiled.cpp" compiled.o -DMOBIVATE_COMPILED

# With it, no public header includes libcurl's or nlohmann/json's.
(cd "$include" && find mobivate -name '*.hpp' ! -path '*/detail/*') | sed 's/.*/#include <&>/' \
  >"$work/all.cpp"
if "$compiler" -std=c++17 -DMOBIVATE_COMPILED "-I$include" -M "$work/all.cpp" |
  grep -E 'nlohmann|curl/curl'; then
  echo 'expected no public header to include these' >&2
  exit 1
fi

# refuses NAME OBJECT…: with an error that has the name in it
refuses() {
  name=$1
  shift
  if link mixed "$@" 2>"$work/errors"; then
    echo "expected not to link: $*" >&2
    exit 1
  fi
  grep -q "$name" "$work/errors" && return
  cat "$work/errors" >&2
  echo "expected an error that names $name" >&2
  exit 1
}
mixed=MOBIVATE_COMPILED_is_defined_for_some_files_only
refuses $mixed one.o two.compiled.o compiled.o
refuses $mixed one.compiled.o two.o compiled.o
refuses $mixed one.o two.o alone.compiled.o compiled.o
refuses 'mobivate::v0::compiled::DoiClient::DoiClient' one.compiled.o two.compiled.o

link header_only one.o two.o
"$work/header_only"
link compiled one.compiled.o two.compiled.o alone.compiled.o compiled.o
"$work/compiled"
