#!/bin/sh
# Builds the fuzzers and runs each for some seconds from the conformance cases:  run.sh 60
set -eu
cd "$(dirname "$0")/../.."
seconds=$1

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
build=build/fuzz/tests/fuzz
"$build/make_corpus" tests/conformance "$build/corpus"
for fuzzer in parse_response request retry_after base_url; do
  echo "$fuzzer:"
  "$build/fuzz_$fuzzer" "-max_total_time=$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 \
    -dict=tests/fuzz/dictionary "-artifact_prefix=$build/$fuzzer-" "$build/corpus/$fuzzer" \
    >"$build/$fuzzer.log" 2>&1 || { tail -n 40 "$build/$fuzzer.log" >&2; exit 1; }
  grep -E 'DONE|number_of_executed_units' "$build/$fuzzer.log"
done
