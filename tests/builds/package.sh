#!/bin/sh
# Makes both Debian packages, has lintian look at them, installs them, builds the README's program with
# the library, runs the tools, removes the packages, and sees that nothing is left:
#   package.sh LOCAL_GATEWAY
# Whoever is not root, or has MOBIVATE_PACKAGES=present in the environment, has the library unpacked
# into a directory in place of installed; the tools are then made, and not run.
set -eu
# shellcheck disable=SC2034 # for consumer_checks.sh
programs=$(dirname "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/builds/consumer_checks.sh"

installed=
finish_package() {
  [ -z "$installed" ] || dpkg --purge libmobivate-dev mobivate-tools >/dev/null || true
  finish
}
trap finish_package EXIT

for package in libmobivate-dev mobivate-tools; do
  if dpkg-query -W "$package" >/dev/null 2>&1; then
    echo "$package is installed already: remove it first" >&2
    exit 1
  fi
done

cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DMOBIVATE_BUILD_TESTS=OFF \
  -DMOBIVATE_BUILD_EXAMPLES=OFF -DMOBIVATE_INSTALL_TOOLS=ON >/dev/null
cmake --build "$work/build" >"$work/log" || { cat "$work/log" >&2; exit 1; }
(cd "$work/build" && cpack >/dev/null)
set -- "$work/build/"libmobivate-dev_*_all.deb "$work/build/"mobivate-tools_*.deb
[ $# -eq 2 ] && library_deb=$1 tools_deb=$2
lintian --fail-on error,warning "$library_deb" "$tools_deb"

# Nothing but these two may say where the library is.
unset CMAKE_PREFIX_PATH PKG_CONFIG_PATH
if [ "$(id -u)" -ne 0 ] || [ "${MOBIVATE_PACKAGES:-}" = present ]; then
  dpkg-deb -x "$library_deb" "$work/root"
  PKG_CONFIG_PATH=$work/root/usr/share/pkgconfig
  export PKG_CONFIG_PATH
  cmake_consumer find_package 'find_package(mobivate CONFIG REQUIRED)' \
    -DCMAKE_PREFIX_PATH="$work/root/usr"
  pkg_config_consumer
  guide_reader -DCMAKE_PREFIX_PATH="$work/root/usr"
  echo "$(basename "$library_deb"): unpacked and used"
  exit
fi

installed=yes
dpkg --install "$library_deb" "$tools_deb" >/dev/null
cmake_consumer find_package 'find_package(mobivate CONFIG REQUIRED)'
library=mobivate::compiled
cmake_consumer find_package_compiled 'find_package(mobivate CONFIG REQUIRED)'
pkg_config_consumer
guide_reader
. "$source/tests/builds/tools_checks.sh"

files=$(for deb in "$library_deb" "$tools_deb"; do
  dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -e mobivate -e unsubscribe -e gateway
done)
dpkg --purge libmobivate-dev mobivate-tools >/dev/null
installed=
for file in $files; do
  [ ! -e "/$file" ] || { echo "left behind: /$file" >&2; exit 1; }
done
echo "$(basename "$library_deb"), $(basename "$tools_deb"): installed, used and removed"
