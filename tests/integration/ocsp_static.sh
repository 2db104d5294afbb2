#!/usr/bin/env bash
# Answers as files: the export, nginx in front of it, staples.
tid="OCSP as files"
. "$(dirname "$0")/lib.sh"
need python3
PATH=$PATH:/usr/sbin
more_cleanup() { [ ! -s "$T/nginx.pid" ] || kill "$(cat "$T/nginx.pid")" 2>/dev/null; }
more_cleanup=more_cleanup
demo_up
for d in a b c; do enrol_basic $d; done
X=$T/static conf=$T/demo/config/ocsp.conf
export_now() { inkan-ocsp -c "$conf" --export "$X" 2>"$T/x.log"; rc=$?; sum=$(grep -o 'event=ocsp.export.done.*' "$T/x.log"); }
count() { find "$X/ocsp" -type f | wc -l; }
says() {	# FILE NAME: what the answer in FILE says of $D/NAME.pem
	local f=$1
	case $f in */) f=${f}index ;; esac
	openssl ocsp -respin "$f" -issuer "$INKAN_ISSUER" ${3:-} \
	    -cert "$D/$2.pem" -CAfile "$INKAN_ROOT" -no_nonce 2>&1
}
file_of() { case $1 in */) echo "$X/ocsp/$1index" ;; *) echo "$X/ocsp/$1" ;; esac; }
path_of() {	# NAME [-sha256]
	openssl ocsp ${2:-} -issuer "$INKAN_ISSUER" -cert "$D/$1.pem" \
	    -no_nonce -reqout "$T/req" >/dev/null 2>&1
	base64 -w0 <"$T/req"
}

check "there is a log to export" wait_for 20 test -s "$T/demo/pub/log/checkpoint"
export_now
is "export" "$rc" 0
n=$(count)
has "  all by both hashes" "$sum" "written=$n fresh=0 refused=0 removed=0"
p=$(path_of a) q=$(path_of a -sha256)
has "  by SHA-1 under the path that is asked for" "$(says "$X/ocsp/$p" a)" "Response verify OK.*|a.pem: good"
has "  by SHA-256" "$(says "$X/ocsp/$q" a -sha256)" "a.pem: good"
has "  the sub-CA's, signed by the root" "$(openssl ocsp -issuer "$INKAN_ROOT" -cert "$INKAN_ISSUER" -no_nonce -reqout "$T/req" 2>/dev/null; openssl ocsp -respin "$(file_of "$(base64 -w0 <"$T/req")")" -issuer "$INKAN_ROOT" -cert "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" 2>&1)" "devices.pem: good"
check "  the CRL" cmp "$X/crl/devices-g1.crl" "$T/demo/pub/crl/devices-g1.crl"
check "  the log" inkan log verify --dir "$X/log" --key "$X/log/log.vkey"
check "  nothing of an unfinished file" test ! -e "$X/.new"

before=$(stat -c %i "$(file_of "$p")")
export_now
has "again: nothing is signed but the root's" "$sum" "fresh=$((n - $(grep -o 'written=[0-9]*' <<<"$sum" | cut -d= -f2))) "
is "  files stay" "$(stat -c %i "$(file_of "$p")")" "$before"
inkan revoke --serial "$(serial "$D/b.pem")" >/dev/null; enrol_basic d; sleep 1
export_now
has "after a revocation" "$(says "$X/ocsp/$(path_of b)" b)" "b.pem: revoked"
has "  and an issuance" "$(says "$X/ocsp/$(path_of d)" d)" "d.pem: good"
is "  the others stay" "$(stat -c %i "$(file_of "$p")")" "$before"
touch -d '-50 minutes' "$(file_of "$p")"
export_now
check "what is near its end is made anew" test "$(stat -c %Y "$(file_of "$p")")" -gt "$(($(date +%s) - 600))"
mv "$T/demo/tokens/ocsp" "$T/demo/tokens/ocsp.away"
n=$(count)
echo ended >"$X/ocsp/MAM="; touch -d '-2 days' "$X/ocsp/MAM="; rm "$X/crl/devices-g1.crl"
export_now
has "without the token: said" "$rc" '^[13]|75$'
check "  what has ended is removed" test ! -e "$X/ocsp/MAM="
check "  what is published is copied" cmp "$X/crl/devices-g1.crl" "$T/demo/pub/crl/devices-g1.crl"
is "  what holds stays" "$(count)" "$n"
mv "$T/demo/tokens/ocsp.away" "$T/demo/tokens/ocsp"
( flock 9; inkan-ocsp -c "$conf" --export "$X" >"$T/out" 2>&1; echo "$?" >"$T/rc" ) 9>"$X/.lock"
is "two at once" "$(cat "$T/rc")" 1
has "  exclude each other" "$(cat "$T/out")" "export.busy"

