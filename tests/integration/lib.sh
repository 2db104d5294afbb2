# Sourced by the integration scripts. A script says what it tests in `tid`, uses
# demo_up for a running demo of its own, and `check` for each statement. It ends
# with `finish`. Exit 0: all held; 77: skipped; else failed.
# shellcheck shell=bash
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$here/$BUILD ;; esac
T=$(mktemp -d "${TMPDIR:-/tmp}/inkan-XXXXXX")
failures=0 checks=0

cleanup() {
	demo_stop_quietly
	[ -z "${more_cleanup:-}" ] || $more_cleanup
	[ ! -f "$T/ports" ] || give_ports
	# An empty question ends the reader, if there is one.
	[ ! -p "$T/json.ask" ] || : <>"$T/json.ask"
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# Debian's own python3, before one that a version manager puts in front of it:
# that is slow to start, and the scripts and what they test start many.
PATH=/usr/bin:$PATH

trace() { printf '  %s\n' "$*"; }
# A figure that is told at the end of a run of the suite.
measured() { printf 'measured: %s\n' "$*"; }
skip() { echo "$*"; exit 77; }
need() { command -v "$1" >/dev/null 2>&1 || skip "needs $1"; }
fail() { failures=$((failures + 1)); printf 'FAIL: %s\n' "$*"; }

# check "what must hold" command...
check() {
	local what=$1; shift
	checks=$((checks + 1))
	if "$@" >"$T/out" 2>&1; then
		trace "ok: $what"
	else
		fail "$what"; sed 's/^/    /' "$T/out" | head -20
	fi
}
# check_not: the command must fail
check_not() {
	local what=$1; shift
	checks=$((checks + 1))
	if "$@" >"$T/out" 2>&1; then
		fail "$what (it succeeded)"; sed 's/^/    /' "$T/out" | head -20
	else
		trace "ok: $what"
	fi
}
# is WHAT GOT WANTED
is() {
	checks=$((checks + 1))
	if [ "$2" = "$3" ]; then trace "ok: $1 ($2)"
	else fail "$1: got \"$2\", expected \"$3\""; fi
}
# What grep -qE says. The shell knows the same expressions, without a process;
# what it does not know, and long texts, are for grep. That one not by a pipe: it
# ends at its match, and bash writes line by line.
a_line_has() {	# text pattern
	local l n=0
	while IFS= read -r l; do
		[[ $l =~ $2 ]]
		case $? in
		0) return ;;
		1) n=$((n + 1)) ;;
		*) n=200 ;;
		esac
		[ $n -lt 200 ] || { grep -qE -- "$2" <<<"$1"; return; }
	done <<<"$1"
	return 1
}
# has WHAT TEXT PATTERN (extended regular expression)
has() {
	checks=$((checks + 1))
	if a_line_has "$2" "$3"; then trace "ok: $1"
	else fail "$1: no /$3/ in: $(printf '%s' "$2" | head -c 600)"; fi
}
demo_stop_quietly() {
	if [ -f "$T/demo/env" ]; then demo_stop >/dev/null 2>&1; fi
}
finish() {
	# A program that ran under sanitizers must not have said a word.
	demo_stop_quietly
	if [ -d "$T/demo/log" ] &&
	    grep -lE 'Sanitizer|runtime error:' "$T"/demo/log/*.log 2>/dev/null; then
		fail "a sanitizer reported"
		grep -hE -A12 'Sanitizer|runtime error:' "$T"/demo/log/*.log | head -60
	fi
	[ $checks -gt 0 ] || { echo "no statement was checked"; exit 1; }
	echo "$tid: $checks checks, $failures failed"
	if [ $failures -gt 0 ] && [ -d "$T/demo/log" ]; then
		tail -n 8 "$T"/demo/log/inkan-*.log 2>/dev/null
	fi
	[ $failures -eq 0 ]; exit
}

# shellcheck source=scripts/demo/lib.sh
. "$here/scripts/demo/lib.sh"
# Waiting is most of what runs here: without a process each time.
mkfifo "$T/nothing"
nap() { read -r -t "$1" _ <>"$T/nothing" || true; }
sleep() {
	case $1 in
	*[!0-9.]*) command sleep "$@" ;;
	*) nap "$1" ;;
	esac
}
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# A port that, like the next three, no socket has: not even an outgoing
# connection's, which port_busy does not see. The kernel gives those out from
# its own range at any moment, so ours lie below it. A folder keeps scripts that
# run at the same time from choosing the same.
ports=${TMPDIR:-/tmp}/inkan-ports-$(id -u)
port_held() {	# port: whether $held, the kernel's tables, has it
	local hex
	printf -v hex %04X "$1"
	[[ $held =~ :\ [0-9A-F]+:$hex\  ]]
}
free_port() {
	local p n=0 top held more=''
	[ -d "$ports" ] || mkdir -p "$ports"
	find "$ports" -mindepth 1 -mmin +30 -delete 2>/dev/null
	read -r top _ </proc/sys/net/ipv4/ip_local_port_range
	read -r -d '' held </proc/net/tcp
	read -r -d '' more 2>/dev/null </proc/net/tcp6
	held+=$more
	[ "$top" -gt 12000 ] || top=32000
	while [ $n -lt 50 ]; do
		p=$((10000 + (RANDOM % ((top - 10000) / 4)) * 4))
		if ! port_held $p && ! port_held $((p + 1)) &&
		    ! port_held $((p + 2)) && ! port_held $((p + 3)) &&
		    mkdir "$ports/$p" 2>/dev/null; then
			echo "$p" >>"$T/ports"
			echo $p
			return
		fi
		n=$((n + 1))
	done
	return 1
}
give_ports() {
	local p
	mapfile -t p <"$T/ports"
	(cd "$ports" && rmdir "${p[@]}") 2>/dev/null
}

# For before_start: what else the demo's programs may read; libfaketime, say, in
# the middle of their work. With a program, that one only.
confine_reads() {	# path [program]
	local p
	for p in ${2:-ca ra ocsp}; do
		printf 'confine: { read = [ "%s" ]; };\n' "$1" \
		    >>"$INKAN_CONFIG_DIR/$p.conf"
	done
}

# A demo made and started, as the quickstart does it, without a device's life.
# Hooks: before_ceremony, before_start (functions) may change its files.
demo_up() {
	INKAN_BIN=$BUILD
	[ -x "$INKAN_BIN/inkan-ca" ] || die "$INKAN_BIN/inkan-ca is not built"
	INKAN_BUILD=$BUILD demo_prepare "$T/demo" "$(free_port)"
	demo_make
	if declare -F before_ceremony >/dev/null; then before_ceremony; fi
	demo_ceremony >/dev/null
	if declare -F before_start >/dev/null; then before_start; fi
	demo_start ca ra ocsp
	demo_secret >/dev/null
	# shellcheck disable=SC1091
	. "$T/demo/env"
	PATH=$INKAN_BIN:$PATH
	D=$T/demo/devices
}

# --- raw EST ---------------------------------------------------------------

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
# device_csr NAME [SUBJECT]: both in one process, $D/NAME.key and $T/NAME.b64 for CN=NAME
device_csr() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	    -keyout "$D/$1.key" -subj "${2:-/CN=$1}" -out "$T/$1.csr" \
	    2>"$T/out" || return
	unarmour <"$T/$1.csr" >"$T/$1.b64"
}
unarmour() {	# the base64 that is between the two lines of a PEM text
	local l
	while read -r l; do
		case $l in -----*) ;; *) printf '%s\n' "$l" ;; esac
	done
}
# csr KEY SUBJECT [openssl req options...] -> DER on stdout
csr() {
	local key=$1 subj=$2; shift 2
	openssl req -new -key "$key" -subj "$subj" -outform DER "$@"
}
# post OP BODYFILE [curl options...]: sets $code, $body (file), $head (file)
post() {
	local op=$1 file=$2; shift 2
	body=$T/body head=$T/head
	: >"$body"
	case "$*" in
	*Content-Type:*) ;;
	*) set -- -H 'Content-Type: application/pkcs10' "$@" ;;
	esac
	code=$(curl -sS --max-time 20 --cacert "$INKAN_ROOT" -o "$body" \
	    -D "$head" -w '%{http_code}' --data-binary "@$file" "$@" \
	    "$INKAN_EST_URL/.well-known/est/$op" 2>"$T/curl-err") || true
}
get() {
	local op=$1; shift
	body=$T/body head=$T/head
	: >"$body"
	code=$(curl -sS --max-time 20 --cacert "$INKAN_ROOT" -o "$body" \
	    -D "$head" -w '%{http_code}' "$@" \
	    "$INKAN_EST_URL/.well-known/est/$op" 2>"$T/curl-err") || true
}
basic() { printf '%s:%s' "$INKAN_USER" "$INKAN_SECRET"; }
# The certificate in $body, as PEM, into a file; fails unless exactly one.
take_cert() {
	local l n=0 pem=''
	printf '%s\n' "-----BEGIN PKCS7-----" "$(<"$body")" \
	    "-----END PKCS7-----" >"$T/p7.pem"
	openssl pkcs7 -in "$T/p7.pem" -print_certs -out "$T/p7" 2>/dev/null ||
	    return 1
	while IFS= read -r l; do
		case $l in
		*BEGIN*) n=$((n + 1)) pem= ;;
		esac
		pem+=$l$'\n'
	done <"$T/p7"
	[ $n = 1 ] || return 1
	printf '%s' "$pem" >"$1"
}
verifies() {
	openssl verify -x509_strict -CAfile "$INKAN_ROOT" \
	    -untrusted "${2:-$INKAN_ISSUER}" "$1"
}
# enrol_basic NAME [label/]: new key, CSR CN=NAME; files $D/NAME.{key,pem}
enrol_basic() {
	device_csr "$1"
	post "${2:-}simpleenroll" "$T/$1.b64" -u "$(basic)"
	[ "$code" = 200 ] && take_cert "$D/$1.pem"
}
# enrol_maker NAME [label/]: with a maker certificate minted for NAME
enrol_maker() {
	make_maker_device "$1" "$D/$1-maker"
	device_csr "$1" /CN=ignored
	post "${2:-}simpleenroll" "$T/$1.b64" --cert "$D/$1-maker.pem" \
	    --key "$D/$1-maker.key"
	[ "$code" = 200 ] && take_cert "$D/$1.pem"
}
serial() {
	local s
	s=$(serial_of "$1") && printf '%s\n' "${s,,}"
}
# json FILE 'expression on d': by one python3 for the whole script. Two at once would
# take each other's answers: no script asks from the background.
# File "-" is what comes in.
json() {
	local file=$1 status text
	[ "$file" != - ] || { file=$T/json.in; cat >"$file"; }
	if [ ! -p "$T/json.ask" ]; then
		mkfifo "$T/json.told" "$T/json.ask" || return
		(python3 "$here/tests/integration/clients/json_reader.py" "$T" \
		    >/dev/null 2>&1 &)
	fi
	printf '%s\0%s\0%s' "$PWD" "$file" "$2" >"$T/json.ask"
	{ IFS= read -r -d '' status && IFS= read -r -d '' text; } <"$T/json.told"
	if [ "$status" = 0 ]; then printf '%s\n' "$text"
	else printf '%s' "$text" >&2; return 1; fi
}
status_row() {	# check: what "inkan status" says of it
	inkan --json status |
	    json - "'\n'.join(c['level'] + ' ' + c['text'] for c in d['checks'] if c['check'] == '$1')"
}
reason() {
	local l
	read -r l <"$body"
	printf '%s\n' "${l%$'\r'}"
}
