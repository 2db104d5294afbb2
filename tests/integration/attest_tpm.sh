#!/usr/bin/env bash
# Attested enrolment with a TPM that runs (swtpm): an attestation key by its
# endorsement key, a device's key by that; and what is no evidence.
. "$(dirname "$0")/lib.sh"
tid="attested enrolment with a TPM"
# shellcheck source=scripts/demo/tpm.sh
. "$here/scripts/demo/tpm.sh"
tpm_needs >"$T/needs" || skip "$(cat "$T/needs")"

more_cleanup=stop_tpm
stop_tpm() { tpm_stop "$T/tpm1"; }
before_ceremony() {
	local f
	tpm_make "$T/tpm1"
	tpm_configure "$T/tpm1"
	# Each request shall be judged, and none be taken for a repetition.
	for f in tpm-ak tpm-key; do
		echo 'retry_window = "0s";' >>"$T/demo/config/fleets/$f.conf"
	done
}
before_start() { demo_start verifier; }
verifier() { cat "$INKAN_DIR/run/inkan-verifier.pid"; }
workers() { pgrep -P "$(verifier)"; }

demo_up
tpm_start "$T/tpm1"
out=$("$INKAN_BIN/inkan" --json secret new --reusable --fleet tpm-ak --fleet tpm-key)
INKAN_USER=$(json - 'd["user"]' <<<"$out")
INKAN_SECRET=$(json - 'd["secret"]' <<<"$out")
basic >"$T/user"
mkdir -p "$T/dev"
enroll() {	# what name options...
	local what=$1 name=$2; shift 2
	"$here/scripts/enroll-tpm" "$what" --url "$INKAN_EST_URL" \
	    --label "tpm-$what" --cacert "$INKAN_ROOT" --user "@$T/user" \
	    --name "$name" --tcti "swtpm:path=$T/tpm1/sock" \
	    --ek-chain "$T/tpm1/ca/issuer.pem" --arc "$TPM_ARC" \
	    --folder "$T/dev" "$@"
}

# refused WHAT CODE RULE command...
refused() {
	local what=$1 code=$2 rule=$3; shift 3
	out=$("$@" 2>&1)
	has "$what" "$out" "^enroll-tpm: (nonce: )?$code attest: $rule"
}
send() { enroll key gw-1 --send "$@"; }
csr_only() { enroll key gw-1 --csr-only "$@"; }

# --- accepted --------------------------------------------------------------

check "a request of one fleet" enroll ak gw-1 --csr-only "$T/ak.csr"
refused "a nonce of another fleet" 403 attest.nonce-fleet \
    send "$T/ak.csr"
check "the attestation key is enrolled by its endorsement key" enroll ak gw-1
has "its certificate says what it is for" \
    "$(openssl x509 -in "$T/dev/ak.pem" -noout -text)" '2\.23\.133\.8\.3|Attestation Identity Key'
mkdir "$T/dev-plain"
refused "a plain key of the TPM is none" 403 attest.claim \
    enroll key gw-1 --activate --label tpm-ak --folder "$T/dev-plain"
check "a device's key, by that attestation key" \
    enroll key gw-1 --ak-cert "$T/dev/ak.pem"
check "its chain" verifies "$T/dev/key.pem"
check "a device's key, by the endorsement key" enroll key gw-1 --activate
check "the log has what was shown" sh -c \
    "inkan --json log list | grep -q attest.accepted"

# --- the dialogue ----------------------------------------------------------

refused "no evidence" 403 attest.missing sh -c "
    openssl req -new -key '$T/demo/maker/ca.key' -subj /CN=gw-1 -outform DER \\
        -out '$T/plain.csr'; $(declare -f basic enroll); here='$here' T='$T'
    INKAN_USER='$INKAN_USER' INKAN_SECRET='$INKAN_SECRET' TPM_ARC=$TPM_ARC
    INKAN_EST_URL='$INKAN_EST_URL' INKAN_ROOT='$INKAN_ROOT'
    enroll key gw-1 --send '$T/plain.csr'"
