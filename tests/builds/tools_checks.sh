# Uses the installed package mobivate-tools as an operator does. To be sourced by package.sh.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # used and set by package.sh

stop_gateway
programs=/usr/bin
start_gateway --subscriber 254743210492 --subscriber 254743210493
printf '%s\n' destination,reference 254743210492,ABC1234 254743210493,ABC1235 >"$work/stops.csv"
run 'bulk_unsubscribe, installed' 0 /usr/bin/bulk_unsubscribe "$work/stops.csv" \
  --journal "$work/outcomes.ndjson" --source 12345 --keyword mv-100620006 --amount 100 \
  --provider safaricom
[ "$(grep -c '"state":"accepted"' "$work/outcomes.ndjson")" -eq 2 ] ||
  fail 'bulk_unsubscribe, installed: 2 stops should be accepted'

for tool in unsubscribe bulk_unsubscribe fleet_unsubscribe local_gateway; do
  run "$tool --version" 0 "$tool" --version
  prints "$version"
  # The manual says what --help says.
  manual=/usr/share/man/man1/$tool.1.gz
  MANPAGER=cat MANWIDTH=1000 man -l "$manual" >"$work/output" 2>&1 || fail "$tool: no manual"
  prints "$("$tool" --help | head -n 1 | cut -c 1-60)"
done

unit=/usr/lib/systemd/system/mobivate-fleet.service
run 'systemd-analyze verify' 0 systemd-analyze verify "$unit"
[ ! -s "$work/output" ] || fail 'systemd-analyze verify should print nothing'
run 'systemd-analyze security' 0 systemd-analyze security --offline=true --threshold=25 "$unit"
