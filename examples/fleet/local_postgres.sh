#!/bin/sh
# Runs a PostgreSQL cluster of its own in a folder, for tests and for trying:
#   local_postgres.sh start DIR     starts it, makes it first if need be, and prints its export line
#   local_postgres.sh stop DIR      ends it; start goes on with the same data
#   local_postgres.sh kill DIR      ends the primary by kill -9
#   local_postgres.sh restart DIR   restarts the primary
#   local_postgres.sh standby DIR   adds a synchronous standby
#   local_postgres.sh promote DIR   makes the standby the primary; the old one never starts again
# It listens on loopback and on a socket in DIR, lets in everybody on this machine, touches nothing
# outside DIR, and ends only what it started. As root it becomes the user postgres, because
# PostgreSQL refuses root.
set -eu

fail() {
  echo "local_postgres.sh: $1" >&2
  exit 1
}

[ $# -eq 2 ] || fail 'wanted: start, stop, kill, restart, standby or promote, and a folder'
action=$1
mkdir -p "$2"
directory=$(cd "$2" && pwd -P)

if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$directory"
  runuser -u postgres -- test -x "$directory" ||
    fail "the user postgres can't enter $directory: choose a folder that all may enter"
  exec runuser -u postgres -- /bin/sh "$(cd "$(dirname "$0")" && pwd -P)/$(basename "$0")" \
    "$action" "$directory"
fi
cd "$directory"

programs=$(dirname "$(readlink -f "$(command -v initdb || echo /none/none)")")
if [ ! -x "$programs/pg_basebackup" ]; then
  # Debian keeps them out of the path; the highest version wins.
  programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
fi
[ -x "$programs/initdb" ] || fail "PostgreSQL's initdb is not found: install postgresql"

node() { cat current 2>/dev/null || echo first; } # the primary: first or second
port() { cat "port.$1"; }
is_running() { [ -e "$1/postmaster.pid" ] && "$programs/pg_ctl" -D "$1" status >/dev/null 2>&1; }
sql() { "$programs/psql" -XqAt -h "$directory" -p "$(port "$(node)")" -U postgres -c "$1" postgres; }

# A port of ours may be taken meanwhile, so another is tried.
start_node() {
  is_running "$1" && return
  tries=0
  while :; do
    [ -s "port.$1" ] || echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000)) >"port.$1"
    if "$programs/pg_ctl" -D "$1" -w -t 60 -l "$1.log" -o "-p $(port "$1")" start >start.log 2>&1; then
      return
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || { tail -n 20 "$1.log" >&2; fail "PostgreSQL does not start in $directory/$1"; }
    # After kill -9 its children may take a moment to end.
    if tail -n 10 "$1.log" | grep -q 'Address already in use' && [ ! -e "fixed.$1" ]; then
      rm -f "port.$1"
    fi
    sleep 0.3
  done
}

make_first() {
  "$programs/initdb" -D first -U postgres -E UTF8 --locale=C --auth=trust --no-sync >initdb.log 2>&1 ||
    { cat initdb.log >&2; fail "initdb failed in $directory"; }
  cat >>first/postgresql.conf <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$directory'
CONF
}

print_export() {
  others=
  hosts=127.0.0.1
  if [ -e second ] && [ -s port.first ] && [ -s port.second ]; then
    others=,$(port second)
    hosts=127.0.0.1,127.0.0.1
  fi
  echo "export PGHOST=$hosts PGPORT=$(port first)$others PGUSER=postgres PGDATABASE=postgres"
}

kill_node() {
  is_running "$1" || return 0
  postmaster=$(head -n 1 "$1/postmaster.pid")
  children=$(awk -v parent="$postmaster" '$4 == parent { print $1 }' /proc/[0-9]*/stat 2>/dev/null || true)
  # shellcheck disable=SC2086 # a list of numbers
  kill -9 "$postmaster" $children 2>/dev/null || true
  # As long as they are there, even as zombies, it would not start again.
  # shellcheck disable=SC2086
  for process in $postmaster $children; do
    tries=0
    while kill -0 "$process" 2>/dev/null && [ $((tries += 1)) -lt 100 ]; do sleep 0.1; done
  done
}

case $action in
  start)
    [ -e first ] || make_first
    start_node "$(node)"
    touch "fixed.$(node)"
    if [ "$(node)" = first ] && [ -e second/standby.signal ]; then start_node second; fi
    print_export
    ;;
  stop)
    for it in second first; do
      if is_running "$it"; then "$programs/pg_ctl" -D "$it" -w -m fast stop >/dev/null; fi
    done
    ;;
  kill)
    kill_node "$(node)"
    ;;
  restart)
    is_running "$(node)" && "$programs/pg_ctl" -D "$(node)" -w -m fast stop >/dev/null
    start_node "$(node)"
    ;;
  standby)
    [ ! -e second ] || fail "$directory has a standby"
    is_running first || fail "start it first: local_postgres.sh start $directory"
    "$programs/pg_basebackup" -h "$directory" -p "$(port first)" -U postgres -D second -R -c fast --no-sync
    # pg_basebackup -R wrote the connection; the name tells the primary who is synchronous.
    sed -i "s/^primary_conninfo = '/&application_name=standby /" second/postgresql.auto.conf
    start_node second
    touch fixed.second
    sql "alter system set synchronous_standby_names = 'standby'"
    sql 'select pg_reload_conf()' >/dev/null
    tries=0
    until [ "$(sql 'select sync_state from pg_stat_replication')" = sync ]; do
      tries=$((tries + 1))
      [ "$tries" -lt 200 ] || fail 'the standby does not follow'
      sleep 0.1
    done
    print_export
    ;;
  promote)
    [ -e second/standby.signal ] || fail "$directory has no standby"
    kill_node first
    echo second >current
    "$programs/pg_ctl" -D second -w promote >/dev/null
    print_export
    ;;
  *) fail "no such action: $action" ;;
esac
