#!/bin/sh
# The same program header-only and with MOBIVATE_COMPILED; of both modes, it must not link where they
# hand a client to each other, and must work where they don't:
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
  (cd "$work" && "$compiler" "$@" -o "$program" -pthread $(pkg-config --libs libcurl))
}

for file in one two; do
  compile "$here/$file.cpp" "$file.o" -Dmain=header_only_main
  compile "$here/$file.cpp" "$file.compiled.o" -Dmain=compiled_main -DMOBIVATE_COMPILED
done
compile "$include/mobivate/compiled.cpp" compiled.o -DMOBIVATE_COMPILED
echo 'int header_only_main(); int compiled_main();
int main() { return header_only_main() + compiled_main(); }' >"$work/both.cpp"
compile "$work/both.cpp" both.o

# fails_for_lack_of NAME OBJECT…
fails_for_lack_of() {
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
fails_for_lack_of 'mobivate::v0::header_only::DoiClient const&' \
  both.o one.o one.compiled.o two.compiled.o compiled.o
fails_for_lack_of 'mobivate::v0::compiled::DoiClient const&' both.o one.o two.o one.compiled.o compiled.o
fails_for_lack_of 'mobivate::v0::compiled::DoiClient::DoiClient' \
  both.o one.o two.o one.compiled.o two.compiled.o

link both both.o one.o two.o one.compiled.o two.compiled.o compiled.o
"$work/both"
