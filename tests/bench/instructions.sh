#!/usr/bin/env bash
# Ratio 12, the issuing half: instructions for one certificate in user space,
# with a key in memory and without the store. N and 3N certificates are issued
# under callgrind; the difference is 2N certificates without the start.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need valgrind
N=${N:-50} LIMIT=3000000

counted() {	# certificates: instructions of the whole run
	(cd "$here" && valgrind --tool=callgrind --error-exitcode=1 \
	    --callgrind-out-file=/dev/null "$BUILD/bench/issue" count "$1") \
	    2>"$T/valgrind" || { cat "$T/valgrind" >&2; die "callgrind failed"; }
	sed -n 's/.*Collected *: *\([0-9]*\)$/\1/p' "$T/valgrind"
}

one=$(counted "$N") || exit 1
three=$(counted $((3 * N))) || exit 1
pair 12 $(((three - one) / (2 * N))) $LIMIT
