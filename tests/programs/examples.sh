#!/bin/sh
# Runs one of the example programs that show the library at work in an app:
#   examples.sh DIRECTORY_OF_THE_PROGRAMS logging|metrics|web_handler|asio_service|custom_transport
set -eu
programs=$1
# shellcheck source=tests/programs/program_checks.sh
. "$(dirname "$0")/program_checks.sh"
export MOBIVATE_ACCOUNT_ID=$account_id MOBIVATE_API_KEY=$api_key

service=
finish_all() {
  [ -z "$service" ] || kill -KILL "$service" 2>/dev/null || true
  [ -z "$gateway" ] || kill -CONT "$gateway" 2>/dev/null || true
  finish
}
trap finish_all EXIT

# await COMMAND…: until it succeeds.
await() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 1000 ] || fail "waited in vain: $*"
    sleep 0.05
  done
}

# start_service PROGRAM ARGUMENT…: its first line is its URL.
start_service() {
  service_program=$1
  shift
  rm -f "$work/service"
  "$programs/$service_program" --port 0 "$@" >"$work/service" &
  service=$!
  await test -s "$work/service"
  url=$(head -n 1 "$work/service")
}

# Once it was told to end.
await_end_of_service() {
  code=0
  wait "$service" || code=$?
  service=
  [ "$code" -eq 0 ] || fail "$service_program: exit code $code, not 0, after SIGTERM"
}

get() { curl -sSi --noproxy '*' "$1"; }
is_refused() { ! get "$1" 2>/dev/null; }
get_has() { get "$1" | grep -qF -e "$2"; }

test_logging() {
  start_gateway --fail-first 2
  run logging 0 "$programs/logging" 254743210492 254700000541
  grep '^{' "$work/output" >"$work/log"
  [ "$(wc -l <"$work/log")" -eq 4 ] || fail 'logging: should log three attempts, then one'
  [ "$(grep -c '"attempt":[12],.*"http_status":503,.*"state":"unknown"}$' "$work/log")" -eq 2 ] ||
    fail 'logging: should log the two that failed'
  prints '"attempt":3,'
  prints '"http_status":200,"state":"accepted"}'
  prints '"state":"refused","code":541}'
  sed -n 's/.*"trace_id":"\([0-9a-f]\{32\}\)","reference":"\([^"]*\)".*/\1 \2/p' "$work/log" |
    sort | uniq -c | awk '{ print $1, $3 }' | sort >"$work/traces"
  printf '1 closed-2\n3 closed-1\n' | diff - "$work/traces" ||
    fail 'logging: should give each call one trace id'
  prints '"destination":"*********492",'
  prints '*********541 refused: 541: '
  ! grep -E '2547(43210492|00000541)' "$work/output" || fail 'logging: should print no whole number'
  stop_gateway
}

test_metrics() {
  start_gateway --fail-first 1
  start_service metrics 254743210492 254700000541
  await grep -q ^254700000541 "$work/service"
  run metrics 0 get "$url"
  prints 'Content-Type: text/plain; '
  prints '# TYPE mobivate_attempts_total counter'
  prints '# TYPE mobivate_attempt_duration_seconds histogram'
  for labels in 'code="200",state="accepted"' 'code="541",state="refused"' \
    'code="503",state="unknown"'; do
    prints "mobivate_attempts_total{$labels} 1"
    prints "mobivate_attempt_duration_seconds_bucket{$labels,le=\"15\"} 1"
    prints "mobivate_attempt_duration_seconds_bucket{$labels,le=\"+Inf\"} 1"
    prints "mobivate_attempt_duration_seconds_sum{$labels} "
    prints "mobivate_attempt_duration_seconds_count{$labels} 1"
  done
  [ "$(grep -c '^mobivate_attempts_total' "$work/output")" -eq 3 ] ||
    fail 'metrics: should count three kinds of attempts'
  kill "$service"
  await_end_of_service
  stop_gateway
}

# post DESTINATION: to be stopped, with the answer's header printed too.
post() { post_body "$(printf '{"source": 12345, "destination": "%s", "keyword": "mv-100620006",
  "amount": 100, "provider": "safaricom", "reference": "ABC1234"}' "$1")"; }