check "evidence for later" csr_only "$T/a.csr" --ak-cert "$T/dev/ak.pem"
cp "$T/dev/session" "$T/jar-a"
check "the same request, once" send "$T/a.csr" --jar "$T/jar-a"
check "and again: it is the same evidence" send "$T/a.csr" --jar "$T/jar-a"
check "other evidence" csr_only "$T/b.csr" --ak-cert "$T/dev/ak.pem"
refused "a nonce used twice" 403 attest.nonce-used \
    send "$T/b.csr" --jar "$T/jar-a"
check "its own nonce is unharmed" send "$T/b.csr"
check "evidence" csr_only "$T/c.csr" --ak-cert "$T/dev/ak.pem"
check "and its session" cp "$T/dev/session" "$T/jar-c"
check "of another device" csr_only "$T/d.csr" --ak-cert "$T/dev/ak.pem"
refused "old evidence, a fresh nonce" 403 attest.tpm.nonce send "$T/c.csr"
refused "and that nonce is burnt" 403 attest.nonce-used send "$T/d.csr"
: >"$T/jar-none"
refused "no session" 403 attest.session send "$T/c.csr" --jar "$T/jar-none"
sed 's/[0-9A-F]\{60\}$/000000000000000000000000000000000000000000000000000000000000/' \
    "$T/jar-c" >"$T/jar-x"
refused "a session that was never given" 403 attest.nonce-unknown \
    send "$T/c.csr" --jar "$T/jar-x"
get tpm-key/nonce
is "a nonce by GET" "$code" 200
has "it is told as the draft wants it" "$(cat "$head" "$body")" \
    'application/est-attestation-freshness\+json'
get nonce
is "no evidence is asked: an empty nonce" "$(cat "$body")" '{"nonce":""}'
echo '{"len":1}' >"$T/bad"
post tpm-key/nonce "$T/bad" -H 'Content-Type: application/est-attestation-freshness+json'
is "a request that is none" "$code" 400
echo '{"reqTypeInfo":{"type":"1.2.3"}}' >"$T/bad"
post tpm-key/nonce "$T/bad" -H 'Content-Type: application/est-attestation-freshness+json'
has "a type that nobody knows" "$code $(reason)" '^400 attest: attest.request-type'

# --- keys ------------------------------------------------------------------

# Another key in the TPM, the statement about the first: the client says whose.
mkdir "$T/dev-k" "$T/dev-p384"
cat >"$T/swap.py" <<'P'
import sys, importlib.machinery, importlib.util
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("client", sys.argv.pop(1))
client = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("client", loader))
loader.exec_module(client)
folder, make = sys.argv.pop(1), client.make_csr
def swap(tpm, args, handle, pub, evidence):
    tpm.flush(handle)
    return make(tpm, args, *tpm.key(folder), evidence)
client.make_csr = swap
sys.exit(client.main())
P
swapped() {
	/usr/bin/python3 "$T/swap.py" "$here/scripts/enroll-tpm" "$T/dev-k" key \
	    --url "$INKAN_EST_URL" --label tpm-key --cacert "$INKAN_ROOT" \
	    --user "$(basic)" --name gw-1 --tcti "swtpm:path=$T/tpm1/sock" \
	    --folder "$T/dev" "$@"
}
check "evidence of one key, the request of another" \
    swapped --ak-cert "$T/dev/ak.pem" --csr-only "$T/k.csr"
refused "is found out" 403 attest.tpm.csr-key send "$T/k.csr"
check "evidence by a key that was not certified" \
    csr_only "$T/n.csr" --ak-cert "$INKAN_ISSUER"
refused "is worth nothing" 403 attest.tpm send "$T/n.csr"
check "an endorsement key on P-384" enroll key gw-p384 --activate --ek p384 \
    --folder "$T/dev-p384"

check "evidence that nobody sends" \
    csr_only "$T/n0.csr" --ak-cert "$T/dev/ak.pem"

# --- looked at again -------------------------------------------------------

serial=$(serial "$T/dev/key.pem")
out=$(inkan evidence show "$serial")
has "what was shown for a certificate" "$out" accepted
has "in words" "$out" 'tpm\.'
has "what was refused, by its request" "$(inkan evidence show "$T/k.csr")" refused
out=$(inkan evidence check "$T/dev/key.csr" --fleet tpm-key)
has "judged again" "$out" accepted
has "a request that is not on record" \
    "$(inkan evidence check "$T/n0.csr" --fleet tpm-key 2>&1)" nonce
