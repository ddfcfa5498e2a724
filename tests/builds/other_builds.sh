#!/bin/sh
# Configures and builds the library as other people's projects do:
#   other_builds.sh
# installed into folders of their own choice, with curl's own configuration file, with components,
# before a language is enabled, and with warnings of theirs as errors.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$1" >&2
  [ ! -f "$work/log" ] || tail -n 40 "$work/log" >&2
  exit 1
}

# succeeds NAME COMMAND…
succeeds() {
  name=$1
  shift
  "$@" >"$work/log" 2>&1 || fail "$name: should succeed"
}

# refuses NAME TEXT COMMAND…: fails, with this text in what it prints.
refuses() {
  name=$1 text=$2
  shift 2
  ! "$@" >"$work/log" 2>&1 || fail "$name: should fail"
  tr -s ' \n' ' ' <"$work/log" | grep -qF -e "$text" || fail "$name: should print: $text"
}

# install_into PREFIX [OPTION…]
install_into() {
  prefix=$1
  shift
  succeeds "install $*" cmake -S "$source" -B "$work/install" -DMOBIVATE_BUILD_TESTS=OFF \
    -DMOBIVATE_BUILD_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$prefix" "$@"
  succeeds "install $*" cmake --install "$work/install"
  rm -rf "$work/install"
}

echo '#include <mobivate/doi_client.hpp>
int main() { return mobivate::describe(590).empty() ? 1 : 0; }' >"$work/main.cpp"

# project NAME LINE…: a project with these lines, and the program above.
project() {
  folder=$work/$1
  shift
  mkdir "$folder"
  cp "$work/main.cpp" "$folder"
  printf '%s\n' 'cmake_minimum_required(VERSION 3.14)' "$@" >"$folder/CMakeLists.txt"
}

# The .pc file, wherever headers and data go.
pc_finds_headers() {
  # shellcheck disable=SC2046 # lists of words
  succeeds "pkg-config with $2" "${CXX:-c++}" -std=c++17 -fsyntax-only \
    $(PKG_CONFIG_PATH="$1" pkg-config --cflags mobivate) "$work/main.cpp"
}
install_into "$work/deep" -DCMAKE_INSTALL_DATADIR=lib/multi/arch/share
pc_finds_headers "$work/deep/lib/multi/arch/share/pkgconfig" 'a deep DATADIR'
mv "$work/deep" "$work/moved"
pc_finds_headers "$work/moved/lib/multi/arch/share/pkgconfig" 'a folder that was moved'
install_into "$work/split" -DCMAKE_INSTALL_INCLUDEDIR="$work/elsewhere/include" \
  -DCMAKE_INSTALL_DATADIR="$work/data"
pc_finds_headers "$work/data/pkgconfig" 'absolute folders'

install_into "$work/prefix"
find="find_package(mobivate CONFIG REQUIRED"
project components 'project(app LANGUAGES CXX)' "$find COMPONENTS nonsense)"
refuses 'a component that does not exist' 'mobivate has no component nonsense' \
  cmake -S "$work/components" -B "$work/components/build" -DCMAKE_PREFIX_PATH="$work/prefix"

project early 'project(app LANGUAGES NONE)' "$find)" 'enable_language(CXX)' \
  'add_executable(app main.cpp)' 'target_link_libraries(app PRIVATE mobivate::compiled)'
succeeds 'find_package before enable_language' \
  cmake -S "$work/early" -B "$work/early/build" -DCMAKE_PREFIX_PATH="$work/prefix"
succeeds 'mobivate::compiled, found before enable_language' cmake --build "$work/early/build"

# curl's own configuration file: it takes version 8 for incompatible with a request for 7.
curl_config() {
  mkdir -p "$work/curl/lib/cmake/CURL"
  echo "add_library(CURL::libcurl INTERFACE IMPORTED)
target_link_libraries(CURL::libcurl INTERFACE curl)" >"$work/curl/lib/cmake/CURL/CURLConfig.cmake"
  echo "set(PACKAGE_VERSION $1)
if(PACKAGE_FIND_VERSION_MAJOR STREQUAL \"${1%%.*}\")
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()" >"$work/curl/lib/cmake/CURL/CURLConfigVersion.cmake"
}
project with_curl 'project(app LANGUAGES CXX)' "$find)" 'add_executable(app main.cpp)' \
  'target_link_libraries(app PRIVATE mobivate::mobivate)'
curl_config 8.14.1
for way in "-S $work/with_curl -DCMAKE_PREFIX_PATH=$work/prefix;$work/curl" \
  "-S $source -DCMAKE_PREFIX_PATH=$work/curl -DMOBIVATE_BUILD_TESTS=OFF -DMOBIVATE_BUILD_EXAMPLES=OFF"; do
  for time in first second; do
    # shellcheck disable=SC2086 # a list of words
    succeeds "curl 8 by its own configuration file, $time time" cmake $way -B "$work/with_curl/build"
    grep -qF "CURL_DIR:PATH=$work/curl" "$work/with_curl/build/CMakeCache.txt" ||
      fail "curl 8 by its own configuration file: another one was taken"
  done
  rm -rf "$work/with_curl/build"
done
curl_config 7.60.0
refuses 'a libcurl that is too old' 'or newer, and CMake found 7.60.0' cmake -S "$work/with_curl" \
  -B "$work/with_curl/build" "-DCMAKE_PREFIX_PATH=$work/prefix;$work/curl"
rm -rf "$work/with_curl/build"
refuses 'a libcurl that is too old, in our own build' 'or newer, and CMake found 7.60.0' \
  cmake -S "$source" -B "$work/with_curl/build" "-DCMAKE_PREFIX_PATH=$work/curl"

# Someone's warnings are about their own code, however strict they are.
project strict 'project(app LANGUAGES CXX)' \
  'add_compile_options(-Wall -Wextra -Wswitch-enum -Weffc++ -Wshadow -Wconversion -Wuseless-cast -Werror)' \
  "add_subdirectory($source mobivate)" 'add_executable(app main.cpp)' \
  'target_link_libraries(app PRIVATE mobivate::mobivate)' 'add_executable(compiled main.cpp)' \
  'target_link_libraries(compiled PRIVATE mobivate::compiled)'
succeeds 'add_subdirectory with strict warnings' \
  cmake -S "$work/strict" -B "$work/strict/build" -DCMAKE_CXX_COMPILER=g++
succeeds 'add_subdirectory with strict warnings' cmake --build "$work/strict/build"