post_body() { curl -sSi --noproxy '*' --data "$1" "$url/stops"; }

# The id that the last run printed.
id() { sed -n 's/.*"id":"\([0-9]*\)".*/\1/p' "$work/output"; }

is_over() { get "$url/stops/$1" >"$work/state" && ! grep -qF under_way "$work/state"; }

# ends_as ID TEXT…: the state of a stop, once it is over.
ends_as() {
  await is_over "$1"
  shift
  for text in "$@"; do
    grep -qF -e "$text" "$work/state" || fail "web_handler: should tell $text: $(cat "$work/state")"
  done
}

refuses_what_is_no_stop() {
  while IFS='|' read -r body message; do
    run "$body" 0 post_body "$body"
    prints 'HTTP/1.1 400 Bad Request'
    prints "$message"
  done <<'TABLE'
source=12345|write a JSON object
[]|write a JSON object
{"source": "12345"}|source: write a whole number
{"source": -1}|source: write a whole number
{"amount": 4294967296}|amount: write a whole number
{"amount": 1.5}|amount: write a whole number
{"destination": 254743210492}|destination: write a string
{"stop": true}|stop: write a string
{"stop": "1"}|stop: write \"flag\"
TABLE
  run 'a name that is none' 0 post_body '{"Source": 12345}'
  prints 'HTTP/1.1 422 '
  prints '"field":"source"'
  run 'invalid request' 0 post +254743210492
  prints 'HTTP/1.1 422 '
  prints 'write 254743210492, without the leading +'
}

kenya='{"source": 12345, "destination": "XX7432104492", "frequency": 7, "keyword": "mv-100620006",
  "campaign": "Test", "reference": "MyRef", "stop": "one"}'

test_web_handler() {
  start_gateway
  start_service web_handler
  run health 0 get "$url/health"
  prints 'HTTP/1.1 200 OK'
  run accepted 0 post 254743210492
  prints 'HTTP/1.1 202 Accepted'
  prints "Location: /stops/$(id)"
  ends_as "$(id)" 'HTTP/1.1 200 OK' '"state":"accepted"' '"message_id":"MT-'
  run refused 0 post 254700000541
  ends_as "$(id)" '"state":"refused"' '"code":541'
  run kenya 0 post_body "$kenya"
  ends_as "$(id)" '"state":"accepted"'
  grep -q "^stop $(id) accepted: MT-" "$work/service" || fail 'web_handler: should log each result'
  refuses_what_is_no_stop
  run 'not known' 0 get "$url/stops/1"
  prints 'HTTP/1.1 404 Not Found'
  kill "$service"
  await_end_of_service

  kill -STOP "$gateway"  # as slow as can be
  start_service web_handler --timeout 1000
  run timeout 0 post 254743210492
  ends_as "$(id)" '"state":"unknown"' '"kind":"timeout"'
  kill "$service"
  await_end_of_service

  # More than there are threads, and none of them waits.
  start_service web_handler --most 50 --timeout 60000 --grace 60000
  stops=0
  while [ "$stops" -lt 50 ]; do
    run accepted 0 post 254743210492
    prints 'HTTP/1.1 202 Accepted'
    stops=$((stops + 1))
  done
  last=$(id)
  get_has "$url/health" '"under_way":50' || fail 'web_handler: should take 50 stops'
  get_has "$url/stops/$last" '"state":"under_way"' || fail 'web_handler: should know of the last'
  run 'one too many' 0 post XX7432104492
  prints 'HTTP/1.1 503 '
  prints 'Retry-After: 1'
  prints '"state":"not_sent"'
  kill "$service"
  await get_has "$url/health" 'HTTP/1.1 503 '
  run 'shutting down' 0 post XX7432104492
  prints 'HTTP/1.1 503 '
  prints 'shutting down'
  kill -CONT "$gateway"
  await_end_of_service
  [ "$(grep -c '^stop [0-9]* accepted: MT-' "$work/service")" -eq 50 ] ||
    fail 'web_handler: should log 50 stops'

  kill -STOP "$gateway"
  start_service web_handler --timeout 60000 --grace 500
  run cancelled 0 post 254743210492
  await get_has "$url/health" '"under_way":1'
  last=$(id)
  kill "$service"
  await_end_of_service
  grep -q "^stop $last .*: cancelled: " "$work/service" || fail 'web_handler: lost a stop'
  kill -CONT "$gateway"
  stop_gateway
}

