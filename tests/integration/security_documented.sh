#!/bin/sh
# Each test that docs/security.md names is there, and says what is quoted.
cd "$(dirname "$0")/../.." || exit 1
doc=docs/security.md
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# The last cell of a row: `path`, or `path`: "what it says", several by commas.
grep '^| ' $doc | grep -v '^| ---' | awk -F' [|]' '{ print $(NF - 1 + ($NF != "")) }' |
    grep '`tests/' | sed 's/`, `/`\n`/g' >"$tmp/named"
[ "$(wc -l <"$tmp/named")" -gt 30 ] || {
	echo "the tables of $doc cannot be read"
	exit 1
}
status=0
bad() { echo "$doc: $*"; status=1; }
while IFS= read -r one; do
	path=$(printf '%s\n' "$one" | sed 's/^[^`]*`\([^`]*\)`.*/\1/')
	says=$(printf '%s\n' "$one" | sed -n 's/^[^"]*"\(.*\)".*/\1/p')
	[ -f "$path" ] || { bad "there is no $path"; continue; }
	case $path in
	*.sh) [ -x "$path" ] || bad "$path is not run" ;;
	tests/unit/*_test.c) ;;
	*) bad "$path is no test" ;;
	esac
	[ -z "$says" ] || grep -qF -- "$says" "$path" ||
	    bad "$path does not say \"$says\""
done <"$tmp/named"
# A row about what somebody does not get has a test.
awk '/^\| (he does not get|who|of all three|what) .*shown by/ { on = 1; next }
    /^$/ { on = 0 } on && /^\| [^-]/ && !/`tests\// { print; bad = 1 }
    END { exit bad }' $doc || bad "has lines without a test"
exit $status
