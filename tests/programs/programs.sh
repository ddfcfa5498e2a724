#!/bin/sh
# Runs the example programs and checks what they print and how they exit:
#   programs.sh DIRECTORY_OF_THE_PROGRAMS
set -eu
programs=$1
# shellcheck source=tests/programs/program_checks.sh
. "$(dirname "$0")/program_checks.sh"

run quickstart 0 "$programs/quickstart"
sed -E 's|127\.0\.0\.1:[0-9]+|127.0.0.1:PORT|' "$work/output" >"$work/quickstart"
diff "$(dirname "$0")/quickstart.expected" "$work/quickstart" ||
  fail "quickstart: prints something else"

unset MOBIVATE_BASE_URL MOBIVATE_ACCOUNT_ID MOBIVATE_API_KEY
stop() {
  "$programs/unsubscribe" --source 12345 --keyword mv-100620006 --amount 100 --provider safaricom \
    --reference ABC1234 "$@"
}
run 'without environment' 2 stop --destination 254743210492
prints 'base_url: is empty (environment variable MOBIVATE_BASE_URL)'
run 'without environment, JSON' 2 stop --destination 254743210492 --json
prints '"result": "InvalidOptions",'
export MOBIVATE_ACCOUNT_ID=$account_id MOBIVATE_API_KEY=$api_key

start_gateway --tls --certificate-out "$work/ca.pem"
run accepted 0 stop --destination 254743210492 --ca-bundle "$work/ca.pem"
prints 'accepted: MT-'
run refused 1 stop --destination 254700000000 --ca-bundle "$work/ca.pem"
prints 'refused: 590: subscriber not found'
run pending 1 stop --destination 254700000541 --ca-bundle "$work/ca.pem"
prints 'refused: 541: '
run untrusted 2 stop --destination 254743210492
prints 'not_sent: tls: '
run 'wrong input' 2 stop --destination +254743210492 --ca-bundle "$work/ca.pem"
prints 'not_sent: destination: write 254743210492, without the leading +'
run kenya 0 "$programs/unsubscribe" --source 12345 --destination XX7432104492 --kenya \
  --keyword mv-100620006 --reference MyRef --frequency 7 --campaign Test --ca-bundle "$work/ca.pem"
prints 'accepted: MT-'

run 'JSON, accepted' 0 stop --destination 254743210492 --ca-bundle "$work/ca.pem" --json
prints '"message_id": "MT-'
run 'JSON, refused' 1 stop --destination 254700000541 --ca-bundle "$work/ca.pem" --json
prints '"code": 541,'
run 'JSON, not sent' 2 stop --destination +254 --ca-bundle "$work/ca.pem" --json
prints '"field": "destination",'
stop_gateway
grep -qF '254743210492 12345 mv-100620006: stopped, billed 0 cents' "$work/url" ||
  fail 'local_gateway: should say what it knows when it ends'

start_gateway --tls --certificate-out "$work/ca.pem" --delay 1000
run unknown 3 stop --destination 254743210492 --ca-bundle "$work/ca.pem" --timeout 200
prints 'unknown: timeout: '
run 'JSON, unknown' 3 stop --destination 254743210492 --ca-bundle "$work/ca.pem" --timeout 200 --json
prints '"maybe_delivered": true'
stop_gateway

run help 0 "$programs/unsubscribe" --help
for option in --source --destination --keyword --amount --frequency --campaign --provider \
  --reference --kenya --json --timeout --ca-bundle MOBIVATE_BASE_URL MOBIVATE_ACCOUNT_ID \
  MOBIVATE_API_KEY accepted refused not_sent unknown; do
  prints "$option"
done
run 'wrong option' 2 stop --destination 254743210492 --nonsense
run 'missing option' 2 "$programs/unsubscribe" --source 12345
run 'no number' 2 stop --destination 254743210492 --source none
