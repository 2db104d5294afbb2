#!/usr/bin/env bash
# The README's first command, as a new user runs it.
tid="quickstart: set up, run, refuse to run twice, stop, start, replace"
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/demo/tpm.sh
. "$here/scripts/demo/tpm.sh"
[ -z "${SAN:-}" ] || skip "the sanitized build has its own programs"
port=$(free_port)
qs() { "$here/scripts/quickstart" "$@"; }

out=$(qs --dir "$T/demo" --port "$port" --keep 2>&1); rc=$?
is "quickstart --keep" $rc 0
[ $rc = 0 ] || printf '%s\n' "$out"
check "at most 40 lines" test "$(printf '%s\n' "$out" | wc -l)" -le 40
has "it shows the revocation" "$out" "OCSP: revoked"
. "$T/demo/env"
for v in INKAN_ROOT INKAN_CHAIN INKAN_ISSUER INKAN_ATTEST_ISSUER \
    INKAN_CODE_ISSUER INKAN_MFG_CERT INKAN_MFG_KEY INKAN_MFG_CA \
    INKAN_MFG_CA_KEY INKAN_DEVICE_CERT INKAN_DEVICE_KEY INKAN_REVOKED_CERT \
    INKAN_PKCS11_MODULE INKAN_SOFTHSM2_CONF INKAN_TOKEN_PIN_FILE INKAN_STORE \
    INKAN_STATUS_DB; do
	check "$v is a file" test -f "${!v}"
done
for f in ca ra ocsp; do
	check "run/inkan-$f.pid" kill -0 "$(cat "$T/demo/run/inkan-$f.pid")"
	check "$f.conf" test -f "$INKAN_CONFIG_DIR/$f.conf"
done
has "secret in env" "$INKAN_USER:$INKAN_SECRET" '^.+:.{20,}$'

out=$(qs --dir "$T/demo" --port "$port" 2>&1); is "running: exit 1" $? 1
has "and the stop command" "$out" "scripts/quickstart --stop --dir"
check "--stop" qs --stop --dir "$T/demo"
check_not "inkan-ca has gone" kill -0 "$(cat "$T/demo/run/inkan-ca.pid" 2>/dev/null || echo 999999)"
check "the folder is kept" test -f "$INKAN_STORE"
check "--start ca" qs --start --dir "$T/demo" ca
check "inkan works" "$INKAN_BIN/inkan" cert list
check "--start the rest" qs --start --dir "$T/demo"
kill -TERM "$(cat "$T/demo/run/inkan-ca.pid")"
check "inkan-ca has ended" wait_for 20 gone "$(cat "$T/demo/run/inkan-ca.pid")"
check "--start ca beside the others" qs --start --dir "$T/demo" ca
check "and EST works at once" curl -fsS --cacert "$INKAN_ROOT" \
    "$INKAN_EST_URL/.well-known/est/cacerts"
check "--stop" qs --stop --dir "$T/demo"
check "--start ra alone" qs --start --dir "$T/demo" ra
check "--start all" qs --start --dir "$T/demo"
check "--stop, again" qs --stop --dir "$T/demo"
mv "$T/demo" "$T/moved"
has "a demo that was moved says so" "$(qs --start --dir "$T/moved" 2>&1)" "was made as .*/demo and works there only"
mv "$T/moved" "$T/demo"
chmod 644 "$INKAN_TOKEN_PIN_FILE"; start=$SECONDS
out=$(qs --start --dir "$T/demo" ca 2>&1); is "--start of what cannot: exit 1" $? 1
check "without waiting its 20 s for an answer" test $((SECONDS - start)) -lt 20
has "and why" "$out" "too wide"
chmod 600 "$INKAN_TOKEN_PIN_FILE"
check "--start after the cure" qs --start --dir "$T/demo"
check "EST answers" wait_for 10 ready_ra
check "--stop again" qs --stop --dir "$T/demo"
mkdir "$T/foreign" && touch "$T/foreign/file"
out=$(qs --dir "$T/foreign" --port "$port" 2>&1); is "a foreign folder: exit 1" $? 1
check "is left alone" test -f "$T/foreign/file"
qs --port 0 >/dev/null 2>&1; is "bad port: usage" $? 2
echo "export PS1='x'" >"$T/foreign/env"
qs --dir "$T/foreign" --port "$port" >/dev/null 2>&1; is "an env that is not ours: exit 1" $? 1
check "is left alone, too" test -f "$T/foreign/file"
qs --dir "$T/hash#tag" --port "$port" >/dev/null 2>&1; is "a # that SoftHSM cannot read: exit 1" $? 1
check_not "and nothing is made" test -e "$T/hash#tag"

# Names that shells, sed and curl read as their own; a relative one; one too
# long for a socket; two demos at once.
odd="$T/it's a \"b\\c\$d\`e;f%h(i):j&k|l "
qs --dir "$odd" --port "$port" >"$T/q1" 2>&1 &
one=$!
long=$T/$(printf 'l%.0s' $(seq 120))
stop_long() { qs --stop --dir "$long" >/dev/null 2>&1; }
more_cleanup=stop_long
port2=$(free_port)
until [ "$port2" != "$port" ]; do port2=$(free_port); done
tpm=
if tpm_needs >/dev/null; then tpm=--tpm; fi
(cd "$T" && qs --dir "${long##*/}" --port "$port2" --keep $tpm >"$T/q2" 2>&1)
is "a relative, long --dir" $? 0
if [ -n "$tpm" ]; then
	has "--tpm shows a key in a TPM" "$(cat "$T/q2")" 'tpm\.key\.name'
	check "and its TPM stays" tpm_runs "$long/tpm"
fi
wait $one; is "an odd --dir, at once" $? 0
(. "$odd/env" && [ "$INKAN_DIR" = "$odd" ]); is "its env" $? 0
(. "$long/env" && "$INKAN_BIN/inkan" status --check) >"$T/o" 2>&1
is "the long one works by its env" $? 0
qs --dir "$T/demo" --port "$port2" >/dev/null 2>&1; is "a port in use: exit 1" $? 1
check "the old demo is still there" test -f "$INKAN_STORE"
check "--stop the long one" qs --stop --dir "$long"
check_not "no TPM is left" tpm_runs "$long/tpm"
check "a stopped demo is replaced" qs --dir "$long" --port "$port2"
finish
