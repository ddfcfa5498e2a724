#!/bin/sh
# Installs the packages that are missing for the example programs, or also for the tests, the
# benchmarks, the package mobivate-tools or tests/windows.sh; the tests' are for asio_service and
# metrics, too:
#   install_packages.sh examples|tests|benchmarks|tools|windows
# On Debian and Ubuntu; elsewhere it names them and stops, unless MOBIVATE_PACKAGES=present says
# that they are there.
set -eu

needed="ca-certificates cmake g++ libcli11-dev libcpp-httplib-dev libcsv-dev libcurl4-openssl-dev
  libpq-dev libspdlog-dev libssl-dev make ninja-build nlohmann-json3-dev pkg-config"
if [ "$1" = tests ]; then
  needed="$needed catch2 clang curl faketime iproute2 iptables libboost-dev nginx-light openssl
  pgbouncer php-cli php-pgsql postgresql prometheus-cpp-dev python3 python3-h2 python3-psycopg"
elif [ "$1" = benchmarks ]; then
  needed="$needed libnginx-mod-http-echo nginx openssl python3-requests valgrind wrk"
elif [ "$1" = tools ]; then
  needed="$needed dpkg-dev file help2man"
elif [ "$1" = windows ]; then
  needed="$needed catch2 dpkg-dev g++-mingw-w64-x86-64-posix libz-mingw-w64-dev wine64"
fi

[ "${MOBIVATE_PACKAGES:-}" = present ] && exit 0

if ! command -v apt-get >/dev/null; then
  cat >&2 <<'END'
This script installs packages on Debian and Ubuntu only. Elsewhere, install these:
  Homebrew  brew install cli11 cmake cpp-httplib curl libcsv libpq ninja nlohmann-json openssl
            pkgconf spdlog
            and for the tests: boost catch2 libfaketime llvm nginx pgbouncer php postgresql
            prometheus-cpp python
  Fedora    dnf install cli11-devel cmake cpp-httplib-devel gcc-c++ json-devel libcsv-devel
            libcurl-devel libpq-devel ninja-build openssl-devel pkgconf spdlog-devel
            and for the tests: boost-devel catch-devel clang curl iproute iptables libfaketime nginx
            openssl pgbouncer php-cli php-pgsql postgresql-server python3 python3-h2
            python3-psycopg3
  vcpkg     vcpkg install cli11 cpp-httplib[openssl] curl libcsv libpq nlohmann-json spdlog
            and for the tests: boost-asio boost-beast catch2 prometheus-cpp
Then run this again with MOBIVATE_PACKAGES=present in the environment.
END
  exit 1
fi

missing=
for package in $needed; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    *' installed') ;;
    *) missing="$missing $package" ;;
  esac
done
[ -z "$missing" ] && exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
echo "Installing$missing"
$as_root apt-get -qq update
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing \
  >/dev/null
