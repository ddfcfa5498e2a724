# What the tests of an app that uses the library have in common: building and running the README's
# first program. To be sourced, with $source and $programs set.
# shellcheck shell=sh
# shellcheck disable=SC2154 # set by those who source it

# shellcheck source=tests/programs/program_checks.sh
. "$source/tests/programs/program_checks.sh"

"$source/tests/builds/extract_snippets.sh" "$source/README.md" cpp "$work/snippets"
"$source/tests/builds/extract_snippets.sh" "$source/README.md" cmake "$work/snippets"

# shellcheck disable=SC2119 # without arguments
start_gateway
export MOBIVATE_ACCOUNT_ID="$account_id" MOBIVATE_API_KEY="$api_key"

# The gateway gives the same reference the same answer, so each program may ask the same.
check() {
  output=$("$2")
  case $output in
    'accepted: MT-'*) echo "$1: $output" ;;
    *) echo "$1: expected the stop to be accepted, not: $output" >&2; exit 1 ;;
  esac
}

library=mobivate::mobivate

# cmake_consumer NAME THIRD_LINE [OPTION…]: with that line in place of find_package, and $library
cmake_consumer() {
  name=$1 third_line=$2
  shift 2
  mkdir "$work/$name"
  cp "$work/snippets/1.cpp" "$work/$name/main.cpp"
  sed "s|^find_package.*|$third_line|; s|mobivate::mobivate|$library|" "$work/snippets/1.cmake" >"$work/$name/CMakeLists.txt"
  if ! {
    cmake -S "$work/$name" -B "$work/$name/build" -DCMAKE_CXX_STANDARD=20 "$@" &&
      cmake --build "$work/$name/build"
  } >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
  check "$name" "$work/$name/build/app"
}

pkg_config_consumer() {
  # shellcheck disable=SC2046 # lists of words
  "${CXX:-c++}" -std=c++20 $(pkg-config --cflags mobivate) "$work/snippets/1.cpp" \
    -o "$work/app" $(pkg-config --libs mobivate)
  check pkg-config "$work/app"
  version=$(sed -n 's/.*version{"\(.*\)"}.*/\1/p' "$source/include/mobivate/version.hpp")
  [ "$(pkg-config --modversion mobivate)" = "$version" ]
}

# What a new user does: the guide's first page, then its page about unit tests.
guide_reader() {
  for page in first-call unit-tests; do
    for language in cpp cmake; do
      "$source/tests/builds/extract_snippets.sh" "$source/docs/guide/$page.md" "$language" "$work/$page"
    done
  done
  mkdir "$work/guide"
  cp "$work/first-call/1.cpp" "$work/guide/main.cpp"
  cp "$work/unit-tests/1.cpp" "$work/guide/app_test.cpp"
  cat "$work/first-call/1.cmake" "$work/unit-tests/1.cmake" >"$work/guide/CMakeLists.txt"
  if ! (cd "$work/guide" && cmake -B build "$@" && cmake --build build && cd build && ctest) \
    >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
  check guide "$work/guide/build/app"
}
