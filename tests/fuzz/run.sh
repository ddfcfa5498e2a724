#!/bin/sh
# Builds the fuzzers and runs them side by side, for some seconds, from the conformance cases:
#   run.sh 60
set -eu
cd "$(dirname "$0")/../.."
seconds=$1

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
build=build/fuzz/tests/fuzz
"$build/make_corpus" tests/conformance "$build/corpus"
fuzzers='parse_response request retry_after base_url'
for fuzzer in $fuzzers; do
  "$build/fuzz_$fuzzer" "-max_total_time=$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 \
    -dict=tests/fuzz/dictionary "-artifact_prefix=$build/$fuzzer-" "$build/corpus/$fuzzer" \
    >"$build/$fuzzer.log" 2>&1 &
done
wait
for fuzzer in $fuzzers; do
  echo "$fuzzer:"
  grep -E 'DONE|number_of_executed_units' "$build/$fuzzer.log" ||
    { tail -n 40 "$build/$fuzzer.log" >&2; exit 1; }
  if ls "$build/$fuzzer-"* >/dev/null 2>&1; then
    tail -n 40 "$build/$fuzzer.log" >&2
    exit 1
  fi
done