out=$(inkan --json evidence replay --fleet tpm-key --last 100)
is "the same policy decides the same" \
    "$(json - 'd["differ"]' <<<"$out")" 0
sed -i 's/ "virtual",//' "$T/demo/config/fleets/tpm.attest"
sed -i 's/ one_of = .*/ one_of = [ "discrete" ]; } );/' \
    "$T/demo/config/fleets/tpm-key.conf"
check "a stricter policy" inkan policy activate
has "would have refused it" \
    "$(inkan evidence check "$T/dev/key.csr" --fleet tpm-key)" attest.require
out=$(inkan --json evidence replay --fleet tpm-key --last 100)
has "and others" "$(json - 'd["differ"]' <<<"$out")" '^[1-9]'

# --- which software --------------------------------------------------------

quoted() { enroll key gw-1 --ak-cert "$T/dev/ak.pem" --quote "$1"; }
state() { enroll state "$1" --quote sha256:0,1,7; }
states() {	# states, names: what the fleet knows, and what it asks for
	sed -i "s/ states = .*/ };/; s/ };$/ states = ( ${1//$'\n'/} ); };/" \
	    "$T/demo/config/fleets/tpm.attest"
	sed -i "s/fact = \".*\"/fact = \"tpm.pcrs\"/
	    s/one_of = .*/one_of = [ $2 ]; } );/" "$fleet"
	inkan policy activate
}
fleet=$T/demo/config/fleets/tpm-key.conf
sed -i 's/"firmware",/& "virtual",/' "$T/demo/config/fleets/tpm.attest"
golden=$(state golden)
check "the fleet asks for a state of the machine" states "$golden" '"golden"'
refused "no quote" 403 'attest.require: .*\[tpm\.pcrs\]' \
    enroll key gw-1 --ak-cert "$T/dev/ak.pem"
check "a quote over the PCRs of that state" quoted sha256:0,1,7
has "is on record by the state's name" \
    "$(inkan evidence show "$(serial "$T/dev/key.pem")")" 'tpm\.pcrs.*golden'
check "with an attestation key that was activated, too" \
    enroll key gw-1 --activate --quote sha256:0,1,7
refused "a quote over other PCRs" 403 attest.tpm.pcr-select quoted sha256:0,7
check "other software is started" tpm2_pcrextend -T "swtpm:path=$T/tpm1/sock" \
    "7:sha256=$(printf %064d 1)"
refused "which the quote shows" 403 attest.tpm.pcrs quoted sha256:0,1,7
check "the owner knows that state as well" \
    states "$golden, $(state newer)" '"golden", "newer"'
check "and it is accepted" quoted sha256:0,1,7
sed -i 's/fact = ".*"/fact = "tpm.class"/
    s/one_of = .*/one_of = [ "virtual", "firmware", "unknown" ]; } );/' "$fleet"
check "and back" inkan policy activate

# --- the verifier away -----------------------------------------------------

check "evidence before a restart of everything" \
    csr_only "$T/r.csr" --ak-cert "$T/dev/ak.pem"
demo_stop
demo_start ca ra ocsp
out=$(send "$T/r.csr"); is "no verifier: come again" "$?" 3
refused "and no endorsement key is judged" 503 attest.unavailable enroll ak gw-1
demo_start verifier
check "the same request, and the verifier is back" send "$T/r.csr"
kill -STOP $(workers) $(verifier)
check "evidence for one that hangs" csr_only "$T/h.csr" --ak-cert "$T/dev/ak.pem"
out=$(send "$T/h.csr"); is "it hangs: come again" "$?" 3
kill -CONT $(workers) $(verifier)
check "it goes on" send "$T/h.csr"
for p in $(workers); do
	[ -z "${SAN:-}" ] || break # no filter with a sanitizer
	is "each worker is filtered" "$(grep -E '^(NoNewPrivs|Seccomp):' "/proc/$p/status" | tr -d '\t\n')" "NoNewPrivs:1Seccomp:2"
done
kill -KILL $(workers)
check "its workers were killed: others took their place" \
    enroll key gw-1 --ak-cert "$T/dev/ak.pem"
finish
