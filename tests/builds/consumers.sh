#!/bin/sh
# Installs the library into an empty prefix, then builds and runs the README's own program in each
# way in which the README says it can be brought in:
#   consumers.sh BUILD_DIRECTORY LOCAL_GATEWAY
# where BUILD_DIRECTORY is configured already and LOCAL_GATEWAY is that program.
set -eu
build=$1
# shellcheck disable=SC2034 # for consumer_checks.sh
programs=$(dirname "$2")
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/builds/consumer_checks.sh"

prefix=$work/prefix
cmake --install "$build" --prefix "$prefix" >/dev/null
unexpected=$(find "$prefix" -type f ! -name '*.[hi]pp' ! -name mobivate.cpp ! -name '*.cmake' \
  ! -name '*.pc' ! -name LICENSE)
[ -z "$unexpected" ] || { echo "installed, but should not be: $unexpected" >&2; exit 1; }

cmake_consumer find_package 'find_package(mobivate CONFIG REQUIRED)' \
  -DCMAKE_PREFIX_PATH="$prefix"
cmake_consumer add_subdirectory "add_subdirectory($source mobivate)"
cmake_consumer FetchContent \
  "include(FetchContent)\\nFetchContent_Declare(mobivate SOURCE_DIR $source)\\nFetchContent_MakeAvailable(mobivate)"

library=mobivate::compiled
cmake_consumer find_package_compiled 'find_package(mobivate CONFIG REQUIRED)' \
  -DCMAKE_PREFIX_PATH="$prefix"
cmake_consumer add_subdirectory_compiled "add_subdirectory($source mobivate)"

export PKG_CONFIG_PATH="$prefix/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
pkg_config_consumer