# It writes nowhere else, whatever somebody has put into the folder.
mkdir "$T/led" "$T/else"
ln -s "$T/else" "$T/led/ocsp"
inkan-ocsp -c "$conf" --export "$T/led" 2>"$T/x.log"; rc=$?
has "confined to its calls" "$(cat "$T/x.log")" "event=confine.(calls|missing)"
if grep -q event=confine.files "$T/x.log"; then
	check "  and to its folder: led elsewhere, it fails" test $rc -ne 0
	is "  nothing was written there" "$(ls "$T/else")" ""
fi

# Staples.
staple() { inkan-ocsp -c "$conf" --staple "$D/$1.pem" --out "$T/$1.ocsp" 2>"$T/s.log"; echo $?; }
is "a staple" "$(staple a)" 0
has "  good, by SHA-1" "$(says "$T/a.ocsp" a)" "a.pem: good"
is "  of a revoked one" "$(staple b)" 4
has "  says so" "$(says "$T/b.ocsp" b)" "b.pem: revoked"
cp "$T/a.ocsp" "$D/foreign"; openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/k" -subj /CN=x -out "$D/foreign.pem" 2>/dev/null
is "  of a foreign one: nothing" "$(staple foreign)" 3
check "    and no file" test ! -e "$T/foreign.ocsp"
is "  no certificate" "$(inkan-ocsp -c "$conf" --staple "$T/none" --out "$T/x" >/dev/null 2>&1; echo $?)" 1
is "  without --out" "$(inkan-ocsp -c "$conf" --staple "$D/a.pem" >/dev/null 2>&1; echo $?)" 2

# nginx, with the configuration of the docs.
if ! command -v nginx >/dev/null; then
	trace "no nginx here: the export is not served"
	finish
fi
port=$(free_port)
cat >"$T/nginx.conf" <<-END
	worker_processes 1;
	daemon on;
	pid $T/nginx.pid;
	error_log $T/nginx.err;
	events { worker_connections 64; }
	http {
	client_body_temp_path $T/ngx1; proxy_temp_path $T/ngx2; fastcgi_temp_path $T/ngx3;
	uwsgi_temp_path $T/ngx4; scgi_temp_path $T/ngx5;
	$(sed "s|listen 80;|listen 127.0.0.1:$port;|; s|/srv/inkan|$X|; s|http://127.0.0.1:8081|${INKAN_HTTP_URL%/}|" "$here/docs/ocsp-nginx.conf")
	}
END
[ "$(id -u)" != 0 ] || sed -i '1i user root;' "$T/nginx.conf"
check "nginx takes the configuration of the docs" nginx -e "$T/nginx.err" -c "$T/nginx.conf"
N=http://127.0.0.1:$port
http() {
	: >"$T/resp"
	code=$(curl -sS --path-as-is --max-time 10 -o "$T/resp" -D "$T/hdr" -w '%{http_code}' "$@" 2>&1)
	tr -d '\r' <"$T/hdr" >"$T/h"
}
p=$(path_of c); enc=$(sed 's|+|%2B|g; s|/|%2F|g; s|=|%3D|g' <<<"$p")
for u in "/ocsp/$p" "/$p" "//$p" "/ocsp//$enc" "/ocsp/devices-g1/$enc" "/ocsp/${p%%=*}"; do
	http "$N$u"; is "GET ${u:0:22}…" "$code" 200
	has "  good" "$(says "$T/resp" c)" "c.pem: good"
done
has "Content-Type" "$(cat "$T/h")" '^Content-Type: application/ocsp-response$'
has "max-age" "$(cat "$T/h")" '^Cache-Control: max-age=(3[0-9]{3}|[12]?[0-9]{1,3})$'
has "  and the rest" "$(cat "$T/h")" '^Cache-Control: public,no-transform,must-revalidate'
next=$(openssl ocsp -respin "$T/resp" -noverify -resp_text 2>/dev/null | sed -n 's/ *Next Update: //p' | head -1)
is "Expires is nextUpdate" "$(date -d "$(sed -n 's/^Expires: //p' "$T/h")" +%s)" "$(date -d "$next" +%s)"
http "$N/crl/devices-g1.crl"; has "CRL" "$(cat "$T/h")" 'application/pkix-crl'
http "$N/log/checkpoint"; is "log" "$code" 200
has "POST goes to the responder" "$(timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$N/ocsp" -cert "$D/c.pem" 2>&1)" "c.pem: good"
enrol_basic e
http "$N/ocsp/$(path_of e)"; has "what is not there yet, too" "$(says "$T/resp" e)" "e.pem: good"
# What few base64 texts have: slashes doubled, at the end, and pluses.
mkdir -p "$X/ocsp/MA+b/C" "$X/ocsp/MDD"
echo one >"$X/ocsp/MA+b/C/D"; echo two >"$X/ocsp/MDD/index"
for u in MA+b//C/D MA%2Bb%2F%2FC/D MA+b/C//D; do
	http "$N/ocsp/$u"; is "GET $u" "$(cat "$T/resp")" one
done
for u in MDD/ MDD%2F MDD//; do
	http "$N/ocsp/$u"; is "GET $u" "$(cat "$T/resp")" two
done
demo_stop_quietly
http "$N/ocsp/$p"; has "without any program of ours" "$(says "$T/resp" c)" "c.pem: good"
finish
