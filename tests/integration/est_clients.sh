#!/usr/bin/env bash
# How clients differ: `inkan client report`, and what survives a restart.
tid="EST: clients and their shapes"
. "$(dirname "$0")/lib.sh"
need python3
demo_up
# of AGENT FACT: its count in the report
of() {
	python3 - "$T/j" "$1" "$2" <<'P'
import json, sys
for c in json.load(open(sys.argv[1])):
    if c['agent'] == sys.argv[2]:
        print(c['facts'].get(sys.argv[3], {'count': 0})['count']); break
else: print('none')
P
}
stop_one() {
	local pid
	pid=$(cat "$T/demo/run/inkan-$1.pid")
	kill -TERM "$pid"; wait_for 20 gone "$pid"
	rm -f "$T/demo/run/inkan-$1.pid"
}
report() { inkan --json client report "$@" >"$T/j"; }

new_key "$T/k"; n=0
# each as another client, with a key of its own
send() {	# AGENT FILTER [curl options]
	local agent=$1 filter=$2; shift 2
	n=$((n + 1)); new_key "$T/k$n"
	csr "$T/k$n" "/CN=shape-$n" | $filter >"$T/b"
	post simpleenroll "$T/b" -u "$(basic)" -A "$agent" "$@"
}
one_line() { base64 -w0; }
lines_64() { base64 -w64; }
lines_crlf() { base64 -w60 | sed 's/$/\r/'; }
garbage() { cat >/dev/null; echo '!!!!'; }
pem() { openssl req -inform DER; }
send plain/1 one_line; is "one line" "$code" 200
send lines/64 lines_64; is "lines of 64" "$code" 200
send lines/60 lines_crlf; is "lines of 60, CR LF" "$code" 200
send pem/1 pem -H 'Content-Transfer-Encoding: base64'; is "PEM" "$code" 200
send der/1 cat -H 'Content-Type: application/pkcs10; x=y'; is "DER" "$code" 200
send old/1 lines_64 -0; is "HTTP/1.0" "$code" 200
new_key "$T/kw"; csr "$T/kw" "/CN=wish" -addext keyUsage=keyCertSign | one_line >"$T/b"
post simpleenroll "$T/b" -u "$(basic)" -A wish/1; is "a CSR with wishes" "$code" 200
send bad/1 one_line -H 'Content-Type: text/plain'; is "another media type" "$code" 415
send bad/1 one_line -u "$INKAN_USER:wrong"; is "a wrong secret" "$code" 401
send bad/1 garbage; is "no base64" "$code" 400
# -A '' and -H Accept: say nothing of themselves, as strongSwan before 6.
n=$((n + 1)); csr "$T/k" /CN=bare | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)" -A '' -H Accept:; is "bare" "$code" 200
get cacerts -A reader/1; is "cacerts" "$code" 200

report --fleet devices
is "lines of 64 are told" "$(of lines/64 wrapped-64)" 1
is "lines of another length" "$(of lines/60 wrapped)" 1
is "CR LF" "$(of lines/60 crlf)" 1
is "PEM" "$(of pem/1 pem-armour)" 1
is "Content-Transfer-Encoding" "$(of pem/1 content-transfer-encoding)" 1
is "DER" "$(of der/1 raw-der)" 1
is "parameters of the media type" "$(of der/1 media-parameters)" 1
is "wishes that were not granted" "$(of wish/1 csr-wishes)" 1
is "HTTP/1.0" "$(of old/1 http-1.0)" 1
is "a wrong secret" "$(of bad/1 refused:secret.wrong)" 1
is "the plain one departs in nothing" "$(json "$T/j" '[f for c in d if c["agent"]=="plain/1" for f in c["facts"] if c["facts"][f].get("departs")]')" "[]"
is "bodies: the bare one needs one line" "$(json "$T/j" '[c["body_needed"] for c in d if c["agent"]==""]')" "['one-line']"
is "  the others any" "$(json "$T/j" '[c["body_needed"] for c in d if c["agent"]=="lines/64"]')" "['any']"
check_not "no address" grep -qE '127\.0\.0\.1|::1' "$T/j"
has "the log tells, too" "$(grep est.request "$T/demo/log/inkan-ra.log")" 'deviations="?wrapped,crlf'

