#!/bin/sh
# Runs both of README's commands on another Debian:
#   systems.sh SUITE          for example trixie or sid
#   systems.sh SUITE service  installs the package mobivate-tools there, and runs its service
# On bullseye, which lacks packages for the example programs, it runs the tests of the library. For the
# service, systemd is process 1 of a container, which needs the package systemd-container.
# debootstrap installs the suite into build/systems/SUITE. It stays there, so the next run is quicker;
# remove that folder to begin anew. Needs root, a network and the package debootstrap.
set -eu
cd "$(dirname "$0")/.."

suite=${1:?the suite is missing, for example trixie}
what=${2:-tests}
root=$PWD/build/systems/$suite

# All mounts are made in a namespace, so the kernel undoes them however this script ends, even by
# SIGKILL. Nothing outside ever sees them.
if [ "${3:-}" != in-namespace ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
    echo 'systems.sh installs a whole system: install debootstrap, and run this as root' >&2
    exit 1
  fi
  set -- --mount --pid --fork --kill-child
  # Inside a chroot, / is no mount whose propagation could be changed.
  unshare --mount true 2>/dev/null || set -- "$@" --propagation unchanged
  exec unshare "$@" tests/systems.sh "$suite" "$what" in-namespace
fi
trap 'exit 130' INT TERM

# The machine's own mirror, or else debootstrap's.
mirror=
if command -v apt-get >/dev/null; then
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' |
    head -n 1)
  proxy=
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  [ -z "$proxy" ] || export http_proxy="$proxy"
fi

if [ ! -e "$root/complete" ]; then
  echo "Installing $suite"
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  # shellcheck disable=SC2086 # no mirror is no word
  if ! debootstrap --variant=minbase "$suite" "$root" $mirror >"$root.log" 2>&1; then
    tail -n 20 "$root.log" >&2
    exit 1
  fi
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/quick" # not to wait for the disk
  touch "$root/complete"
fi
cp -L /etc/hosts /etc/resolv.conf "$root/etc/"
# How the machine reaches its mirror, and whether it takes one that is behind.
if command -v apt-config >/dev/null; then
  apt-config dump | grep -E '^Acquire::(https?|Check-)' >"$root/etc/apt/apt.conf.d/machine" || true
fi

# The files as they are now, committed or not; what an earlier run built stays.
mkdir -p "$root/mobivate"
find "$root/mobivate" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
tar -c --exclude ./build --exclude './build-*' --exclude ./.git . |
  tar -x --no-same-owner -C "$root/mobivate"

mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"

in_root() {
  chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"} \
    sh -euc "cd /mobivate; $1"
}

if [ "$what" = service ]; then
  in_root tests/systems/service/install.sh
  umount "$root/dev/pts" "$root/dev" "$root/proc"
  mount -t proc proc /proc # systemd-nspawn looks for the processes of this namespace
  # Its own network: loopback only. The container ends with the exit code of check.sh.
  exec systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network \
    --console=read-only --boot systemd.show_status=no
fi
if [ "$suite" != bullseye ]; then
  in_root 'examples/quickstart.sh; tests/run.sh'
  exit
fi

# bullseye has no cpp-httplib; the source package of the next Debian has its header.
sed -n 's/^deb \([^ ]*\) .*/deb-src \1 bookworm main/p' "$root/etc/apt/sources.list" \
  >"$root/etc/apt/sources.list.d/bookworm.list"
in_root '
  if [ ! -e /usr/local/lib/pkgconfig/cpp-httplib.pc ]; then
    apt-get -qq update
    apt-get -qq -y --no-install-recommends install ca-certificates catch2 cmake dpkg-dev g++ \
      libcurl4-openssl-dev libssl-dev ninja-build nlohmann-json3-dev pkg-config python3-h2 \
      >/dev/null
    (cd /tmp && apt-get -qq source cpp-httplib/bookworm >/dev/null)
    cp /tmp/cpp-httplib-*/httplib.h /usr/local/include
    mkdir -p /usr/local/lib/pkgconfig
    printf "%s\n" "Name: cpp-httplib" "Description: HTTP" "Version: 0" \
      "Cflags: -DCPPHTTPLIB_OPENSSL_SUPPORT" >/usr/local/lib/pkgconfig/cpp-httplib.pc
  fi
  cmake -S . -B build/test -G Ninja -D CMAKE_BUILD_TYPE=Debug \
    -D MOBIVATE_BUILD_EXAMPLES=OFF -D MOBIVATE_TEST_TOOLCHAINS=OFF
  cmake --build build/test
  cd build/test
  no_proxy=127.0.0.1,localhost ctest -j 2 --output-on-failure --no-tests=error'
