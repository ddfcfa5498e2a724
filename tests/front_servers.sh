#!/bin/sh
# Runs a batch through a web server in front of the local gateway, while that server is reloaded and
# killed again and again. Each row must have one outcome, and all must be accepted in the end:
#   front_servers.sh DIRECTORY_OF_THE_PROGRAMS [ROWS [SERVER…]]
# 12,000 rows; nginx, haproxy, apache2, caddy and h2o, those of them that are installed.
set -eu
programs=$1
rows=${2:-12000}
[ $# -le 2 ] && set -- "$1" "$rows" nginx haproxy apache2 caddy h2o
shift 2
# shellcheck source=tests/programs/program_checks.sh
. "$(dirname "$0")/programs/program_checks.sh"
PATH=$PATH:/usr/sbin
export MOBIVATE_ACCOUNT_ID=$account_id MOBIVATE_API_KEY=$api_key

server=
stop_server() { [ -z "$server" ] || kill -KILL "-$server" 2>/dev/null || true; }
trap 'stop_server; finish' EXIT

numbers() { awk -v n="$rows" -v form="$1" 'BEGIN { for (i = 0; i < n; i++) printf form, i, i }'; }

# shellcheck disable=SC2046 # a list of words
start_gateway --delay 2 $(numbers '--subscriber 254711%06d ')
behind=${MOBIVATE_BASE_URL#http://}
port=$((20000 + $$ % 20000))
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext \
  subjectAltName=DNS:localhost -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
cat "$work/certificate.pem" "$work/key.pem" >"$work/both.pem"

configure_nginx() {
  cat <<END
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path $work/body;
  proxy_temp_path $work/proxy;
  fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi;
  scgi_temp_path $work/scgi;
  server {
    listen 127.0.0.1:$port ssl http2;
    ssl_certificate $work/certificate.pem;
    ssl_certificate_key $work/key.pem;
    location / { proxy_pass http://$behind; }
  }
}
END
}
run_nginx() { exec setsid nginx -c "$work/nginx.conf" -e "$work/error.log"; }

configure_haproxy() {
  cat <<END
global
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:$port ssl crt $work/both.pem alpn h2,http/1.1
  default_backend back
backend back
  server gateway $behind
END
}
run_haproxy() { exec setsid haproxy -W -db -f "$work/haproxy.conf"; }

configure_apache2() {
  modules=/usr/lib/apache2/modules
  for module in mpm_event authz_core ssl http2 proxy proxy_http; do
    echo "LoadModule ${module}_module $modules/mod_$module.so"
  done
  cat <<END
ServerName localhost
DefaultRuntimeDir $work
PidFile $work/apache2.pid
ErrorLog $work/error.log
Listen 127.0.0.1:$port
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile $work/certificate.pem
SSLCertificateKeyFile $work/key.pem
ProxyPass / http://$behind/ nocanon
AllowEncodedSlashes NoDecode
END
}
run_apache2() { exec setsid apache2 -D FOREGROUND -f "$work/apache2.conf"; }

configure_caddy() {
  cat <<END
{
  admin 127.0.0.1:$((port + 1))
  auto_https off
  grace_period 5s
}
https://localhost:$port {
  bind 127.0.0.1
  tls $work/certificate.pem $work/key.pem
  reverse_proxy $behind
}
END
}
run_caddy() {
  exec setsid env HOME="$work" caddy run --adapter caddyfile --config "$work/caddy.conf"
}

configure_h2o() {
  cat <<END
pid-file: $work/h2o.pid
error-log: $work/error.log
listen:
  host: 127.0.0.1
  port: $port
  ssl:
    certificate-file: $work/certificate.pem
    key-file: $work/key.pem
proxy.preserve-host: ON
hosts:
  default:
    paths:
      "/":
        proxy.reverse.url: "http://$behind/"
END
}
run_h2o() { exec setsid h2o -m master -c "$work/h2o.conf"; }

reload() {
  case $1 in
    nginx | h2o) kill -HUP "$server" ;;
    haproxy) kill -USR2 "$server" ;;
    apache2) kill -USR1 "$server" ;;
    caddy)
      HOME=$work caddy reload --force --adapter caddyfile --config "$work/caddy.conf" \
        --address "127.0.0.1:$((port + 1))" >/dev/null 2>&1 || true
      ;;
  esac
}

answers() { curl -s -m 2 -o "$work/answer" --cacert "$work/certificate.pem" "https://localhost:$port/"; }

start_server() {
  "run_$1" >>"$work/server.log" 2>&1 & # a process group of its own, so that all of it can be killed
  server=$!
  tries=0
  until answers; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || fail "$1 does not answer: $(tail -n 3 "$work/server.log")"
    sleep 0.05
  done
}

try_server() {
  "configure_$1" >"$work/$1.conf"
  start_server "$1"
  { echo destination,reference && numbers '254711%06d,%d\n'; } >"$work/list.csv"
  rm -f "$work/journal"
  MOBIVATE_BASE_URL=https://localhost:$port "$programs/bulk_unsubscribe" "$work/list.csv" \
    --journal "$work/journal" --attempts 9 --ca-bundle "$work/certificate.pem" --source 12345 \
    --keyword mv-100620006 --amount 100 --provider safaricom >"$work/output" 2>&1 &
  batch=$!
  disturbances=0
  while kill -0 "$batch" 2>/dev/null; do
    sleep 0.3
    disturbances=$((disturbances + 1))
    if [ $((disturbances % 3)) -eq 0 ]; then
      stop_server
      wait "$server" 2>/dev/null || true
      start_server "$1"
    else
      reload "$1"
    fi
  done
  code=0
  wait "$batch" || code=$?
  [ "$code" -eq 0 ] || fail "$1: the batch ended with $code"
  outcomes=$(grep -v '"state":"sending"' "$work/journal" | grep -c '"reference"' || true)
  accepted=$(grep '"state":"accepted"' "$work/journal" | sort -u | wc -l)
  [ "$outcomes $accepted" = "$rows $rows" ] ||
    fail "$1: $outcomes outcomes, $accepted accepted, of $rows"
  echo "$1: $rows accepted, one outcome each; reloaded or killed $disturbances times"
  stop_server
  wait "$server" 2>/dev/null || true
  server=
}

for name in "$@"; do
  if command -v "$name" >/dev/null; then
    try_server "$name"
  else
    echo "$name is not installed"
  fi
done
