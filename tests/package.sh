#!/bin/sh
# Makes the Debian package, has lintian look at it, installs it, builds and runs the README's program
# against it, removes it, and sees that nothing is left:
#   package.sh LOCAL_GATEWAY
# Whoever is not root, or has MOBIVATE_PACKAGES=present in the environment, has it unpacked into a
# directory in place of installed.
set -eu
# shellcheck disable=SC2034 # for consumer_checks.sh
programs=$(dirname "$1")
source=$(cd "$(dirname "$0")/.." && pwd)
. "$source/tests/consumer_checks.sh"

package=libmobivate-dev
installed=
finish_package() {
  [ -z "$installed" ] || dpkg --purge "$package" >/dev/null || true
  finish
}
trap finish_package EXIT

if dpkg-query -W "$package" >/dev/null 2>&1; then
  echo "$package is installed already: remove it first" >&2
  exit 1
fi

cmake -S "$source" -B "$work/build" -DMOBIVATE_BUILD_TESTS=OFF -DMOBIVATE_BUILD_EXAMPLES=OFF \
  >/dev/null
(cd "$work/build" && cpack >/dev/null)
set -- "$work/build/$package"_*_all.deb
[ $# -eq 1 ] && deb=$1
lintian --fail-on error,warning "$deb"

# Nothing but these two may say where the library is.
unset CMAKE_PREFIX_PATH PKG_CONFIG_PATH
if [ "$(id -u)" -ne 0 ] || [ "${MOBIVATE_PACKAGES:-}" = present ]; then
  dpkg-deb -x "$deb" "$work/root"
  PKG_CONFIG_PATH=$work/root/usr/share/pkgconfig
  export PKG_CONFIG_PATH
  cmake_consumer find_package 'find_package(mobivate CONFIG REQUIRED)' \
    -DCMAKE_PREFIX_PATH="$work/root/usr"
  pkg_config_consumer
  guide_reader -DCMAKE_PREFIX_PATH="$work/root/usr"
  echo "$(basename "$deb"): unpacked and used"
  exit
fi

installed=yes
dpkg --install "$deb" >/dev/null
cmake_consumer find_package 'find_package(mobivate CONFIG REQUIRED)'
library=mobivate::compiled
cmake_consumer find_package_compiled 'find_package(mobivate CONFIG REQUIRED)'
pkg_config_consumer
guide_reader

files=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | grep mobivate)
dpkg --purge "$package" >/dev/null
installed=
for file in $files; do
  [ ! -e "/$file" ] || { echo "left behind: /$file" >&2; exit 1; }
done
echo "$(basename "$deb"): installed, used and removed"
