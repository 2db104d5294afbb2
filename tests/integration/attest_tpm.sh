#!/usr/bin/env bash
# Attested enrolment with a TPM that runs (swtpm): an attestation key by its
# endorsement key, a device's key by that; and what is no evidence.
. "$(dirname "$0")/lib.sh"
tid="attested enrolment with a TPM"
need swtpm
need swtpm_setup
need swtpm_localca
/usr/bin/python3 -c 'import tpm2_pytss' 2>/dev/null || skip "needs python3-tpm2-pytss"
ARC=1.3.6.1.4.1.32473.7

# --- a TPM, with a maker of its own ----------------------------------------

tpm_make() {	# folder
	local s=$1
	mkdir -p "$s/ca"
	printf 'statedir = %s/ca\nsigningkey = %s/ca/key.pem\nissuercert = %s/ca/issuer.pem\ncertserial = %s/ca/serial\n' \
	    "$s" "$s" "$s" "$s" >"$s/localca.conf"
	printf -- '--platform-manufacturer Inkan\n--platform-version 1\n--platform-model test\n' >"$s/options"
	printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/options\n' \
	    "$(command -v swtpm_localca)" "$s" "$s" >"$s/setup.conf"
	swtpm_setup --tpm2 --tpmstate "$s" --create-ek-cert --overwrite \
	    --config "$s/setup.conf" --pcr-banks sha256 >"$s/log" 2>&1 ||
	    die "swtpm_setup: $(tail -3 "$s/log")"
}
tpm_start() {	# folder: its socket is $1/sock
	swtpm socket --tpm2 --tpmstate dir="$1" --flags not-need-init,startup-clear \
	    --server type=unixio,path="$1/sock" --ctrl type=unixio,path="$1/sock.ctrl" \
	    >"$1/swtpm.log" 2>&1 &
	echo $! >>"$T/pids"
	wait_for 10 test -S "$1/sock" || die "swtpm does not start"
}
more_cleanup=stop_tpms
stop_tpms() {
	local p
	[ -f "$T/pids" ] || return 0
	while read -r p; do kill "$p"; done <"$T/pids" 2>/dev/null
}

# --- the house -------------------------------------------------------------

verifier_start() {
	"$INKAN_BIN/inkan-verifier" -c "$T/demo/config/verifier.conf" \
	    >>"$T/demo/log/inkan-verifier.log" 2>&1 &
	verifier=$!
	echo $verifier >>"$T/pids"
	wait_for 10 test -S "$INKAN_SOCKET_DIR/verifier.sock"
}
before_ceremony() {
	local c=$T/demo/config
	tpm_make "$T/tpm1"
	cat "$T"/tpm1/ca/swtpm-localca-rootca-cert.pem >"$c/fleets/ek.pem"
	printf 'socket = "%s/verifier.sock";\ntime_limit = "2s";\n' \
	    "$INKAN_SOCKET_DIR" >"$c/verifier.conf"
	printf 'verifier: { socket = "%s/verifier.sock"; time_limit = "4s"; arc = "%s"; };\n' \
	    "$INKAN_SOCKET_DIR" "$ARC" >>"$c/ca.conf"
	printf 'tpm: { classes = [ "discrete", "firmware", "virtual", "unknown" ]; };\n' \
	    >"$c/fleets/tpm.attest"
	fleet tpm-ak tpm-lak 'formats = [ "tpm" ]; activation = true;
	anchors = ( { format = "tpm-ek"; anchors = "ek.pem"; } );
	references = "tpm.attest"; nonce_lifetime = "60s";'
	fleet tpm-key device-ldevid 'formats = [ "tpm" ]; activation = true;
	anchors = ( { format = "tpm-ek"; anchors = "ek.pem"; } );
	own_keys = [ "tpm-lak" ]; references = "tpm.attest";
	on_unavailable = "park";'
}
fleet() {	# name profile attest
	sed -e "s/^name = .*/name = \"$1\";/" -e "s/^label = .*/label = \"$1\";/" \
	    -e "s/^profile = .*/profile = \"$2\";/" -e '/^default = /d' \
	    "$T/demo/config/fleets/devices.conf" | grep -v '^attest = ' \
	    >"$T/demo/config/fleets/$1.conf"
	printf 'attest: { %s };\n' "$3" >>"$T/demo/config/fleets/$1.conf"
}
before_start() { verifier_start; }

demo_up
tpm_start "$T/tpm1"
INKAN_USER=tpm-demo
out=$("$INKAN_BIN/inkan" --json secret new --reusable --fleet tpm-ak --fleet tpm-key)
INKAN_USER=$(json <(printf %s "$out") 'd["user"]')
INKAN_SECRET=$(json <(printf %s "$out") 'd["secret"]')
mkdir -p "$T/dev"
enroll() {	# what name options...
	local what=$1 name=$2; shift 2
	"$here/scripts/enroll-tpm" "$what" --url "$INKAN_EST_URL" \
	    --label "tpm-$what" --cacert "$INKAN_ROOT" --user "$(basic)" \
	    --name "$name" --tcti "swtpm:path=$T/tpm1/sock" \
	    --ek-chain "$T/tpm1/ca/issuer.pem" --arc "$ARC" \
	    --folder "$T/dev" "$@"
}

check "the attestation key is enrolled by its endorsement key" enroll ak gw-1
finish
