#!/usr/bin/env bash
# Ratios 8 and 9. Server CPU of inkan-ra, inkan-ca and inkan-ocsp together for one
# enrolment (a new TLS connection, a client certificate by the maker, the token,
# durable, logged), and for one renewal over a connection that is open already;
# against nginx that does the same TLS with the same certificate and key, asks
# for the same client certificates, and answers with as many octets.
. "$(dirname "$0")/lib.sh"
command -v nginx >/dev/null || { echo "nginx is not installed"; exit 77; }
n=${N:-600} clients=16
before_start() {
	cat >>"$INKAN_CONFIG_DIR/ra.conf" <<-X
	max_connections = 4096;
	max_connections_per_address = 4096;
	workers = 1;
	X
}
more_cleanup=stop_nginx
stop_nginx() { [ -z "${nginx_pid:-}" ] || kill "$nginx_pid" 2>/dev/null; }
demo_up
port=${INKAN_EST_URL##*:} nginx_port=$((port + 3)) T_NGINX=$T/nginx
ours=
for p in ra ca ocsp; do
	pid=$(cat "$INKAN_DIR/run/inkan-$p.pid")
	pin "$server_core" "$pid"
	ours=$ours${ours:+,}$pid
done

mkdir -p "$T_NGINX"
cat >"$T_NGINX/nginx.conf" <<X
daemon off;
worker_processes 1;
pid $T_NGINX/pid;
error_log $T_NGINX/error.log;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path $T_NGINX/body;
	proxy_temp_path $T_NGINX/proxy;
	fastcgi_temp_path $T_NGINX/fastcgi;
	uwsgi_temp_path $T_NGINX/uwsgi;
	scgi_temp_path $T_NGINX/scgi;
	server {
		listen 127.0.0.1:$nginx_port ssl backlog=512;
		ssl_certificate $INKAN_DIR/certs/est.pem;
		ssl_certificate_key $INKAN_DIR/certs/est.key;
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_ecdh_curve X25519;
		ssl_session_tickets off;
		ssl_session_cache off;
		ssl_client_certificate $INKAN_MFG_CA;
		ssl_verify_client on;
		default_type application/pkcs7-mime;
		location / { return 200 "$(head -c 985 /dev/zero | tr '\0' A)"; }
	}
}
X
[ "$(id -u)" != 0 ] || sed -i '1i user root;' "$T_NGINX/nginx.conf"
nginx -c "$T_NGINX/nginx.conf" -p "$T_NGINX" 2>/dev/null &
nginx_pid=$!
wait_for 10 port_busy "$nginx_port" || die "nginx does not start"
worker=$(pgrep -P "$nginx_pid" | head -1)
[ -n "$worker" ] || die "nginx has no worker"
pin "$server_core" "$worker"

enrol() {	# port pids [options...]: the line of figures
	on_client_core "$BUILD/bench/enrol" -s "127.0.0.1:$1" -r "$INKAN_ROOT" \
	    -n $n -c $clients -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY" \
	    -p "$2" "${@:3}" || die "the load failed"
}
cpu_of() { awk '{print $2}' <<<"$1"; }
rate_of() { awk '{print $1}' <<<"$1"; }
note "$(nginx -v 2>&1); $n enrolments by $clients clients each, TLS 1.3, P-256, X25519"
enrol "$port" "$ours" >/dev/null	# all is awake
enrol "$nginx_port" "$worker" -x >/dev/null
for _ in $(seq "$PAIRS"); do
	e=$(enrol "$port" "$ours")
	g=$(enrol "$nginx_port" "$worker" -x)
	r=$(enrol "$port" "$ours" -R)
	pair 8 "$(cpu_of "$e")" "$(cpu_of "$g")"
	pair 9 "$(cpu_of "$r")" "$(cpu_of "$e")"
	note "enrolments/s: ours $(rate_of "$e"), nginx $(rate_of "$g"); renewals/s: $(rate_of "$r")"
done
ticks() { awk '{print ($14 + $15) * 10}' "/proc/$1/stat"; }
for p in ra ca ocsp; do
	note "CPU ms of inkan-$p in all: $(ticks "$(cat "$INKAN_DIR/run/inkan-$p.pid")")"
done
