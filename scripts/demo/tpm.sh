# A TPM of the demo: swtpm, with a maker of its own, and the fleets that demand its
# evidence. Sourced by scripts/quickstart and tests, after lib.sh.
# shellcheck shell=bash

TPM_ARC=1.3.6.1.4.1.32473.7	# an example's: put one of yours

tpm_needs() {
	local p
	for p in swtpm swtpm_setup swtpm_localca; do
		command -v $p >/dev/null || { echo "needs $p"; return 1; }
	done
	/usr/bin/python3 -c 'import tpm2_pytss' 2>/dev/null ||
	    { echo "needs python3-tpm2-pytss"; return 1; }
}

tpm_make() {	# folder
	local s=$1
	mkdir -p "$s/ca"
	printf 'statedir = %s/ca\nsigningkey = %s/ca/key.pem\nissuercert = %s/ca/issuer.pem\ncertserial = %s/ca/serial\n' \
	    "$s" "$s" "$s" "$s" >"$s/localca.conf"
	printf -- '--platform-manufacturer Inkan\n--platform-version 1\n--platform-model test\n' >"$s/options"
	printf 'create_certs_tool = %s\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/options\n' \
	    "$(command -v swtpm_localca)" "$s" "$s" >"$s/setup.conf"
	swtpm_setup --tpm2 --tpmstate "$s" --create-ek-cert --ecc --overwrite \
	    --config "$s/setup.conf" --pcr-banks sha256 >"$s/log" 2>&1 ||
	    die "swtpm_setup: $(tail -n 3 "$s/log")"
}
tpm_start() {	# folder [socket]: $1/sock if it is not told
	local sock=${2:-$1/sock}
	nohup setsid swtpm socket --tpm2 --tpmstate dir="$1" \
	    --flags not-need-init,startup-clear \
	    --server type=unixio,path="$sock" \
	    --ctrl type=unixio,path="$sock.ctrl" \
	    </dev/null >"$1/swtpm.log" 2>&1 &
	echo $! >"$1/pid"
	wait_for 10 test -S "$sock" || die "swtpm does not start"
}
tpm_runs() {	# folder; a number may be another's by now
	[ -f "$1/pid" ] &&
	    grep -q "^swtpm" "/proc/$(cat "$1/pid")/cmdline" 2>/dev/null
}
tpm_stop() {	# folder
	if tpm_runs "$1"; then kill "$(cat "$1/pid")" 2>/dev/null || true; fi
	rm -f "$1/pid"
}

tpm_fleet() {	# name profile attest
	local to=$dir/config/fleets/$1.conf
	sed -e "s/^name = .*/name = \"$1\";/" -e "s/^label = .*/label = \"$1\";/" \
	    -e "s/^profile = .*/profile = \"$2\";/" -e '/^default = /d' \
	    -e '/^attest = /d' "$dir/config/fleets/devices.conf" >"$to"
	printf 'attest: { %s };\n' "$3" >>"$to"
}

# Of a demo that is made and has had no ceremony: the verifier; with anchors and two
# fleets for its TPM.
verifier_configure() {
	local c=$dir/config sock
	sock=$(conf_path "$INKAN_SOCKET_DIR/verifier.sock")
	printf 'socket = "%s";\ntime_limit = "2s";\n' "$sock" >"$c/verifier.conf"
	printf 'verifier: { socket = "%s"; time_limit = "4s"; arc = "%s"; };\n' \
	    "$sock" "$TPM_ARC" >>"$c/ca.conf"
}
tpm_configure() {	# folder of the TPM
	local c=$dir/config
	verifier_configure
	cp "$1/ca/swtpm-localca-rootca-cert.pem" "$c/fleets/ek.pem"
	printf 'tpm: { classes = [ "discrete", "firmware", "virtual", "unknown" ]; };\n' \
	    >"$c/fleets/tpm.attest"
	tpm_fleet tpm-ak tpm-ak 'formats = [ "tpm" ]; activation = true;
	facts = [ "tpm.ek.certificate" ];
	anchors = ( { format = "tpm-ek"; anchors = "ek.pem"; } );
	references = "tpm.attest"; nonce_lifetime = "60s";'
	tpm_fleet tpm-key device-ldevid 'formats = [ "tpm" ]; activation = true;
	anchors = ( { format = "tpm-ek"; anchors = "ek.pem"; } );
	own_keys = [ "tpm-ak" ]; references = "tpm.attest";
	require = ( { fact = "tpm.class";
	    one_of = [ "virtual", "firmware", "unknown" ]; } );
	on_unavailable = "park";'
}

tpm_enroll() {	# what name options...: what lives in the demo's TPM
	local what=$1 name=$2; shift 2
	"$here/scripts/enroll-tpm" "$what" --url "$INKAN_EST_URL" \
	    --label "tpm-$what" --cacert "$INKAN_ROOT" \
	    --user "@$dir/devices/tpm/user" --name "$name" \
	    --tcti "swtpm:path=$INKAN_SOCKET_DIR/tpm.sock" \
	    --ek-chain "$dir/tpm/ca/issuer.pem" --arc "$TPM_ARC" \
	    --folder "$dir/devices/tpm" "$@" >/dev/null
}

tpm_env() {	# name value: for whoever tries the demo
	local quote="'\''"
	printf "export %s='%s'\n" "$1" "${2//\'/"$quote"}" >>"$dir/env"
}

tpm_life() {
	local out
	mkdir -p "$dir/devices/tpm"
	out=$("$INKAN_BIN/inkan" --json secret new --reusable --fleet tpm-ak \
	    --fleet tpm-key) || die "no secret was made"
	(umask 077; printf '%s:%s\n' "$(printf '%s' "$out" |
	    sed -n 's/.*"user": *"\([^"]*\)".*/\1/p')" "$(printf '%s' "$out" |
	    sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p')" \
	    >"$dir/devices/tpm/user")
	tpm_env INKAN_TPM_TCTI "swtpm:path=$INKAN_SOCKET_DIR/tpm.sock"
	tpm_env INKAN_TPM_USER "@$dir/devices/tpm/user"
	tpm_env INKAN_TPM_FOLDER "$dir/devices/tpm"
	tpm_env INKAN_TPM_CHAIN "$dir/tpm/ca/issuer.pem"
	tpm_env INKAN_TPM_ARC "$TPM_ARC"
	say "a device with a TPM:"
	tpm_enroll ak gateway-1 || die "the attestation key was not enrolled"
	step_ok "attestation key: shown to live in the TPM by its endorsement key"
	tpm_enroll key gateway-1 --ak-cert "$dir/devices/tpm/ak.pem" ||
	    die "the TPM's key was not enrolled"
	step_ok "device key: made in that TPM, certified by its attestation key"
	"$INKAN_BIN/inkan" evidence show \
	    "$(serial_of "$dir/devices/tpm/key.pem")" | sed 's/^/    /'
}
