#!/usr/bin/env bash
# Ratio 5: prepared answers against nginx, which serves the same octets as
# files; one that is asked for all the time, and one of many at random. One
# thread and one worker, wrk -t1 -c64. FULL=1: a million files, some 4 GB.
# shellcheck source=tests/bench/ocsplib.sh
. "$(dirname "$0")/ocsplib.sh"
need nginx
ANSWERS=${ANSWERS:-100000}
[ -z "${FULL:-}" ] || ANSWERS=1000000
free=$(df -Pk "$T" | awk 'NR == 2 {print $4}')
[ "$free" -gt $((ANSWERS * 6)) ] || skip "needs $((ANSWERS * 6 / 1024)) MB free in ${TMPDIR:-/tmp}"
dir=$T/set

nginx_up() {
	nginx_port=$(free_port) || die "no free port"
	mkdir "$T/nginx"
	cat >"$T/nginx/conf" <<-X
	daemon off; worker_processes 1; pid $T/nginx/pid; error_log $T/nginx/err;
	$([ "$(id -u)" != 0 ] || echo "user root;")
	events { worker_connections 1024; }
	http {
	  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
	  default_type application/ocsp-response;
	  client_body_temp_path $T/nginx/1; proxy_temp_path $T/nginx/2;
	  fastcgi_temp_path $T/nginx/3; uwsgi_temp_path $T/nginx/4;
	  scgi_temp_path $T/nginx/5;
	  server {
	    listen 127.0.0.1:$nginx_port; root $dir/files; error_page 405 =200 \$uri;
	  }
	}
	X
	nginx -p "$T/nginx" -c "$T/nginx/conf" >"$T/nginx/out" 2>&1 &
	ocsp_pids="$ocsp_pids $!"
	wait_for 10 curl -sfo /dev/null "http://127.0.0.1:$nginx_port/00/00/01" ||
	    die "nginx: $(cat "$T/nginx/out" "$T/nginx/err")"
	nginx_pid=$(ps -o pid= --ppid "$!" | tr -d ' ')
	pin "$server_core" "$nginx_pid"
}

# Both must say the same, to a GET and to a POST.
compare() {
	local p
	for p in "" "-d x"; do
		# shellcheck disable=SC2086
		curl -sS $p "http://127.0.0.1:$nginx_port/00/00/01" >"$T/file"
		cmp -s "$T/file" "$dir/files/00/00/01" || die "nginx serves something else"
	done
	curl -sS "http://127.0.0.1:$ocsp_port/$(cat "$dir/prefix64")AAAB" >"$T/answer"
	cmp -s "$T/answer" "$T/file" || die "the files are not what is answered"
}

one_pair() {	# ratio method n
	local a b
	a=$(ocsp_load "$dir" "$ocsp_port" "$2" "$3" "" "$ocsp_pid") || exit 1
	b=$(ocsp_load "$dir" "$nginx_port" "$2" "$3" y "$nginx_pid") || exit 1
	pair "$1" "${a%% *}" "${b%% *}"
	[ "$1" != 5b ] || pair 5e "$(cut -d' ' -f2 <<<"$a")" "$(cut -d' ' -f2 <<<"$b")"
	note "$2, $3: CPU us, p99 us, requests/s: ours $a, nginx $b"
}

ocsp_up "$dir" "$ANSWERS" all
mkdir "$dir/files"
"$BUILD/bench/ocspset" ask "$ocsp_port" 0 "$ANSWERS" 1 "$dir/prefix" "$dir/files" \
    >/dev/null || die "the answers cannot be had"
nginx_up
compare
note "$(nginx -v 2>&1); answers of $(stat -c %s "$dir/files/00/00/01") octets"
for _ in $(seq "$PAIRS"); do
	one_pair 5a GET 1
	one_pair 5b POST 1
	one_pair 5c GET "$ANSWERS"
	one_pair 5d POST "$ANSWERS"
done
