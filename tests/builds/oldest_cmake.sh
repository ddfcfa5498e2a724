#!/bin/sh
# Fails if the build of the library uses a command or a keyword that CMake 3.14 lacks, as far as a
# list of what came since tells; a newer CMake takes them whatever cmake_minimum_required says.
set -eu
cd "$(dirname "$0")/../.."

commands='cmake_path|cmake_language|block|target_precompile_headers'
keywords='PROJECT_IS_TOP_LEVEL|ZIP_LISTS|PROPAGATE|FILE_SET|PATH_EQUAL'
keywords="$keywords|CONTINUE_ON_ERROR|FIND_PACKAGE_ARGS|COMMAND_ERROR_IS_FATAL"
keywords="$keywords|BUILD_LOCAL_INTERFACE|VERIFY_INTERFACE_HEADER_SETS"
modes='string *\( *(REPEAT|JSON)|list *\( *(PREPEND|POP_)'
modes="$modes|file *\( *(REAL_PATH|CONFIGURE|ARCHIVE_|CHMOD|COPY_FILE|GET_RUNTIME_DEPENDENCIES)"
modes="$modes|message *\( *(VERBOSE|DEBUG|TRACE|CHECK_|CONFIGURE_LOG)|find_(program|file|path|library) *\([^)]*REQUIRED"
modes="$modes|find_package *\([^)]*( GLOBAL|\.\.\.)|\\\$<(PATH|LIST|LINK_LIBRARY|COMPILE_LANG_AND_ID|FILTER)"

files='CMakeLists.txt cmake/compiled.cmake cmake/find_curl.cmake cmake/install.cmake cmake/single_include.cmake
  cmake/local_gateway.cmake cmake/mobivate-config.cmake.in
  examples/CMakeLists.txt tests/CMakeLists.txt'
# shellcheck disable=SC2086 # a list of words
if grep -niE "^ *($commands) *\\(|(^|[^A-Z_])($keywords)([^A-Z_]|\$)|$modes" $files; then
  echo 'CMake 3.14 lacks the above' >&2
  exit 1
fi
