#!/bin/sh
# Compares the public names of the headers and their signatures with tests/builds/public_surface.txt:
#   public_surface.sh [--update]
# --update writes that file anew, if the top section of CHANGELOG.md has each changed name, between
# backquotes; if there is no such file, it begins one. Needs clang++-14, since each Clang writes signatures in its own way, and python3.
set -eu
cd "$(dirname "$0")/../.."
expected=tests/builds/public_surface.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find include -name '*.hpp' ! -path '*/detail/*' | sort | sed 's|include/\(.*\)|#include <\1>|' \
  >"$work/all.cpp"
# MOBIVATE_COMPILED leaves out what is only defined.
# shellcheck disable=SC2046 # a list of words
clang++-14 -std=c++17 -DMOBIVATE_COMPILED -Iinclude $(pkg-config --cflags libcurl nlohmann_json) \
  -fsyntax-only -Xclang -ast-dump=json -Xclang -ast-dump-filter -Xclang mobivate "$work/all.cpp" >"$work/tree"
{
  echo "version $(sed -n 's/.*version{"\(.*\)"}.*/\1/p' include/mobivate/version.hpp)"
  python3 tests/builds/public_surface.py <"$work/tree"
} >"$work/surface"
[ "$(wc -l <"$work/surface")" -gt 100 ] || { echo 'no surface was found' >&2; exit 1; }

if [ "${1:-}" = --update ] && [ ! -e "$expected" ]; then
  cp "$work/surface" "$expected"
fi
if diff -u "$expected" "$work/surface" >"$work/difference"; then
  exit 0
fi
if [ "${1:-}" != --update ]; then
  cat "$work/difference" >&2
  echo 'The public surface has changed. If it should: say so in CHANGELOG.md, then run' >&2
  echo 'tests/builds/public_surface.sh --update' >&2
  exit 1
fi

# The class and the member: CHANGELOG.md may name `Class::member`, or the two apart.
# shellcheck disable=SC2016 # backquotes
awk '/^## / { section++ } section == 1' CHANGELOG.md | grep -o '`[^`]*`' |
  tr -d '`' | grep -oE '[A-Za-z_~]+|operator.*' | sort -u >"$work/named" || true
sed -n 's/^[-+]mobivate::\([^ ]*\): .*/\1/p' "$work/difference" | sed 's/<[A-Za-z_, ]*>//' | sort -u \
  >"$work/changed"
missing=
while read -r name; do
  last=${name##*::}
  grep -qxF -e "$last" "$work/named" || missing="$missing $name"
done <"$work/changed"
if [ -n "$missing" ]; then
  echo "The top section of CHANGELOG.md does not name, between backquotes:" >&2
  # shellcheck disable=SC2086 # a list of words
  printf '  %s\n' $missing >&2
  exit 1
fi
cp "$work/surface" "$expected"
