#!/usr/bin/env bash
# A store that cannot be written: 503, the cause in status, nothing half-done.
tid="store read-only or full"
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "needs a file system of its own: root"
mnt=""
more_cleanup=undo
undo() { [ -z "$mnt" ] || umount -l "$mnt" 2>/dev/null; }
before_ceremony() {
	mnt=$T/demo/state
	mount -t tmpfs -o size=24m none "$mnt" 2>/dev/null || { mnt=""; skip "cannot mount a tmpfs here"; }
	mkdir "$mnt/ocsp"
	sed -i 's/^workers/min_free = "1m";\nworkers/' "$T/demo/config/ca.conf"
}
demo_up
try() { new_key "$T/k"; csr "$T/k" "/CN=$1" | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"; }
issues() { try "$1"; [ "$code" = 200 ]; }
try a; is "before" "$code" 200
dd if=/dev/zero of="$mnt/ballast" bs=64k count=10000 2>/dev/null
try b; is "full: 503" "$code" 503
has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
has "status says why" "$(inkan status 2>&1)" "min_free|full|disk"
rm "$mnt/ballast"
wait_for 20 issues c; is "space again: it issues" "$code" 200
# Moved away under the program: it would issue what nobody finds again.
mv "$INKAN_STORE" "$INKAN_STORE.away"
try m; is "no file: 503" "$code" 503
cp "$INKAN_STORE.away" "$INKAN_STORE"
try n; is "another file in its place: 503" "$code" 503
has "status says why" "$(inkan status 2>&1)" "not the file that was opened"
mv "$INKAN_STORE.away" "$INKAN_STORE"
wait_for 20 issues o; is "put back: it issues" "$code" 200
demo_stop; demo_start ca ra ocsp
try p; is "also after a restart" "$code" 200
# Writes that fail while everything is open: by the kernel, for a while.
if command -v strace >/dev/null; then
	pid=$(cat "$T/demo/run/inkan-ca.pid")
	timeout 120 strace -f -qq -p "$pid" -o /dev/null -e trace=pwrite64 \
	    -e inject=pwrite64:error=EROFS 2>"$T/strace" &
	st=$!
	# Until it holds every thread, writes go through.
	held() { ! kill -0 $st || ! grep -q '^TracerPid:[^1-9]*$' "/proc/$pid"/task/*/status; }
	wait_for 20 held
	sleep 0.5
	if kill -0 $st 2>/dev/null; then
		try d; is "read-only: 503" "$code" 503
		has "status says why" "$(inkan status 2>&1)" "fail"
		kill $st
		wait $st 2>/dev/null
		wait_for 20 issues e; is "writable again" "$code" 200
	fi
fi
demo_stop
finish
