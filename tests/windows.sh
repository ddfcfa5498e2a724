#!/bin/sh
# Runs the unit tests and calls to real gateways on Windows' API: compiled by MinGW-w64, with Debian's
# libcurl on Schannel, under Wine. All that it makes is in build/windows; to begin anew, remove that.
set -eu
cd "$(dirname "$0")/.."
examples/install_packages.sh windows

build=$PWD/build/windows
export WINEPREFIX="$build/wine" WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
gateways=
program=
finish() {
  # shellcheck disable=SC2086 # a list of words
  [ -z "$gateways$program" ] || kill $gateways $program 2>/dev/null || true
  [ ! -d "$WINEPREFIX" ] || /usr/lib/wine/wineserver64 -k || true  # of this prefix alone
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$build"

# The machine's apt may know of no source packages: so it is told of its own sources once more.
# apt COMMAND…
apt() {
  apt-get -qq -o "Dir::Etc::SourceList=$build/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o "Dir::State::Lists=$build/apt/lists" -o "Dir::Cache=$build/apt/cache" \
    -o "APT::Sandbox::User=$(id -un)" "$@"
}
if [ ! -d "$build/curl" ]; then
  echo "Fetching libcurl's source package"
  rm -rf "$build/apt"
  mkdir -p "$build/apt/lists/partial" "$build/apt/cache"
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' >"$build/apt/sources.list"
  apt update
  (cd "$build/apt" && apt source curl >/dev/null)
  mv "$build/apt/"curl-*/ "$build/curl"
fi

cmake --preset test >/dev/null
cmake --build build/test --target local_gateway
# Without -O1, linking takes a minute: GNU ld is slow with the many functions that are not inlined.
cmake -S tests/systems/windows -B "$build/tests" -G Ninja -DCMAKE_CXX_FLAGS=-O1 \
  -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc-posix \
  -DCMAKE_CXX_COMPILER=x86_64-w64-mingw32-g++-posix -DCURL_SOURCES="$build/curl" >/dev/null
cmake --build "$build/tests"

# start_gateway NAME [OPTION…]: its port is then in $port, what it prints in NAME.txt.
start_gateway() {
  output=$build/$1.txt
  rm -f "$output"
  shift
  # shellcheck disable=SC2046 # a list of words
  build/test/examples/local_gateway "$@" --subscriber $(seq 254743000000 254743001999) >"$output" &
  gateway=$!
  gateways="$gateways $gateway"
  while [ ! -s "$output" ]; do
    kill -0 "$gateway" || exit 1
    sleep 0.05
  done
  port=$(head -n 1 "$output" | sed 's/.*://')
}
start_gateway plain
export PLAIN_GATEWAY="http://127.0.0.1:$port"
start_gateway tls --tls --certificate-out "$build/tls.pem"
# Under Schannel, libcurl finds no IP address in a certificate.
export TLS_GATEWAY="https://localhost:$port"
start_gateway slow --tls --certificate-out "$build/slow.pem" --delay 2000
export SLOW_GATEWAY="https://localhost:$port"

# In the background, so that a signal ends this script at once.
(cd "$build" && exec timeout 300 /usr/lib/wine/wine64 tests/tests.exe) &
program=$!
wait "$program"
program=

for gateway in $gateways; do
  kill "$gateway"
  wait "$gateway"
done
gateways=
for gateway in plain tls slow; do
  if grep ', billed ' "$build/$gateway.txt" | grep -v ', billed 0 cents'; then
    echo "The gateway $gateway billed these" >&2
    exit 1
  fi
done
[ "$(grep -c ': stopped, billed 0 cents' "$build/plain.txt")" -eq 2000 ]
