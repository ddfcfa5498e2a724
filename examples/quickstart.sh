#!/bin/sh
# Installs what is missing, builds the example programs, and runs the quickstart.
set -eu
cd "$(dirname "$0")/.."

examples/install_packages.sh examples
mkdir -p build
log=build/quickstart.log
[ -e build/quickstart/examples/quickstart ] || echo 'Building the example programs: half a minute ...'
if ! cmake --workflow --preset quickstart >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "The build failed; all of its output is in $log" >&2
  exit 1
fi
exec build/quickstart/examples/quickstart
