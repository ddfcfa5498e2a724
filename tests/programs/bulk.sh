#!/bin/sh
# Runs bulk_unsubscribe against the local gateway:
#   bulk.sh DIRECTORY_OF_THE_PROGRAMS list       options, exit codes
#   bulk.sh DIRECTORY_OF_THE_PROGRAMS pace       rate, progress, Ctrl-C
#   bulk.sh DIRECTORY_OF_THE_PROGRAMS kill [N]   kill -9 N times (10), each time going on
set -eu
programs=$1
# shellcheck source=tests/programs/program_checks.sh
. "$(dirname "$0")/program_checks.sh"

list=$work/stops.csv
journal=$work/outcomes.ndjson
log=$work/log
export MOBIVATE_ACCOUNT_ID=$account_id MOBIVATE_API_KEY=$api_key

# bulk ARGUMENT…: the program, with what the local gateway's service needs.
bulk() {
  "$programs/bulk_unsubscribe" --source 12345 --keyword mv-100620006 --amount 100 \
    --provider safaricom "$@"
}

bulk_from_standard_input() { bulk - "$@" <"$list"; }

bulk_with_little_space() (
  ulimit -f 4  # files of 2 KiB
  bulk "$@"
)

# rows FIRST LAST: a list whose references are its row's numbers.
rows() {
  echo destination,reference
  awk -v i="$1" -v last="$2" 'BEGIN { for (; i <= last; i++) printf "254711%06d,%d\n", i, i }'
}

subscribers() { rows "$1" "$2" | sed '1d;s/,.*//'; }

# with_state STATE: the references of the journal's whole lines in that state (a pattern), sorted.
with_state() {
  head -n "$(wc -l <"$journal")" "$journal" | grep -E "\"state\":\"($1)\"" |
    sed 's/.*"reference":"\([^"]*\)".*/\1/' | sort
}

count() { with_state "$1" | wc -l; }

is() {
  [ "$2" = "$3" ] || fail "$name: $1 should be $3, not $2"
}

# The references in the gateway's log after line $1, sorted.
sent_since() { tail -n "+$(($1 + 1))" "$log" | cut -d' ' -f3 | sort; }

wait_for() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "$name: waited a minute for: $*"
    sleep 0.1
  done
}

journal_has_accepted() { [ -f "$journal" ] && [ "$(count accepted)" -ge "$1" ]; }
log_has() { [ "$(wc -l <"$log")" -ge "$1" ]; }

