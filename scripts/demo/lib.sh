# The demo's parts, for scripts/quickstart. Sourced, not run. A process costs more
# than most of what is done here, so the shell does itself what it can.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
usage() {
	sed -n '5,8s/^# \{0,3\}//p' "$here/scripts/quickstart" >&2
	exit 2
}

# --- a demo's folder -------------------------------------------------------

# What the program's pid file says, in $pid.
read_pid() {	# program
	pid=
	read -r pid 2>/dev/null <"$INKAN_DIR/run/inkan-$1.pid" || true
	[ -n "$pid" ]
}

# Is the process of that pid file one of ours, and alive?
alive() {	# program
	local pid args
	read_pid "$1" && kill -0 "$pid" 2>/dev/null &&
	    mapfile -d '' -t args 2>/dev/null <"/proc/$pid/cmdline" &&
	    [[ "${args[*]} " == *"inkan-$1 -c $INKAN_CONFIG_DIR/$1.conf "* ]]
}

is_demo() {
	local text=
	read -r -d '' text 2>/dev/null <"$1/env" || true
	[[ $'\n'$text == *$'\n'"export INKAN_CONFIG_DIR='"* ]]
}
demo_enter() {	# an existing demo: its environment
	is_demo "$1" || die "$1 is not a demo of ours (no file env of ours in it)"
	# shellcheck disable=SC1091
	. "$1/env"
	[ "$1" -ef "$INKAN_DIR" ] ||
	    die "$1 was made as $INKAN_DIR and works there only; move it back or remove it"
}