# post_in_background DESTINATION: until it is under way; the answer goes to $work/first.
post_in_background() {
  post "$1" >"$work/first" &
  first=$!
  await get_has "$url/health" '"stops":1'
}

first_gets() {
  wait "$first" || fail 'asio_service: lost a stop'
  for text in "$@"; do
    grep -qF -e "$text" "$work/first" || fail "asio_service: should answer $text: $(cat "$work/first")"
  done
}

test_asio_service() {
  start_gateway
  start_service asio_service
  run health 0 get "$url/health"
  prints 'HTTP/1.1 200 OK'
  prints '{"stops":0}'
  run accepted 0 post 254743210492
  prints 'HTTP/1.1 200 OK'
  prints '"state":"accepted"'
  run refused 0 post 254700000541
  prints 'HTTP/1.1 409 '
  prints '"code":541'
  run kenya 0 post_body "$kenya"
  prints '"state":"accepted"'
  refuses_what_is_no_stop
  run 'not found' 0 get "$url/"
  prints 'HTTP/1.1 404 Not Found'
  run 'not POST' 0 get "$url/stops"
  prints 'HTTP/1.1 405 '
  run 'one connection' 0 curl -sv --noproxy '*' "$url/health" "$url/health"
  [ "$(grep -c 'Connected to' "$work/output")" -eq 1 ] ||
    fail 'asio_service: should keep a connection for the next request'
  # Half of a request, and an idle connection, don't hold up the end: it gives them 30 s.
  mkfifo "$work/body"
  exec 3<>"$work/body"
  printf '{' >&3
  curl -sv --noproxy '*' -X POST -T - "$url/stops" <"$work/body" >"$work/half" 2>&1 &
  half=$!
  await grep -q '^> POST' "$work/half"
  begin=$(date +%s)
  kill "$service"
  await_end_of_service
  [ $(($(date +%s) - begin)) -lt 15 ] || fail 'asio_service: should not wait for half a request'
  ! wait "$half" || fail 'asio_service: should not answer half a request'
  exec 3>&-

  kill -STOP "$gateway"  # as slow as can be
  start_service asio_service --timeout 1000
  run timeout 0 post 254743210492
  prints 'HTTP/1.1 504 '
  prints '"state":"unknown"'
  kill "$service"
  await_end_of_service

  start_service asio_service --most 1 --timeout 60000
  post_in_background 254743210492
  run 'one too many' 0 post XX7432104492
  prints 'HTTP/1.1 503 '
  prints 'Retry-After: 1'
  prints '"state":"not_sent"'
  kill "$service"
  await is_refused "$url/health"
  kill -CONT "$gateway"
  first_gets 'HTTP/1.1 200 OK' 'Connection: close' '"state":"accepted"'
  await_end_of_service
  stop_gateway
}

test_custom_transport() {
  start_gateway --tls --certificate-out "$work/ca.pem" --fail-first 1
  run untrusted 0 "$programs/custom_transport" 254743210492
  prints 'one: not_sent: tls: '
  run accepted 0 "$programs/custom_transport" --ca-bundle "$work/ca.pem" 254743210492 \
    XX7432104492 254700000541
  prints 'one: accepted: MT-'
  prints 'XX7432104492 accepted: MT-'
  prints '254700000541 refused: 541: '
  prints '1 of the other 2 stopped'
  kill -STOP "$gateway"
  run slow 0 "$programs/custom_transport" --ca-bundle "$work/ca.pem" --timeout 1000 254743210492
  prints 'one: not_sent: timeout: '
  kill -CONT "$gateway"
  stop_gateway
  run 'no gateway' 0 "$programs/custom_transport" 254743210492
  prints 'one: not_sent: connect: '

  start_gateway
  kill -STOP "$gateway"
  run 'slow answer' 0 "$programs/custom_transport" --timeout 1000 254743210492
  prints 'one: unknown: timeout: '
  kill -CONT "$gateway"
  stop_gateway
}

"test_$2"