# What inkan-ra answered itself comes when it stops, at the latest.
stop_one ra; demo_start ra
told() { report && [ "$(of bad/1 request) $(of reader/1 answer) $(of lines/64 body-one-line)" = "3 1 1" ]; }
wait_for 10 told
is "refused by the RA" "$(of bad/1 refused:media.type)" 1
is "  and base64" "$(of bad/1 refused:base64.character)" 1
is "cacerts" "$(of reader/1 answer)" 1
is "bodies given" "$(of lines/64 body-one-line)" 1
is "all requests" "$(of bad/1 request)" 3
stop_one ca; demo_start ca
report
is "it survives a restart" "$(of lines/64 request)" 1
out=$(inkan client report)
has "for people" "$out" "departs +1  wrapped-64 .*base64 in lines of 64 characters"
has "  refusals" "$out" "refused +1  media.type"

# What has been captured is explained, and changes nothing.
before=$(inkan --json cert list --all | json - 'len(d)')
explain() { inkan --json explain "$@" >"$T/j" 2>"$T/err"; }
stage() { json "$T/j" "[r['verdict']+' '+r['rule'] for r in d['stages'] if r['stage']=='$1' and r['rule'] not in ('habit','deviation')]"; }
csr "$T/k" /CN=cap-1 | lines_crlf >"$T/b"
printf 'POST /.well-known/est/simpleenroll HTTP/1.0\r\nContent-Type: application/pkcs10\r\nUser-Agent: a\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n' \
    "$(basic | base64 -w0)" "$(wc -c <"$T/b")" | cat - "$T/b" >"$T/request"
explain --request "$T/request" --fleet devices; is "a whole request: the key has a certificate" $? 1
is "  the stage that says so" "$(stage authorize)" "['refuse key.duplicate']"
new_key "$T/kk"; csr "$T/kk" /CN=cap-1 | lines_crlf >"$T/b"
sed -i '/^\r$/q' "$T/request"; cat "$T/b" >>"$T/request"
sed -i "s/^Content-Length: .*/Content-Length: $(wc -c <"$T/b")\r/" "$T/request"
explain --request "$T/request"; is "a whole request" $? 0
is "  its shape" "$(json "$T/j" "[r['field'] for r in d['stages'] if r['rule']=='deviation']")" "['wrapped', 'crlf']"
is "  all stages" "$(json "$T/j" "[r['stage'] for r in d['stages'] if r['verdict']=='pass' and r['rule']=='']")" \
    "['shape', 'authenticate', 'possess', 'authorize', 'attest', 'approve', 'build']"
check_not "  the secret is not told" grep -q "$INKAN_SECRET" "$T/j"
explain --request "$T/b" --fleet devices --user "$INKAN_USER"; is "a body" $? 0
explain --request "$T/b" --fleet devices; is "a body without a user: one is assumed" $? 0
explain --request "$T/b" --fleet devices --renew; is "a renewal without a certificate" $? 1
is "  the stage" "$(stage authenticate)" "['refuse credentials']"
explain --request "$T/b" --fleet devices --user "$INKAN_USER" --keygen; is "where no keys are made" $? 1
is "  the stage" "$(stage possess)" "['refuse keygen.off']"
sed 's/application.pkcs10/text\/plain/' "$T/request" >"$T/x"
explain --request "$T/x"; is "another media type" $? 1
is "  before all stages" "$(stage shape) $(stage approve)" "['refuse media.type'] ['skip ']"
sed 's/est/est\/nowhere/' "$T/request" >"$T/x"
explain --request "$T/x"; is "a label of nobody" $? 1
has "  it says so" "$(cat "$T/j" "$T/err")" "label"
out=$(inkan explain --request - --fleet devices --user "$INKAN_USER" <"$T/b")
has "for people, from a pipe" "$out" "shape +pass +deviation +crlf +lines end with CR LF"
after=$(inkan --json cert list --all | json - 'len(d)')
is "nothing was issued" "$after" "$before"
is "of another fleet: nothing" "$(inkan client report --fleet strict)" "no client was seen"
finish