port_busy() {
	{ : <>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null ||
	    { : <>"/dev/tcp/::1/$1"; } 2>/dev/null
}

# What a folder's name must not hold: SoftHSM reads # and = as its own.
dir_usable() {	# dir
	case $1 in
	*[#=]*|*'
'*)	die "--dir must not hold #, = or line ends" ;;
	esac
}

demo_prepare() {	# dir port
	local p
	case $1 in /*) dir_usable "$1" ;; *) dir_usable "$PWD/$1" ;; esac
	if is_demo "$1"; then
		demo_enter "$1"
		for p in ca ra ocsp; do
			alive $p && die "a demo is running in $1; stop it: $(hint --stop "$1")"
		done
	elif [ -e "$1" ] && [ -n "$(ls -A "$1" 2>&1)" ]; then
		die "$1 exists and is not a demo of ours; choose another --dir"
	fi
	for p in "$2" $(($2 + 1)) $(($2 + 2)); do
		port_busy "$p" && die "port $p is in use; choose another --port"
	done
	if is_demo "$1"; then demo_remove "$1"; fi
	mkdir -p "$1" || die "cannot make $1"
	dir=$(cd "$1" && pwd) port=$2
	build_log=$dir/build.log
	choose_build
	write_env
	demo_enter "$dir"
}

hint() {	# --stop|--start dir: the command, as a shell reads it
	printf 'scripts/quickstart %s --dir %q' "$1" "$2"
}

demo_remove() {	# a stopped demo of ours; the folder itself may stay
	case $INKAN_SOCKET_DIR in
	"$INKAN_DIR"/*) ;;
	*)	rm -f "$INKAN_SOCKET_DIR"/*.sock
		rmdir "$INKAN_SOCKET_DIR" 2>/dev/null || true ;;
	esac
	find "$1/" -mindepth 1 -delete
}

# Programs are built in the clone; where that is somebody else's and not built,
# in a copy inside the demo.
choose_build() {
	build_src=$here
	if [ -z "${INKAN_BUILD:-}" ] && [ ! -w "$here" ] && ! own_make -q; then
		build_src=$dir/src
	fi
}
own_make() {	# not with the flags of a make that runs us
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -s \
	    -C "$build_src" BUILD=build SAN= FAULTS= "$@" 2>&1
}

demo_build() {
	if [ "$build_src" != "$here" ]; then
		mkdir -p "$build_src"
		(cd "$here" && cp -R Makefile ca hsm ocsp profiles ra \
		    "$build_src")
	fi
	# One at a time: several demos may start in one clone.
	flock "$build_src/Makefile" env bash -c "$(declare -f own_make)"'
	    build_src=$1; own_make -j"$(nproc)"' - "$build_src" >"$build_log" ||
	    { cat "$build_log" >&2; die "the build failed"; }
}

write_env() {
	local d=$dir sock=$dir/run v quote="'\''" LC_ALL=C
	# A UNIX socket's path holds 107 octets at most.
	if [ ${#sock} -gt 90 ]; then
		sock=$(mktemp -d "${TMPDIR:-/tmp}/inkan-XXXXXX")
	fi
	while IFS= read -r v; do
		printf "export %s='" "${v%%=*}"
		v=${v#*=}
		printf "%s'\n" "${v//\'/"$quote"}"
	done >"$d/env" <<-X
	INKAN_DIR=$d
	INKAN_BIN=${INKAN_BUILD:-$build_src/build}
	INKAN_CONFIG_DIR=$d/config
	INKAN_ADMIN_SOCKET=$sock/admin.sock
	INKAN_SOCKET_DIR=$sock
	INKAN_EST_URL=https://localhost:$port
	INKAN_HTTP_URL=http://localhost:$((port + 1))
	INKAN_OCSP_URL=http://localhost:$((port + 1))/ocsp
	INKAN_METRICS_URL=http://127.0.0.1:$((port + 2))/metrics
	INKAN_ROOT=$d/certs/root.pem
	INKAN_CHAIN=$d/certs/chain.pem
	INKAN_ISSUER=$d/certs/devices.pem
	INKAN_ATTEST_ISSUER=$d/certs/attestation.pem
	INKAN_CODE_ISSUER=$d/certs/code.pem
	INKAN_MFG_CERT=$d/maker/device.pem
	INKAN_MFG_KEY=$d/maker/device.key
	INKAN_MFG_CA=$d/maker/ca.pem
	INKAN_MFG_CA_KEY=$d/maker/ca.key
	INKAN_DEVICE_CERT=$d/devices/demo-2.pem
	INKAN_DEVICE_KEY=$d/devices/demo-2.key
	INKAN_REVOKED_CERT=$d/devices/demo-1.pem
	INKAN_PKCS11_MODULE=$(softhsm_module)
	INKAN_SOFTHSM2_CONF=$d/tokens/ca.conf
	INKAN_ISSUER_KEY_URI=pkcs11:token=inkan-ca;object=inkan-devices-g1;type=private
	INKAN_TOKEN_PIN_FILE=$d/pins/ca.pin
	INKAN_STORE=$d/state/store.db
	INKAN_STATUS_DB=$d/state/status.db
	X
}

softhsm_module() {
	local f
	for f in /usr/lib/softhsm/libsofthsm2.so \
	    /usr/lib/*/softhsm/libsofthsm2.so; do
		[ -f "$f" ] && { echo "$f"; return; }
	done
	echo /usr/lib/softhsm/libsofthsm2.so
}

# --- making one ------------------------------------------------------------

random_pin() { printf '%08x%08x' "$SRANDOM" "$SRANDOM"; }

make_token() {	# name
	local pin so conf=$dir/tokens/$1.conf
	pin=$(random_pin) so=$(random_pin)
	mkdir -p "$dir/tokens/$1"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n' \
	    "$dir/tokens/$1" >"$conf"
	(umask 077; printf '%s\n' "$pin" >"$dir/pins/$1.pin"
	    printf '%s\n' "$so" >"$dir/pins/$1.so-pin")
	SOFTHSM2_CONF=$conf softhsm2-util --module "$INKAN_PKCS11_MODULE" \
	    --init-token --free --label "inkan-$1" --so-pin "$so" \
	    --pin "$pin" >/dev/null || die "softhsm2-util cannot make a token"
}

# A manufacturer: a CA of its own, which is no business of Inkan's.
make_maker() {
	local m=$dir/maker
	printf '[req]\ndistinguished_name=dn\n[dn]\n' >"$m/req.conf"
	maker_req -keyout "$m/ca.key" -out "$m/ca.pem" \
	    -subj "/O=Demo Maker/CN=Demo Maker Device CA" \
	    -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -addext subjectKeyIdentifier=hash
	make_maker_device demo-0 "$m/device"
}

# A new key and its certificate, in one process.
maker_req() {
	openssl req -x509 -config "$dir/maker/req.conf" -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -noenc -sha256 -days 3650 "$@" \
	    2>/dev/null
}

make_maker_device() {	# name file
	maker_req -CA "$dir/maker/ca.pem" -CAkey "$dir/maker/ca.key" \
	    -set_serial "0x40$(random_pin)" -keyout "$2.key" -out "$2.pem" \
	    -subj "/O=Demo Maker/serialNumber=$1" \
	    -addext basicConstraints=critical,CA:FALSE \
	    -addext keyUsage=critical,digitalSignature \
	    -addext subjectKeyIdentifier=hash \
	    -addext authorityKeyIdentifier=keyid
}

listen() {	# port: both loopback addresses where the machine has both
	local l
	printf '"127.0.0.1:%s"' "$1"
	while read -r l; do
		case $l in
		00000000000000000000000000000001\ *)
			printf ', "[::1]:%s"' "$1"
			return ;;
		esac
	done 2>/dev/null </proc/net/if_inet6 || true
}

# A path inside a libconfig text.
conf_path() {
	local p=${1//\\/\\\\}
	printf %s "${p//\"/\\\"}"
}
# A path for curl's --cert, which ends at a colon.
curl_path() {
	local p=${1//\\/\\\\}
	printf %s "${p//:/\\:}"
}

# The configurations, of scripts/demo/*.conf, with what this demo has for @NAME@.
demo_config() {
	local f t v
	local -A has=([PORT]=$port [METRICS_PORT]=$((port + 2))
	    [HTTP_PORT]=$((port + 1)) [UID]=$UID
	    [MODULE]=$(conf_path "$INKAN_PKCS11_MODULE")
	    [SOCKETS]=$(conf_path "$INKAN_SOCKET_DIR")
	    [LISTEN]=$(listen "$port") [HTTP_LISTEN]=$(listen $((port + 1))))
	for f in operators ca ra ocsp ceremony; do
		read -r -d '' t <"$here/scripts/demo/$f.conf" || true
		for v in "${!has[@]}"; do t=${t//"@$v@"/"${has[$v]}"}; done
		printf '%s\n' "$t" >"$dir/config/$f.conf"
	done
}

demo_make() {
	local d=$dir f
	mkdir -p "$d"/config/profiles "$d"/config/fleets "$d"/tokens "$d"/state/ocsp \
	    "$d"/pub "$d"/run "$d"/log "$d"/certs "$d"/devices "$d"/maker
	mkdir -m 700 -p "$d/pins"
	chmod 700 "$d/maker" "$d/devices"
	for f in root ca ocsp; do make_token $f; done
	make_maker
	cp "$here"/profiles/shipped/*.conf "$d/config/profiles/"
	cp "$here"/scripts/demo/fleets/*.conf "$d/config/fleets/"
	cp "$d/maker/ca.pem" "$d/config/fleets/maker.pem"
	demo_config
}

demo_ceremony() {
	"$INKAN_BIN/inkan-ocsp" --init-keys -c "$dir/config/ocsp.conf" \
	    >>"$dir/log/init.log" 2>&1 ||
	    { cat "$dir/log/init.log" >&2; die "inkan-ocsp --init-keys failed"; }
	"$INKAN_BIN/inkan-ra" --init-keys -c "$dir/config/ra.conf" \
	    >>"$dir/log/init.log" 2>&1 ||
	    { cat "$dir/log/init.log" >&2; die "inkan-ra --init-keys failed"; }
	"$INKAN_BIN/inkan" ca init --config "$dir/config/ceremony.conf" \
	    >"$dir/log/ceremony.log" 2>&1 ||
	    { cat "$dir/log/ceremony.log" >&2; die "the ceremony failed"; }
	cat "$INKAN_ISSUER" "$INKAN_ROOT" >"$INKAN_CHAIN"
	say "ceremony: root, three issuing CAs and their services certified"
	grep '^issuing CA' "$dir/log/ceremony.log" | sed 's/^/  /'
	say "operator: you, as admin, officer and auditor in one; nothing needs approvals"
}

# --- running ---------------------------------------------------------------

nap() { sleep "$1"; }
wait_for() {	# seconds command...: often at first, then twice a second
	local until=$((SECONDS + $1 + 1)) tries=0; shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || return 1
		tries=$((tries + 1))
		if [ $tries -le 10 ]; then nap 0.1; else nap 0.5; fi
	done
}

ready_verifier() { [ -S "$INKAN_SOCKET_DIR/verifier.sock" ]; }
ready_ca() { [ -S "$INKAN_ADMIN_SOCKET" ] && "$INKAN_BIN/inkan" ca list; }
# Each of its workers has a connection to inkan-ca of its own, and the kernel chooses
# who is asked: its figures say whether all are there. Without a CA beside it 503 is
# the right answer.
ready_ra() {
	local code url=$INKAN_EST_URL/.well-known/est/cacerts
	code=$(curl -sS -o /dev/null -w '%{http_code}' --max-time 2 \
	    --cacert "$INKAN_ROOT" "$url" 2>/dev/null) || return 1
	case $code in
	200) all_linked || ! alive ca ;;
	503) ! alive ca ;;
	*) return 1 ;;
	esac
}
all_linked() {
	local line said workers='' links=''
	said=$(curl -fsS --max-time 2 "$INKAN_METRICS_URL" 2>/dev/null) || {
		[ $? = 7 ] # nobody listens: it shows no figures
		return
	}
	while IFS= read -r line; do
		case $line in
		"inkan_ra_workers "*) workers=${line##* } ;;
		"inkan_ra_ca_links "*) links=${line##* } ;;
		esac
	done <<<"$said"
	[ "$workers" = "$links" ]
}
# An instance that is stopped says tryLater: that is an answer, too. The EST
# server's certificate may be by a newer CA; the delegate's stays.
ready_ocsp() {
	local said
	said=$(openssl ocsp -issuer "$INKAN_ISSUER" -url "$INKAN_OCSP_URL" \
	    -cert "$INKAN_DIR/certs/ocsp-devices-g1.pem" -CAfile "$INKAN_ROOT" \
	    -timeout 2 2>&1)
	case $said in
	*": good"*) ;;
	*trylater*) "$INKAN_BIN/inkan" status | grep -q stopped ;;
	*) return 1 ;;
	esac
}

settled() {	# program: it answers, or it has ended
	local pid
	"ready_$1" || { read_pid "$1" && gone "$pid"; }
}

demo_start() {
	local p pid waits="$*"
	# Outside of the demo it may be gone after a boot, or be another's.
	[ -d "$INKAN_SOCKET_DIR" ] || mkdir -m 700 "$INKAN_SOCKET_DIR"
	case $INKAN_SOCKET_DIR in
	"$INKAN_DIR"/*) ;;
	*) [ -O "$INKAN_SOCKET_DIR" ] || die "$INKAN_SOCKET_DIR is not ours" ;;
	esac
	for p in "$@"; do
		alive "$p" && continue
		# Our environment has a device's secret, and is shown in /proc.
		(trap '' HUP; unset INKAN_SECRET; exec setsid \
		    "$INKAN_BIN/inkan-$p" -c "$INKAN_CONFIG_DIR/$p.conf") \
		    </dev/null >>"$INKAN_DIR/log/inkan-$p.log" 2>&1 &
		echo $! >"$INKAN_DIR/run/inkan-$p.pid"
	done
	# An RA that stayed up has yet to find its CA again.
	case " $waits " in
	*" ra "*) ;;
	*" ca "*) if alive ra; then waits="$waits ra"; fi ;;
	esac
	for p in $waits; do
		wait_for 20 settled "$p" && read_pid "$p" && ! gone "$pid" &&
		    continue
		tail -n 5 "$INKAN_DIR/log/inkan-$p.log" >&2
		die "inkan-$p does not answer; see $INKAN_DIR/log/inkan-$p.log"
	done
}

demo_stop() {
	local p pid
	for p in ra ocsp ca verifier; do
		alive $p || continue
		read_pid $p
		kill -TERM "$pid" 2>/dev/null || true
		wait_for 20 gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
		rm -f "$INKAN_DIR/run/inkan-$p.pid"
	done
}
# All of it in one read: bash would go back in a file that ends with its process,
# and keeps what it has read for the next read where it cannot.
gone() {	# pid; one that nobody has waited for is gone, too
	local text=
	kill -0 "$1" 2>/dev/null || return 0
	read -r -d '' text 2>/dev/null <"/proc/$1/status" || true
	[[ $text == *$'\nState:\tZ'* ]]
}

# A reusable Basic credential, for whoever tries the demo.
demo_secret() {
	local out user='' secret=''
	out=$("$INKAN_BIN/inkan" --json secret new --reusable --fleet devices \
	    --fleet windowed --fleet strict --fleet attestation) ||
	    die "no secret was made"
	[[ $out =~ \"user\":\ *\"([^\"]*)\" ]] && user=${BASH_REMATCH[1]}
	[[ $out =~ \"secret\":\ *\"([^\"]*)\" ]] && secret=${BASH_REMATCH[1]}
	[ -n "$user" ] && [ -n "$secret" ] || die "no secret was made"
	(umask 077; printf "export INKAN_USER='%s'\nexport INKAN_SECRET='%s'\n" \
	    "$user" "$secret" >>"$dir/env")
	chmod 600 "$dir/env"
	say "credential for HTTP Basic: in $dir/env"
}

# --- a device's life -------------------------------------------------------

make_csr() {	# file subject
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	    -keyout "$1.key" -subj "$2" -outform DER 2>/dev/null |
	    openssl base64 >"$1.csr"
}

est() {	# operation csr out curl-options...
	local op=$1 csr=$2 out=$3
	shift 3
	curl -sS --fail-with-body --max-time 20 --cacert "$INKAN_ROOT" "$@" \
	    -H 'Content-Type: application/pkcs10' --data-binary "@$csr" \
	    "$INKAN_EST_URL/.well-known/est/$op" -o "$out.p7" ||
	    { cat "$out.p7" >&2; return 1; }
	openssl base64 -d -A <"$out.p7" 2>/dev/null |
	    openssl pkcs7 -inform DER -print_certs |
	    openssl x509 -out "$out.pem"
	rm -f "$out.p7"
}

ocsp_says() {	# certificate
	openssl ocsp -issuer "$INKAN_ISSUER" -cert "$1" -url "$INKAN_OCSP_URL" \
	    -CAfile "$INKAN_ROOT" -verify_other "$INKAN_ISSUER" 2>&1 |
	    sed -n 's|^.*\.pem: *\([a-z]*\)$|\1|p' | head -1
}

serial_of() {
	local s
	s=$(openssl x509 -in "$1" -noout -serial) && printf '%s\n' "${s#*=}"
}
subject_of() {	# the same from every OpenSSL: CN=x
	openssl x509 -in "$1" -noout -subject | sed 's/^subject= *//; s/ = /=/g'
}
step_ok() { say "  $1"; }

enrol() {	# name
	local d=$dir/devices
	make_maker_device "$1" "$d/$1-maker"
	make_csr "$d/$1" "/CN=$1"
	est simpleenroll "$d/$1.csr" "$d/$1" --cert "$(curl_path "$d/$1-maker.pem")" \
	    --key "$d/$1-maker.key" || die "$1 was not enrolled"
	openssl verify -x509_strict -CAfile "$INKAN_ROOT" \
	    -untrusted "$INKAN_ISSUER" "$d/$1.pem" >/dev/null ||
	    die "the certificate of $1 does not verify"
	step_ok "$1 enrolled by its maker's certificate: $(subject_of "$d/$1.pem")"
}

renew() {	# name
	local d=$dir/devices
	mv "$d/$1.pem" "$d/$1-first.pem"
	mv "$d/$1.key" "$d/$1-first.key"
	make_csr "$d/$1" "/$(openssl x509 -in "$d/$1-first.pem" -noout \
	    -subject -nameopt compat | sed 's|^subject= */*||')"
	est simplereenroll "$d/$1.csr" "$d/$1" --cert "$(curl_path "$d/$1-first.pem")" \
	    --key "$d/$1-first.key" || die "$1 was not renewed"
	step_ok "$1 renewed with a new key, serial $(serial_of "$d/$1.pem")"
}

demo_life() {
	local d=$dir/devices serial said
	say "a device's life:"
	enrol demo-1
	renew demo-1
	[ "$(ocsp_says "$d/demo-1.pem")" = good ] || die "OCSP does not say good"
	step_ok "OCSP: good"
	serial=$(serial_of "$d/demo-1.pem")
	"$INKAN_BIN/inkan" revoke --serial "$serial" --reason superseded \
	    >/dev/null || die "revoking failed"
	step_ok "revoked by the operator: superseded"
	said=$(wait_for 20 revoked_seen "$d/demo-1.pem" &&
	    ocsp_says "$d/demo-1.pem") || true
	[ "$said" = revoked ] || die "OCSP says \"$said\", not revoked"
	step_ok "OCSP: revoked"
	"$INKAN_BIN/inkan" crl issue --issuer devices >/dev/null ||
	    die "no CRL was issued"
	wait_for 20 crl_has "$serial" || die "the CRL does not list $serial"
	step_ok "CRL at $INKAN_HTTP_URL/crl/devices-g1.crl lists it"
	wait_for 10 logged || die "the log does not tell of all this"
	step_ok "log: all of it in $INKAN_HTTP_URL/log/checkpoint"
	enrol demo-2
	[ "$(ocsp_says "$d/demo-2.pem")" = good ] || die "OCSP does not say good"
	step_ok "OCSP: good"
}

# As many entries as the CA has now, or more.
logged() {
	local said
	said=$(curl -fsS --max-time 5 "$INKAN_HTTP_URL/log/checkpoint" |
	    sed -n 2p)
	[ -n "$said" ] && [ -z "$("$INKAN_BIN/inkan" --json log list \
	    --from "$said" | tr -d '[] \n')" ]
}
revoked_seen() { [ "$(ocsp_says "$1")" = revoked ]; }
crl_has() {
	curl -fsS --max-time 5 "$INKAN_HTTP_URL/crl/devices-g1.crl" \
	    -o "$dir/devices-g1.crl" &&
	    openssl crl -inform DER -in "$dir/devices-g1.crl" -noout -text \
	    -CAfile "$INKAN_ISSUER" 2>/dev/null | grep -q "$1"
}