test_list() {
  : >"$log"
  # shellcheck disable=SC2046 # a list of words
  start_gateway --log "$log" --subscriber $(subscribers 1 40)

  {
    printf '\357\273\277destination,reference,campaign\r\n254711000001,1,"a, b"\r\n'
    printf '"254711000002","2","say ""hi"" there"\r\n,,\r\n\r\n+254711000003,3,\r\n'
    printf '254711000004,4\r\n254711000005,5,"open\r\n254711000006,6,a "quote"\r\n'
    printf ' 254711000007 , 7 , \n254711000008,8,\377\n,9,\n'
    head -c 70000 /dev/zero | tr '\0' x
    printf '\n254711000010,10,"open to the end'
  } >"$list"
  run 'dry run' 2 bulk "$list" --dry-run
  prints "$list:6: destination: write 254711000003, without the leading +"
  prints "$list:7: row: 2 fields, where the header has 3"
  prints "$list:8: row: a quote is opened and not closed"
  prints "$list:9: row: a quote inside a field"
  prints "$list:11: campaign: is not UTF-8"
  prints "$list:12: destination: is empty"
  prints "$list:13: row: longer than 65536 bytes"
  prints "$list:14: row: a quote is opened and not closed"
  prints 'to send                          3'
  prints "can't be sent                    8"
  is 'requests after a dry run' "$(wc -l <"$log")" 0

  run 'a list with bad rows' 2 bulk "$list" --journal "$journal"
  prints "$list:6: destination: write 254711000003, without the leading +"
  prints 'accepted             3           0           3'
  prints 'Next: correct the reported rows in the list, then run the same command again'
  is 'accepted' "$(with_state accepted | tr '\n' ' ')" '1 2 7 '
  is 'not sent' "$(count not_sent)" 8
  grep -qF '"line":7,"source":12345,"keyword":"mv-100620006","destination":"254711000004"' \
    "$journal" || fail "$name: should journal what there is of a row, with its line"
  is 'one attempt each' "$(grep -c '"attempts":1,' "$journal")" 3

  run 'the same list on standard input' 2 bulk_from_standard_input --journal "$journal"
  prints 'standard input:6: destination: write 254711000003'
  prints 'accepted             0           3           3'
  is 'requests' "$(wc -l <"$log")" 3

  printf 'destination,reference,stop,amount\n254711000011,11,one,\n254711000012,12,two,\n' >"$list"
  printf '254711000013,13,flag,1.5\n254711000014,14,,4294967296\n254711000015,15,,\n' >>"$list"
  run 'fields of all kinds' 2 bulk "$list" --dry-run
  prints "$list:3: stop: is neither flag nor one: write flag for Network Double Opt-in, one for Web Opt-In Kenya"
  prints "$list:4: amount: is not a number"
  prints "$list:5: amount: is not a number"
  prints 'to send                          2'

  name='exit codes'
  rm "$journal"
  rows 16 18 >"$list"
  run 'all accepted' 0 bulk "$list" --journal "$journal"
  run 'all accepted earlier' 0 bulk "$list" --journal "$journal"
  prints 'accepted             0           3           3'
  rows 40 42 >"$list"
  run 'two refused' 1 bulk "$list" --journal "$journal"
  sent=$(wc -l <"$log")
  run 'two refused earlier' 1 bulk "$list" --journal "$journal"
  is 'requests' "$(sent_since "$sent" | wc -l)" 0
  run 'two refused, again' 1 bulk "$list" --journal "$journal" --retry-refused
  is 'requests' "$(sent_since "$sent" | tr '\n' ' ')" '41 42 '
  run 'two refused, dry run' 0 bulk "$list" --journal "$journal" --dry-run --retry-refused
  prints 'to send                          2'
  run 'no journal' 4 bulk "$list"
  prints '--journal is required'
  run 'wrong option' 4 bulk "$list" --journal "$journal" --nonsense
  run 'no list' 4 bulk "$work/none.csv" --journal "$journal"
  prints "can't open $work/none.csv: No such file or directory"
  run 'a directory' 4 bulk "$work" --journal "$journal"
  prints "can't read $work: Is a directory"
  run 'no credentials' 4 env MOBIVATE_API_KEY= "$programs/bulk_unsubscribe" "$list" \
    --journal "$journal"
  prints 'MOBIVATE_API_KEY'
  run help 0 bulk --help
  prints 'Exit codes'
  header 'msisdn,reference' 'has a column named "msisdn": the first row must name the columns'
  header 'destination;reference' 'with commas between'
  header 'destination,reference,reference' 'has two columns named "reference": remove one'
  header 'destination' 'has no column reference: add it'
  header '' 'is empty: its first row must name the columns'
  header 'destination,"reference' 'has a wrong header: a quote is opened and not closed'
  echo 'destination,reference' >"$list"
  run 'missing column' 4 "$programs/bulk_unsubscribe" "$list" --dry-run --kenya --source 12345
  prints 'has no column keyword: add it, or give one for all rows with --keyword'
  run 'missing column, NDOI' 4 "$programs/bulk_unsubscribe" "$list" --dry-run --source 12345 \
    --keyword mv-100620006
  prints 'has no column amount'

  rows 16 20 >"$list"
  printf '{"time":"2026' >>"$journal"
  run 'a torn last line' 0 bulk "$list" --journal "$journal"
  prints "$journal: removed half a line that an earlier run left at its end"
  prints 'accepted             2           3           5'
  is 'half lines' "$(grep -cv '}$' "$journal")" 0
  cp "$list" "$work/copy.csv"
  run 'a journal that is none' 6 bulk "$list" --journal "$work/copy.csv"
  prints "$work/copy.csv:1: not a line of a journal: name another file with --journal"
  cmp "$list" "$work/copy.csv" || fail "$name: changed it"
  printf 'precious' >"$work/copy.csv"
  run 'a line that is none' 6 bulk "$list" --journal "$work/copy.csv"
  is 'it' "$(cat "$work/copy.csv")" precious
  run 'a journal that is no file' 6 bulk "$list" --journal /dev/null

  rm "$journal"
  rows 21 35 >"$list"
  sent=$(wc -l <"$log")
  run 'a full disk' 6 bulk_with_little_space "$list" --journal "$journal" --in-flight 2
  prints "can't write $journal: File too large"
  written=$(count sending)
  [ "$written" -gt 0 ] || fail "$name: should have been written in part"
  [ "$(sent_since "$sent" | wc -l)" -le "$written" ] || fail "$name: sent more than it recorded"
  run 'space again' 0 bulk "$list" --journal "$journal"
  is 'accepted' "$(count accepted)" 15
  stop_gateway
}

