#!/bin/sh
# Compiles all headers in one file, for another system or against other libraries than the machine's
# own, with every warning an error:
#   headers.sh COMPILER [OPTION…]
# Of the machine's headers, a cross compiler sees libcurl's and nlohmann/json's alone: those are the
# same on all systems. With OLDEST_LIBCURL=yes in the environment, libcurl says that it is 7.84.0, and
# what came later can't be named.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A standard C++ header has no .h and no directory, so this finds those of a system.
foreign=$(grep -rnE '^ *# *include' "$include" |
  grep -vE '<(curl/curl\.h|nlohmann/json\.hpp|mobivate/[a-z_/]+\.[hi]pp|[a-z_]+)>' || true)
[ -z "$foreign" ] || { echo "neither standard C++, libcurl nor nlohmann/json: $foreign" >&2; exit 1; }

# directory_of HEADER: where the machine's own compiler finds it
directory_of() {
  # shellcheck disable=SC2046 # a list of words
  echo "#include <$1>" | c++ -x c++ -M $(pkg-config --cflags libcurl nlohmann_json) - |
    tr ' ' '\n' | grep "/$1\$" | head -n 1 | xargs dirname
}
mkdir "$work/packages"
ln -s "$(directory_of nlohmann/json.hpp)" "$work/packages/nlohmann"
cp -RL "$(directory_of curl/curl.h)" "$work/packages/curl"

if [ "${OLDEST_LIBCURL:-}" = yes ]; then
  sed -i 's/^\(#define LIBCURL_VERSION_NUM\) .*/\1 0x075400/' "$work/packages/curl/curlver.h"
  cat "$here/oldest_libcurl.hpp" >"$work/all.cpp"
fi
{
  # As after Windows's own header, which makes macros of min and max.
  grep -rhoE '^#include <([a-z_]+|curl/curl.h|nlohmann/json.hpp)>' "$include" |
    grep -v '<format>' | sort -u
  printf '#define min(a, b) a\n#define max(a, b) a\n'
  (cd "$include" && find mobivate -name '*.hpp' | sort) | sed 's/.*/#include <&>/'
} >>"$work/all.cpp"
"$@" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Werror \
  -fsyntax-only "-I$include" -isystem "$work/packages" "$work/all.cpp"
