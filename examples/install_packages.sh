#!/bin/sh
# Installs the packages that are missing for the example programs, or also for the tests or the
# benchmarks:
#   install_packages.sh examples|tests|benchmarks
# On Debian and Ubuntu; elsewhere it names them and stops, unless MOBIVATE_PACKAGES=present says
# that they are there.
set -eu

needed="ca-certificates cmake g++ libcli11-dev libcpp-httplib-dev libcsv-dev libcurl4-openssl-dev
  libspdlog-dev libssl-dev make ninja-build nlohmann-json3-dev pkg-config"
if [ "$1" = tests ]; then
  needed="$needed catch2 clang curl"
elif [ "$1" = benchmarks ]; then
  needed="$needed libnginx-mod-http-echo nginx openssl python3-requests valgrind wrk"
fi

[ "${MOBIVATE_PACKAGES:-}" = present ] && exit 0

if ! command -v apt-get >/dev/null; then
  cat >&2 <<'END'
This script installs packages on Debian and Ubuntu only. Elsewhere, install these:
  Homebrew  brew install cli11 cmake cpp-httplib curl libcsv ninja nlohmann-json openssl pkgconf
            spdlog
            and for the tests: catch2 llvm
  Fedora    dnf install cli11-devel cmake cpp-httplib-devel gcc-c++ json-devel libcsv-devel
            libcurl-devel ninja-build openssl-devel pkgconf spdlog-devel
            and for the tests: catch-devel clang curl
  vcpkg     vcpkg install cli11 cpp-httplib[openssl] curl libcsv nlohmann-json spdlog
            and for the tests: catch2
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
