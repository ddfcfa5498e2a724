#!/bin/sh
# Operates the service mobivate-fleet as docs/guide/operations.md says: 500 stops, while the service is
# stopped and started, and while the database is away. Then removes the package.
set -eu
cd /

account_id=43e36f50aaf111e272639171000000a9
api_key=3b41d767316541bacef19d1382ac1e12

fail() {
  echo "FAILED: $1"
  systemctl status --no-pager mobivate-fleet || true
  journalctl --no-pager -u mobivate-fleet | tail -n 30
  exit 1
}
as_postgres() { runuser -u postgres -- "$@"; }
sql() { as_postgres psql -qAt stops -c "$1"; }
insert() {
  sql "insert into mobivate.stops (source, destination, keyword, amount, provider, reference)
    select 12345, 25471100000 + i, 'mv-100620006', 100, 'safaricom', i from generate_series($1, $2) i"
}
wait_until_accepted() {
  for _ in $(seq 300); do
    [ "$(sql "select count(*) from mobivate.stops where state = 'accepted'")" -lt "$1" ] || return 0
    sleep 0.5
  done
  sql 'select state, reason, count(*) from mobivate.stops group by 1, 2'
  fail "$1 stops should be accepted"
}
stopped_within() {
  begun=$(date +%s)
  systemctl stop mobivate-fleet
  took=$(($(date +%s) - begun))
  [ "$took" -le "$1" ] || fail "stopping took $took seconds"
  systemctl show -P Result mobivate-fleet | grep -q success || fail 'it should stop with success'
  echo "stopped within $took seconds"
}

man fleet_unsubscribe | grep -q 'what became of a subscriber' || fail 'no manual'
systemd-analyze verify mobivate-fleet.service || fail 'systemd-analyze verify'
systemd-analyze security --threshold=25 mobivate-fleet | tail -n 1 || fail 'systemd-analyze security'

# shellcheck disable=SC2046 # a list of words
local_gateway --port 8099 --account-id "$account_id" --api-key "$api_key" --delay 500 \
  --log /var/log/requests --subscriber $(seq 25471100001 25471100500) >/dev/null &
as_postgres psql -q -c 'drop database if exists stops' -c 'drop role if exists worker' # of a run before
as_postgres psql -q -c "create role worker login password 'secret'" -c 'create database stops'
as_postgres fleet_unsubscribe --database dbname=stops setup
as_postgres psql -q stops -v application=worker -v worker=worker -v operator=worker \
  -f /usr/share/mobivate-tools/grants.sql
as_postgres fleet_unsubscribe --database dbname=stops rate 40

install -d /etc/mobivate
install -d -m 700 /etc/credstore
install -m 600 /dev/null /etc/mobivate/fleet.env
install -m 600 /dev/null /etc/credstore/mobivate-api-key
install -m 600 /dev/null /etc/credstore/mobivate-pgservice
cat >/etc/mobivate/fleet.env <<END
MOBIVATE_BASE_URL=http://127.0.0.1:8099
MOBIVATE_ACCOUNT_ID=$account_id
PGSERVICE=mobivate
END
echo "$api_key" >/etc/credstore/mobivate-api-key
printf '%s\n' '[mobivate]' host=127.0.0.1 dbname=stops user=worker password=secret \
  >/etc/credstore/mobivate-pgservice

systemctl enable --now mobivate-fleet
insert 1 100
wait_until_accepted 100

insert 101 300
sleep 2
stopped_within 10
systemctl start mobivate-fleet
wait_until_accepted 300

insert 301 500
sleep 2
systemctl stop 'postgresql@*'
sleep 1
stopped_within 120 # the leases' length
systemctl start postgresql
systemctl start mobivate-fleet
wait_until_accepted 500
[ "$(sql 'select sum(lost) > 0 from mobivate.stops')" = t ] ||
  fail 'leases should be lost while the database is away'

pid=$(systemctl show -P MainPID mobivate-fleet)
kill -9 "$pid"
sleep 7
systemctl is-active mobivate-fleet || fail 'it should restart after a crash'
if journalctl -u mobivate-fleet | grep -F -e "$account_id" -e "$api_key" -e secret; then
  fail 'the journal holds a credential'
fi

apt-get -qq -y purge mobivate-tools >/dev/null
left=$(find /usr /etc /lib /var/lib -name '*mobivate*' ! -path '/etc/mobivate*' ! -path '/etc/credstore/*')
[ -z "$left" ] || fail "left behind: $left"
echo '500 stops accepted; installed, stopped, killed, removed'
