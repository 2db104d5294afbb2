#!/usr/bin/env bash
# Every fuzz target runs the inputs of its corpus, then changed copies of them for
# a moment, always in the same order (docs/fuzz.md): none dies, and what a target
# asserts holds. An input that kills one is left in $BUILD/fuzz-found. LONG=1: 20
# seconds each.
tid="fuzz replay"
. "$(dirname "$0")/lib.sh"
cd "$here" || exit 1
seconds=${LONG:+20}
seconds=${seconds:-0.3}
found=$BUILD/fuzz-found
mkdir -p "$found"

one() {	# target
	local out rc
	out=$(timeout 300 "$BUILD/fuzz/$1" -seconds="$seconds" \
	    -keep="$found/$1-replay" "tests/fuzz/corpus/$1" 2>&1)
	rc=$?
	# What the parts under test report comes before the last line.
	[ $rc -ne 0 ] || out=${out##*$'\n'}
	printf '%s exit %s %s\n' "$1" $rc "${out//$'\n'/ }"
}
export LSAN_OPTIONS=suppressions=$here/tests/lsan.supp:print_suppressions=0
export -f one
export BUILD seconds found

targets=$(ls tests/fuzz/*_fuzz.c | sed 's,.*/,,; s/_fuzz\.c$//')
for t in $targets; do
	check "$t says what it covers, and has a corpus" sh -c \
	    "head -n 1 tests/fuzz/${t}_fuzz.c | grep -q '^/\* [A-Za-z]' &&
	    ls tests/fuzz/corpus/$t/*"
done
# The slowest to begin with, so that nothing waits for them at the end.
printf '%s\n' ops ra_http ocsp_http $targets | awk '!had[$0]++' |
    xargs -P 2 -I{} bash -c 'one {}' >"$T/ran"
for t in $targets; do
	has "$t: nothing found" "$(grep "^$t " "$T/ran")" \
	    ' exit 0 [0-9]+ inputs and [0-9]+ changed ones$'
done
check_not "an input that is not there is no success" \
    "$BUILD/fuzz/csr" "$T/none"
measured "inputs tried: $(awk '{ sum += $4 + $7 } END { print sum }' "$T/ran")"
finish
