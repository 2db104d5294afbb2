# Sourced after tests/integration/lib.sh: programs whose file calls fail, or kill
# them, on command (tests/faults/disk/fault.h).
# shellcheck shell=bash
DISKFAULT=$BUILD/tests/diskfault.so
[ -f "$DISKFAULT" ] || skip "needs $DISKFAULT (make diskfault)"
[ -z "${SAN:-}" ] || skip "a preloaded library and sanitizers do not go together"
disk_faults() {	# lines...: in force when it returns; none: all is well
	printf '%s\n' "$@" >"$T/disk.new"
	mv "$T/disk.new" "$T/disk"
}
disk_faults
before_start() { confine_reads "$T"; } # where the library looks
# A command under it: with these faults, beside which there are no others.
under_faults() { INKAN_DISK_FAULTS=$T/disk LD_PRELOAD=$DISKFAULT "$@"; }
# A program of the demo under it; ready_... is for the caller to wait for.
start_under() {	# program [path of another build of it]
	INKAN_DISK_FAULTS=$T/disk LD_PRELOAD=$DISKFAULT nohup \
	    "${2:-$INKAN_BIN/inkan-$1}" -c "$INKAN_CONFIG_DIR/$1.conf" \
	    </dev/null >>"$T/demo/log/inkan-$1.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-$1.pid"
}
pid_of() { cat "$T/demo/run/inkan-$1.pid"; }
