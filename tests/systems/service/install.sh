#!/bin/sh
# Makes and installs mobivate-tools, with what check.sh needs. Runs before systemd does.
set -eu
apt-get -qq update
examples/install_packages.sh tools
apt-get -qq -y --no-install-recommends install dbus man-db postgresql systemd-sysv >/dev/null
cmake -S . -B build/tools -G Ninja -DCMAKE_BUILD_TYPE=Release -DMOBIVATE_BUILD_TESTS=OFF \
  -DMOBIVATE_BUILD_EXAMPLES=OFF -DMOBIVATE_INSTALL_TOOLS=ON
cmake --build build/tools
(cd build/tools && rm -f ./*.deb && cpack >/dev/null)
apt-get -qq -y install ./build/tools/mobivate-tools_*.deb >/dev/null
install -m 644 tests/systems/service/check.service /etc/systemd/system/
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -sf ../check.service /etc/systemd/system/multi-user.target.wants/
