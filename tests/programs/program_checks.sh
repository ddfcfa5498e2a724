# What the tests of programs have in common; to be sourced, with $programs set to their directory.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # used by those who source it, set by them

work=$(mktemp -d)
gateway=
finish() {
  [ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

account_id=43e36f50aaf111e272639171000000a9
api_key=3b41d767316541bacef19d1382ac1e12

fail() {
  echo "$1" >&2
  [ ! -f "$work/output" ] || cat "$work/output" >&2
  exit 1
}

# run NAME EXIT_CODE COMMAND…: what it prints is then in $work/output, and holds no credential.
run() {
  name=$1 expected=$2
  shift 2
  code=0
  "$@" >"$work/output" 2>&1 || code=$?
  [ "$code" -eq "$expected" ] || fail "$name: exit code $code, not $expected"
  ! grep -qF -e "$account_id" -e "$api_key" "$work/output" || fail "$name: printed a credential"
}

prints() {
  grep -qF -e "$1" "$work/output" || fail "$name: should print: $1"
}

start_gateway() {
  rm -f "$work/url"
  "$programs/local_gateway" "$@" >"$work/url" &
  gateway=$!
  while [ ! -s "$work/url" ]; do
    kill -0 "$gateway" || fail 'local_gateway ended before it gave its URL'
    sleep 0.05
  done
  MOBIVATE_BASE_URL=$(head -n 1 "$work/url")
  export MOBIVATE_BASE_URL
}

stop_gateway() {
  kill -INT "$gateway"
  wait "$gateway" || fail "local_gateway: Ctrl-C should end it cleanly"
  gateway=
}
