#!/usr/bin/env bash
# Ratio 15. Server CPU of inkan-ra, inkan-ca, inkan-verifier and inkan-ocsp together
# for one attested enrolment (a nonce, then a request whose evidence is a statement
# of a TPM by a certified attestation key; facts and evidence on record), against
# one without evidence: the same profile, clients, TLS and store. Over one
# connection, and with one for each of the two requests; and for an attested
# renewal. What the client signs is not counted. The fleet knows some makers, as
# fleets do.
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/demo/tpm.sh
. "$here/scripts/demo/tpm.sh"
n=${N:-600} clients=16 makers=${MAKERS:-20}
before_ceremony() {
	local c=$T/demo/config i
	for i in $(seq "$makers"); do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		    -nodes -keyout "$T/ak.key" -out "$T/ak.pem" -days 2 \
		    -subj "/CN=Attestation keys of maker $i" 2>/dev/null
		cat "$T/ak.pem" >>"$c/fleets/ak.pem"
	done
	verifier_configure
	tpm_fleet attested device-ldevid 'formats = [ "tpm" ];
	anchors = ( { format = "tpm-ak"; anchors = "ak.pem"; } );
	require = ( { fact = "tpm.statement"; one_of = [ "certify" ]; } );'
}
before_start() {
	cat >>"$INKAN_CONFIG_DIR/ra.conf" <<-X
	max_connections = 4096;
	max_connections_per_address = 4096;
	workers = 1;
	X
	demo_start verifier
}
demo_up
port=${INKAN_EST_URL##*:}
pid_file() { cat "$INKAN_DIR/run/inkan-$1.pid"; }
verifier="$(pid_file verifier) $(pgrep -P "$(pid_file verifier)" | tr '\n' ' ')"
ours=
for pid in $(pid_file ra) $(pid_file ca) $(pid_file ocsp) $verifier; do
	pin "$server_core" "$pid"
	ours=$ours${ours:+,}$pid
done

enrol() {	# label [options...]: the line of figures
	on_client_core "$BUILD/bench/enrol" -s "127.0.0.1:$port" \
	    -r "$INKAN_ROOT" -n $n -c $clients -C "$INKAN_MFG_CA" \
	    -K "$INKAN_MFG_CA_KEY" -p "$ours" -l "$@" || die "the load failed"
}
attested() { enrol attested -A "$T/ak.pem" -B "$T/ak.key" "$@"; }
cpu_of() { awk '{print $2}' <<<"$1"; }
rate_of() { awk '{print $1}' <<<"$1"; }
# CPU microseconds of each program for each of the last $n enrolments.
ticks() { awk '{t += $14 + $15} END {print t * 10000}' $(printf '/proc/%s/stat ' "$@"); }
spent() {
	local now
	now="$(ticks $(pid_file ra)) $(ticks $(pid_file ca)) $(ticks $verifier)"
	awk -v n=$n '{printf "inkan-ra %.0f, inkan-ca %.0f, inkan-verifier %.0f",
	    ($4 - $1) / n, ($5 - $2) / n, ($6 - $3) / n}' <<<"$before $now"
	before=$now
}
note "$n enrolments by $clients clients each, TLS 1.3, P-256, X25519; anchors of $makers makers"
enrol devices >/dev/null	# all is awake
attested >/dev/null
before='0 0 0'
spent >/dev/null
for _ in $(seq "$PAIRS"); do
	p=$(enrol devices)
	spent >"$T/p"
	a=$(attested)
	spent >"$T/a"
	b=$(attested -2)
	spent >"$T/b"
	note "enrolments/s: plain $(rate_of "$p"), attested $(rate_of "$a"), over two connections $(rate_of "$b")"
	pair 15a "$(cpu_of "$a")" "$(cpu_of "$p")"
	pair 15b "$(cpu_of "$b")" "$(cpu_of "$p")"
	p=$(enrol devices -R)
	a=$(attested -R)
	spent >/dev/null
	pair 15c "$(cpu_of "$a")" "$(cpu_of "$p")"
done
for x in "p plain" "a attested" "b over two connections"; do
	note "CPU us of the last ${x#* }: $(cat "$T/${x%% *}")"
done
