#!/bin/sh
# Compiles all headers in one file, for another system or against other libraries than the machine's
# own, with every warning an error:
#   headers.sh COMPILER [OPTION…]
# Of the machine's headers, a cross compiler sees libcurl's and nlohmann/json's alone: those are the
# same on all systems. With OLDEST_LIBCURL=yes in the environment, libcurl says that it is 7.74.0, and
# what came later can't be named.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../../include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A standard C++ header has no .h and no directory, so this finds those of a system. unistd.h, for
# getpid, poll.h, and fcntl.h, for macOS, are left out on Windows.
foreign=$(grep -rnE '^ *# *include' "$include" |
  grep -vE '<(curl/curl\.h|nlohmann/json\.hpp|mobivate/[a-z_/]+\.[hi]pp|[a-z_]+|(unistd|fcntl|poll)\.h)>' || true)
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
  sed -i 's/^\(#define LIBCURL_VERSION_NUM\) .*/\1 0x074A00/' "$work/packages/curl/curlver.h"
  # As a system header, since some of the names are macros in newer libcurls, of which GCC would warn.
  cp "$here/oldest_libcurl.hpp" "$work/packages"
  echo '#include <oldest_libcurl.hpp>' >"$work/all.cpp"
fi
{
  # As after the headers of Qt, X11, Windows and Apple.
  grep -rhoE '^#include <([a-z_]+|unistd.h|curl/curl.h|nlohmann/json.hpp)>' "$include" |
    grep -vE '<(format|coroutine)>' | sort -u
  sed -n '/^Qt$/,$p' "$here/macros.txt" | grep -vxE 'Qt|X11|windows.h|Apple|' | tr ' ' '\n' |
    sed -e 's/.*/#undef &\n#define & a name that no header of ours may use/' \
      -e 's/\(#define m[ai][nx]\) .*/\1(a, b) a/'
  (cd "$include" && find mobivate -name '*.hpp' | sort) | sed 's/.*/#include <&>/'
} >>"$work/all.cpp"
"$@" -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast \
  -Wswitch-enum -Weffc++ -Werror \
  -fsyntax-only "-I$include" -isystem "$work/packages" "$work/all.cpp"
