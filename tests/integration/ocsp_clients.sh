#!/usr/bin/env bash
# Other people's OCSP clients and stapling servers. Each that is not here is
# passed over; scripts/deps --servers installs nginx, apache2 and haproxy.
tid="OCSP clients"
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
tried=0
here_is() {
	if command -v "$1" >/dev/null; then tried=$((tried + 1)); return 0; fi
	trace "no $1 here: passed over"; return 1
}
pids=
more_cleanup() {
	local p
	for p in $pids; do kill "$p" 2>/dev/null; done
	for p in "$T"/*.pid; do [ ! -s "$p" ] || kill "$(cat "$p")" 2>/dev/null; done
}
more_cleanup=more_cleanup
# Answers by both hashes, as is the rule: what clients have most to swallow.
demo_up
S=$T/tls; mkdir "$S"
tls_cert() {	# NAME: $S/NAME.pem (chain and key), for localhost
	new_key "$S/$1.key"
	openssl req -new -key "$S/$1.key" -subj "/CN=localhost" \
	    -addext subjectAltName=DNS:localhost -out "$S/$1.csr"
	inkan issue --profile tls-server --csr "$S/$1.csr" --out "$S/$1.crt" >"$T/out" 2>&1 || cat "$T/out"
	cat "$S/$1.crt" "$INKAN_ISSUER" "$S/$1.key" >"$S/$1.pem"
}
tls_cert good; tls_cert bad
cat "$INKAN_ISSUER" "$INKAN_ROOT" >"$S/ca.pem"
inkan revoke --serial "$(serial "$S/bad.crt")" --reason keyCompromise >/dev/null; sleep 1

if here_is openssl; then
	ask() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" "$@" 2>&1; }
	has "openssl ocsp: good, with a nonce" "$(ask -cert "$S/good.crt")" "good.crt: good"
	out=$(ask -sha256 -cert "$S/bad.crt" -no_nonce)
	has "  revoked, by SHA-256" "$out" "bad.crt: revoked"; has "  why" "$out" "keyCompromise"
	is "  by both hashes at once" "$(ask -sha256 -cert "$S/bad.crt" -no_nonce -resp_text | grep -c 'Hash Algorithm: sha')" 2
fi
if here_is ocsptool; then
	tool() { timeout 20 ocsptool --ask="$INKAN_OCSP_URL" --load-issuer "$INKAN_ISSUER" --load-trust "$INKAN_ISSUER" "$@" 2>&1; }
	has "ocsptool: good" "$(tool --load-cert "$S/good.crt")" "Status: good"
	has "  revoked, with a nonce of 23 octets" "$(tool --nonce --load-cert "$S/bad.crt")" "Status: revoked"
fi
if here_is pki; then
	swan() { timeout 20 pki --verify --in "$S/$1.crt" --cacert "$INKAN_ROOT" --ca "$INKAN_ISSUER" --online 2>&1; }
	has "strongSwan pki: good" "$(swan good)" "certificate status is good"
	has "  revoked" "$(swan bad)" "revoked"
fi

# TLS servers that staple, and curl that wants a staple.
stapled() {	# PORT [curl options]: the first handshakes may be without
	local i port=$1; shift
	for i in {1..20}; do
		timeout 10 curl -sS --cert-status --cacert "$INKAN_ROOT" \
		    "https://localhost:$port/" "$@" >"$T/said" 2>&1 && return 0
		sleep 0.5
	done
	cat "$T/said"; return 1
}
revoked_staple() {	# PORT: curl must see it, and say so
	local i
	for i in {1..20}; do
		timeout 10 curl -sS --cert-status --cacert "$INKAN_ROOT" \
		    "https://localhost:$1/" >"$T/said" 2>&1
		grep -qi "revo" "$T/said" && return 0
		sleep 0.5
	done
	cat "$T/said"; return 1
}
staple_file() { inkan-ocsp -c "$T/demo/config/ocsp.conf" --staple "$S/$1.pem" --out "$S/$1.pem.ocsp" 2>"$T/s.log"; }
staple_file good; staple_file bad
can_status=; curl -V | grep -qi openssl && can_status=y

if here_is nginx && [ -n "$can_status" ]; then
	p=$(free_port); q=$(free_port)
	cat >"$T/nginx.conf" <<-END
	$([ "$(id -u)" != 0 ] || echo 'user root;')
	pid $T/nginx.pid; error_log $T/nginx.err; events { }
	http {
	access_log off;
	client_body_temp_path $T/ngx1; proxy_temp_path $T/ngx2; fastcgi_temp_path $T/ngx3;
	uwsgi_temp_path $T/ngx4; scgi_temp_path $T/ngx5;
	ssl_stapling on; ssl_trusted_certificate $S/ca.pem;
	server { listen 127.0.0.1:$p ssl; ssl_certificate $S/good.pem; ssl_certificate_key $S/good.key; ssl_stapling_verify on; return 200; }
	server { listen 127.0.0.1:$((p + 1)) ssl; ssl_certificate $S/bad.pem; ssl_certificate_key $S/bad.key; return 200; }
	server { listen 127.0.0.1:$q ssl; ssl_certificate $S/good.pem; ssl_certificate_key $S/good.key; ssl_stapling_file $S/good.pem.ocsp; return 200; }
	server { listen 127.0.0.1:$((q + 1)) ssl; ssl_certificate $S/bad.pem; ssl_certificate_key $S/bad.key; ssl_stapling_file $S/bad.pem.ocsp; return 200; }
	}
	END
	check "nginx" nginx -e "$T/nginx.err" -c "$T/nginx.conf"
	check "  ssl_stapling: GET, HTTP/1.0" stapled "$p"
	check "  ssl_stapling_file" stapled "$q"
	check "  a revoked one" revoked_staple "$((q + 1))"
fi
if here_is haproxy && [ -n "$can_status" ]; then
	p=$(free_port)
	cat >"$T/haproxy.cfg" <<-END
	global
	    maxconn 20
	    stats socket $T/haproxy.sock level admin
	defaults
	    mode http
	    timeout client 5s
	    timeout server 5s
	    timeout connect 5s
	frontend f
	    bind 127.0.0.1:$p ssl crt $S/good.pem
	    http-request return status 200
	END
	haproxy -D -p "$T/haproxy.pid" -f "$T/haproxy.cfg" >"$T/haproxy.log" 2>&1
	check "haproxy: X.pem.ocsp" stapled "$p"
	has "  shows it" "$(python3 - "$T/haproxy.sock" <<-'PY'
	import socket, sys
	s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'show ssl ocsp-response\n')
	print(s.makefile().read())
	PY
	)" "Serial Number|Certificate ID"
	staple_file good
	has "  and takes a new one while it runs" "$(python3 - "$T/haproxy.sock" "$S/good.pem.ocsp" <<-'PY'
	import base64, socket, sys
	b = base64.b64encode(open(sys.argv[2], 'rb').read())
	s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'set ssl ocsp-response ' + b + b'\n')
	print(s.makefile().read())
	PY
	)" "OCSP Response updated"
fi
mods=/usr/lib/apache2/modules
if here_is apache2 && [ -n "$can_status" ] && [ -r $mods/mod_ssl.so ]; then
	p=$(free_port)
	cat >"$T/apache.conf" <<-END
	ServerRoot $T
	ServerName localhost
	PidFile $T/apache.pid
	ErrorLog $T/apache.err
	LoadModule mpm_event_module $mods/mod_mpm_event.so
	LoadModule authz_core_module $mods/mod_authz_core.so
	LoadModule socache_shmcb_module $mods/mod_socache_shmcb.so
	LoadModule ssl_module $mods/mod_ssl.so
	Mutex file:$T default
	SSLSessionCache none
	SSLStaplingCache shmcb:$T/staple(32768)
	Listen 127.0.0.1:$p
	Listen 127.0.0.1:$((p + 1))
	DocumentRoot $T/demo/pub
	<VirtualHost 127.0.0.1:$p>
	SSLEngine on
	SSLCertificateFile $S/good.pem
	SSLUseStapling on
	</VirtualHost>
	<VirtualHost 127.0.0.1:$((p + 1))>
	SSLEngine on
	SSLCertificateFile $S/bad.pem
	SSLUseStapling on
	</VirtualHost>
	END
	apache2 -f "$T/apache.conf" -k start >"$T/apache.log" 2>&1
	check "apache: SSLUseStapling, POST, HTTP/1.0" stapled "$p"
	check "  a revoked one" revoked_staple "$((p + 1))"
fi
[ $tried -gt 0 ] || skip "no client is here"
finish
