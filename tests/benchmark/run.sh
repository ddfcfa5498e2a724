#!/bin/sh
# Measures the library against hand-written libcurl and prints what it finds:
#   run.sh            ten minutes; writes docs/benchmark.md and docs/benchmark.svg
#   run.sh --quick    a minute; writes nothing, and fails where something has become much slower
# Debian starts a server of its own when it installs nginx; that one is not used.
set -eu
cd "$(dirname "$0")/../.."

examples/install_packages.sh benchmarks
mkdir -p build
log=build/benchmark.log
if ! cmake --workflow --preset benchmark >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "The build failed; all of its output is in $log" >&2
  exit 1
fi
exec /usr/bin/python3 -B tests/benchmark/measure.py build/benchmark/tests/benchmark "$@"
