#!/usr/bin/env bash
# inkan-ocsp alone: configuration, keys, PIN, signals, without status.db.
tid="inkan-ocsp as a program"
. "$(dirname "$0")/lib.sh"
need softhsm2-util; need curl; need openssl
ocsp=$BUILD/inkan-ocsp
[ -x "$ocsp" ] || skip "$ocsp is not built"
more_cleanup() { [ -z "${pid:-}" ] || kill "$pid" 2>/dev/null; }
more_cleanup=more_cleanup

mkdir -p "$T/tokens" "$T/pub/crl" "$T/pub/ca"
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\n' "$T" >"$T/hsm.conf"
SOFTHSM2_CONF=$T/hsm.conf softhsm2-util --init-token --free --label ocsp \
    --pin 271828 --so-pin 31415926 >/dev/null 2>&1 || skip "no SoftHSM token"
for m in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[ -r "$m" ] && module=$m && break
done
[ -n "${module:-}" ] || skip "no SoftHSM module"
(umask 077; echo 271828 >"$T/pin"; echo 999999 >"$T/wrong")
port=$(free_port)
conf() {	# PIN file, further lines
	cat <<-EOF
	listen = [ "127.0.0.1:$port" ];
	status_db = "status.db";
	publish_dir = "pub";
	token: { module = "$module"; softhsm_conf = "hsm.conf";
	    uri = "pkcs11:token=ocsp"; pin_file = "$1"; pin_state = "pin.state"; };
	delegates = ( { issuer = "devices-g1"; key = "pkcs11:object=ocsp-devices-g1";
	    certificate = "ocsp.pem"; csr = "ocsp.csr"; } );
	${2:-}
	EOF
}
conf pin >"$T/ocsp.conf"
conf wrong >"$T/wrong.conf"
conf pin 'valdity = "1h";' >"$T/bad.conf"
status() { "$@" >"$T/out" 2>&1; echo $?; }

is "-n accepts" "$(status "$ocsp" -c "$T/ocsp.conf" -n)" 0
is "-n refuses an unknown key" "$(status "$ocsp" -c "$T/bad.conf" -n)" 1
has "  and says where, and what was meant" "$(cat "$T/out")" 'bad.conf:[0-9]+: .*valdity.*validity'
is "no such file" "$(status "$ocsp" -c "$T/none.conf")" 1
is "usage" "$(status "$ocsp" --nonsense)" 2
is "-h" "$(status "$ocsp" -h)" 0

is "--init-keys" "$(status "$ocsp" -c "$T/ocsp.conf" --init-keys)" 0
check "  the request verifies" openssl req -in "$T/ocsp.csr" -noout -verify
cp "$T/ocsp.csr" "$T/first.csr"
is "--init-keys again" "$(status "$ocsp" -c "$T/ocsp.conf" --init-keys)" 0
check "  changes nothing" cmp "$T/ocsp.csr" "$T/first.csr"
is "a wrong PIN has an exit status of its own" "$(status "$ocsp" -c "$T/wrong.conf")" 75
is "  and is not tried again" "$(status "$ocsp" -c "$T/wrong.conf")" 75
is "  nor does it lock the token" "$(status "$ocsp" -c "$T/ocsp.conf" --init-keys)" 0

"$ocsp" -c "$T/ocsp.conf" 2>"$T/log" &
pid=$!
for _ in $(seq 100); do
	curl -s "http://127.0.0.1:$port/" >/dev/null && break
	sleep 0.1
done
U=http://127.0.0.1:$port
code() { curl -sS --path-as-is -o "$T/body" -w '%{http_code}' "$@"; }
is "the home page" "$(code "$U/")" 200
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj /CN=x -keyout "$T/k" -out "$T/c.pem" >/dev/null 2>&1
openssl ocsp -issuer "$T/c.pem" -cert "$T/c.pem" -reqout "$T/req" >/dev/null 2>&1
is "POST" "$(code --data-binary @"$T/req" "$U/ocsp")" 200
has "  without status.db: tryLater" "$(openssl ocsp -respin "$T/body" 2>&1)" trylater
is "POST of garbage" "$(code --data-binary garbage "$U/ocsp")" 200
has "  malformedRequest" "$(openssl ocsp -respin "$T/body" 2>&1)" malformedrequest
is "DELETE" "$(code -X DELETE "$U/ocsp")" 405
printf '\060\000' >"$T/pub/ca/x.cer"
is "a file that appears" "$(code "$U/ca/x.cer")" 200
kill -HUP $pid
check "SIGHUP: files are read anew" wait_for 10 grep -q event=ocsp.reload "$T/log"
is "after SIGHUP" "$(code "$U/ca/x.cer")" 200
is "a second one on the same port" "$(status "$ocsp" -c "$T/ocsp.conf")" 1
kill -TERM $pid
wait $pid
is "SIGTERM" $? 0
pid=
has "the log: listening" "$(cat "$T/log")" "event=ocsp.listening address=127.0.0.1 port=$port"
has "  status.db is missing" "$(cat "$T/log")" "event=ocsp.status.lost"
has "  the sum at the end" "$(cat "$T/log")" "event=ocsp.summary requests=[0-9]+ .* malformed=1 trylater=1 "
has "  stopped" "$(cat "$T/log")" "event=ocsp.stop"
finish
