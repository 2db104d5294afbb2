#!/usr/bin/env bash
# Our own services renew their certificates through svc.sock, without a restart.
tid="services renew their own certificates"
. "$(dirname "$0")/lib.sh"
# Certificates with half a minute to live: due at once, again and again.
before_ceremony() {
	sed -i -E 's/^validity: .*/validity: { duration = "100s"; backdate = "60s"; };/' \
	    "$T/demo/config/profiles/est-server.conf" \
	    "$T/demo/config/profiles/ocsp-responder.conf"
}
demo_up
port=${INKAN_EST_URL##*:}
served() { openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
delegate() {
	openssl ocsp -issuer "$INKAN_ISSUER" -cert "$T/demo/certs/est.pem" -url "$INKAN_OCSP_URL" \
	    -respout "$T/r.der" -noverify >/dev/null 2>&1
	openssl ocsp -respin "$T/r.der" -noverify -text 2>/dev/null | sed -n '/Certificate:/,$p' |
	    sed -n 's/^ *Serial Number://;T;n;s/ //gp' | head -1
}
est0=$(cd "$T/demo/certs" && serial_of est.pem)
ocsp0=$(serial_of "$T/demo/certs/ocsp-devices-g1.pem")
est_new() { s=$(served | sed 's/.*=//'); [ -n "$s" ] && [ "$s" != "$est0" ]; }
ocsp_new() { [ "$(serial_of "$T/demo/certs/ocsp-devices-g1.pem")" != "$ocsp0" ]; }
check "the EST server shows a new certificate" wait_for 45 est_new
check "the responder has a new one" wait_for 45 ocsp_new
pids=$(cat "$T"/demo/run/*.pid | tr '\n' ' ')
sleep 45	# the first ones have run out by now
get cacerts; is "EST answers still" "$code" 200
is "OCSP answers still" "$(ocsp_says "$T/demo/certs/ocsp-devices-g1.pem")" good
is "nobody was restarted" "$(cat "$T"/demo/run/*.pid | tr '\n' ' ')" "$pids"
# shellcheck disable=SC2086
check "and all live" kill -0 $pids
has "on record" "$(inkan cert list --profile est-server)" "est-server"
has "who asked" "$(inkan --json cert list --profile ocsp-responder)" "svc:uid"
new_key "$T/k"; csr "$T/k" /CN=x >"$T/csr"
finish