# header HEADER MESSAGE
header() {
  printf '%s\n' "$1" >"$list"
  run "header $1" 4 bulk "$list" --dry-run
  prints "$2"
}

test_pace() {
  : >"$log"
  # shellcheck disable=SC2046
  start_gateway --log "$log" --subscriber $(subscribers 1 700)
  rows 1 700 >"$list"
  # A machine that stops for a moment can push what was sent evenly into one second: hence 3 tries.
  for try in 1 2 3; do
    : >"$log"
    rm -f "$journal"
    run 'a rate of 100' 0 bulk "$list" --journal "$journal" --rate 100
    most=$(sort -n "$log" | awk '
      { time[NR] = $1; while (time[NR] - time[first + 1] >= 1000) first++ }
      NR - first > most { most = NR - first }
      END { print most }')
    [ "$most" -gt 103 ] || break
    [ "$try" -lt 3 ] || fail "$name: $most requests in a second"
  done
  echo "At most $most requests in any second"
  grep -qE '^[0-9]+% [0-9]+ rows, [0-9]+/s, 0:00:0[0-9] left, [0-9]+ accepted$' "$work/output" ||
    fail "$name: should print a line every 5 seconds"

  rm "$journal"
  script -qefc "'$programs/bulk_unsubscribe' '$list' --journal '$journal' --kenya \
    --source 12345 --keyword mv-100620006 --rate 500" "$work/output" </dev/null >/dev/null ||
    fail 'on a terminal: should exit with 0'
  name='on a terminal'
  tr '\r' '\n' <"$work/output" | grep -qE '^\[#+-*\] [0-9]+% [0-9]+ rows, .*[0-9]+ accepted' ||
    fail "$name: should draw a bar"
  prints 'accepted           700           0         700'
  stop_gateway

  : >"$log"
  # shellcheck disable=SC2046
  start_gateway --log "$log" --delay 1000 --subscriber $(subscribers 1 700)
  rm "$journal"
  run_in_background
  name='a second run'
  wait_for log_has 1
  code=0
  bulk "$list" --journal "$journal" >"$work/second" 2>&1 || code=$?
  is 'the exit code' "$code" 5
  grep -qF "$journal is in use by another run" "$work/second" || fail "$name: should say why"

  name=Ctrl-C
  wait_for journal_has_accepted 1
  kill -INT "$tool"
  wait_for_tool 3
  prints 'Stopping: waiting for'
  prints 'To go on, run the same command again'
  is 'unknown' "$(count unknown)" 0
  is 'what was sent' "$(sent_since 0 | tr '\n' ' ')" "$(with_state accepted | tr '\n' ' ')"

  name='Ctrl-C twice'
  sent=$(wc -l <"$log")
  run_in_background
  wait_for log_has $((sent + 1))
  kill -TERM "$tool"
  wait_for grep -q Stopping "$work/output"
  kill -INT "$tool"
  wait_for_tool 3
  [ "$(count unknown)" -gt 0 ] || fail "$name: should leave what was sent unknown"
  grep -qF '"reason":"cancelled: ' "$journal" || fail "$name: should say that it was cancelled"
  stop_gateway

  # shellcheck disable=SC2046
  start_gateway --subscriber $(subscribers 1 700)
  run 'the rest' 0 bulk "$list" --journal "$journal"
  is 'accepted, each once' "$(with_state accepted | uniq | wc -l)" 700
  is 'accepted' "$(count accepted)" 700
  stop_gateway
}

run_in_background() {
  "$programs/bulk_unsubscribe" "$list" --journal "$journal" --source 12345 \
    --keyword mv-100620006 --kenya --in-flight 4 >"$work/output" 2>&1 &
  tool=$!
}

# wait_for_tool EXIT_CODE
wait_for_tool() {
  code=0
  wait "$tool" || code=$?
  is 'the exit code' "$code" "$1"
}

# One row in ten is refused. The program runs on a terminal, to compare what its bar showed last
# with what the journal holds.
test_kill() {
  kills=$1
  count_of_rows=$((kills * 300))
  : >"$log"
  # shellcheck disable=SC2046
  start_gateway --log "$log" --delay 40 --subscriber $(subscribers 1 "$count_of_rows" | grep -v 7$)
  rows 1 "$count_of_rows" >"$list"
  : >"$journal"
  : >"$work/final"
  sent=0 killed=0 torn=0
  while [ "$killed" -lt "$kills" ]; do
    name="kill $killed"
    rm -f "$work/pid"
    script -qfc "echo \$\$ >'$work/pid'; exec '$programs/bulk_unsubscribe' '$list' \
      --journal '$journal' --source 12345 --keyword mv-100620006 --kenya" \
      "$work/output" </dev/null >/dev/null &
    script=$!
    seconds=$(awk -v seed="$$$killed" 'BEGIN { srand(seed); printf "%.3f", rand() * 0.5 }')
    wait_for test -s "$work/pid"
    sleep "$seconds"
    kill -KILL "$(cat "$work/pid")" 2>/dev/null || break  # all done
    wait "$script" || true
    killed=$((killed + 1))
    check_after_kill
  done
  name='the last run'
  journalled=$(count 'accepted|refused')
  run "$name" 1 bulk "$list" --journal "$journal"
  check_nothing_sent_again
  stop_gateway

  is 'rows that are final' "$(count 'accepted|refused')" "$count_of_rows"
  is 'rows that are final twice' "$(with_state 'accepted|refused' | uniq -d | wc -l)" 0
  is 'rows refused' "$(count refused)" $((count_of_rows / 10))
  awk '$4 == 200 { print $3 }' "$log" | sort -u >"$work/stopped"
  with_state accepted | cmp - "$work/stopped" ||
    fail "$name: the journal should have as accepted what the gateway has as stopped"
  again=$(($(wc -l <"$log") - count_of_rows))
  [ "$again" -le $((killed * 32)) ] || fail "$name: sent $again again, more than were in flight"
  echo "$killed kills, the last after $journalled of $count_of_rows outcomes; half lines: $torn;" \
    "sent again for want of an outcome: $again"
}

check_after_kill() {
  shown=$(tr '\r' '\n' <"$work/output" | sed -n 's/.* \([0-9]*\) accepted.*/\1/p' | tail -n 1)
  before=$(grep -c . "$work/final" || true)
  check_nothing_sent_again
  [ -z "$(tail -c 1 "$journal" | tr -d '\n')" ] || torn=$((torn + 1))
  with_state 'accepted|refused' >"$work/final"
  after=$(grep -c . "$work/final" || true)
  [ "${shown:-0}" -le $((after - before)) ] ||
    fail "$name: showed $shown accepted, and journalled $((after - before)) outcomes"
}

# Nothing that was final before the last run was sent in it.
check_nothing_sent_again() {
  sent_since "$sent" >"$work/sent"
  again=$(comm -12 "$work/final" "$work/sent")
  [ -z "$again" ] || fail "$name: sent again what was final: $again"
  sent=$(wc -l <"$log")
}

case $2 in
  list) test_list ;;
  pace) test_pace ;;
  kill) test_kill "${3:-10}" ;;
esac
