#!/bin/sh
# Every event that a program can write stands in docs/events.md, and nothing
# else does: operators build alarms on these names.
cd "$(dirname "$0")/../.." || exit 1

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Names given to report_event() and report_errors(), also on the next line; a
# name in a variable is found below as a literal of its own.
find ca ra ocsp hsm -name '*.c' -exec cat {} + | tr '\n\t' '  ' |
	grep -oE 'report_(event|errors)\( *[^;"]*, *"[a-z0-9._-]+\.[a-z0-9._-]+"' |
	sed 's/.*"\(.*\)"$/\1/' | sort -u >"$tmp/code"

# The first column of the tables; a cell may name two.
grep '^| `' docs/events.md | cut -d'|' -f2 | grep -oE '`[^`]+`' |
	tr -d '`' | sort -u >"$tmp/docs"

[ "$(wc -l <"$tmp/code")" -gt 10 ] || {
	echo "events cannot be found in the sources"
	exit 1
}
status=0
for e in $(comm -23 "$tmp/code" "$tmp/docs"); do
	echo "not in docs/events.md: $e"
	status=1
done
for e in $(comm -13 "$tmp/code" "$tmp/docs"); do
	grep -rqF "\"$e\"" --include='*.c' ca ra ocsp hsm || {
		echo "no program writes $e"
		status=1
	}
done
exit $status
