#!/usr/bin/env bash
# The house's order: a folder includes only from folders below it, and a
# program's libraries are its powers.
set -u
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
bad=0

may() {	# which folders may this folder include from
	case $1 in
	hsm) echo hsm ;;
	profiles) echo profiles ;;
	ca) echo ca hsm profiles ;;
	ra) echo ra ca profiles ;;
	ocsp) echo ocsp ca hsm profiles ;;
	esac
}

for room in hsm profiles ca ra ocsp; do
	allowed=" $(may $room) "
	while IFS=: read -r file inc; do
		top=${inc%%/*}
		case $allowed in
		*" $top "*) ;;
		*) echo "$file includes $inc: $room may not"; bad=1 ;;
		esac
	done < <(grep -RoE '^#include "[^"]+"' --include='*.[ch]' $room |
	    sed -E 's/#include "([^"]+)"/\1/')
done

# ra and ocsp see only the wire, report and status parts of ca; as pure functions
# ra also how requests are written, ocsp the names of the log's tiles.
while IFS=: read -r file inc; do
	case $file:$inc in
	*:ca/error.h|*:ca/wire/*|*:ca/report/*|*:ca/confine/*) ;;
	ra/attest/*:ca/shape/*) echo "$file includes $inc: HTTP's shape"; bad=1 ;;
	ra/*:ca/shape/*) ;;
	ocsp/*:ca/status/*) ;;
	ocsp/*:ca/log/tile.h) ;;
	*) echo "$file includes $inc: not a part that it may see"; bad=1 ;;
	esac
done < <(grep -RoE '^#include "ca/[^"]+"' --include='*.[ch]' ra ocsp |
    sed -E 's/#include "([^"]+)"/\1/')

# The linter is the second judge: it sees DER and nothing of the builder.
while IFS=: read -r file inc; do
	case $inc in
	profiles/lint/*|profiles/der.h) ;;
	*) echo "$file includes $inc: the linter may not"; bad=1 ;;
	esac
done < <(grep -RoE '^#include "[^"]+"' profiles/lint |
    sed -E 's/#include "([^"]+)"/\1/')

needs() { objdump -p "$1" | sed -n 's/^ *NEEDED *//p'; }
never() {	# program library...
	local prog=$BUILD/$1 lib
	[ -x "$prog" ] || { echo "$prog is not built"; bad=1; return; }
	shift
	for lib in "$@"; do
		if needs "$prog" | grep -q "^$lib\\.so"; then
			echo "$prog is linked with $lib"; bad=1
		fi
	done
}
never inkan-ca libssl libevent libmicrohttpd
never inkan-ceremony libssl libevent libmicrohttpd
never inkan-ra libsqlite3 libp11-kit libmicrohttpd
never inkan-ocsp libssl libevent
never inkan-verifier libssl libevent libmicrohttpd libsqlite3 libp11-kit
for f in inkan-ca inkan-ra inkan-ocsp inkan; do
	never $f libtss2-mu libcbor
done
# Formats of evidence are read in the program that has nothing to lose; ra and
# the verifier share a folder, and no code.
while IFS=: read -r file inc; do
	case $file:$inc in
	ra/attest/*:ra/attest/*) ;;
	ra/attest/*|*:ra/attest/*) echo "$file includes $inc"; bad=1 ;;
	esac
done < <(grep -RoE '^#include "ra/[^"]+"' --include='*.[ch]' ra |
    sed -E 's/#include "([^"]+)"/\1/')
never inkan libssl libevent libmicrohttpd
# The engine speaks neither TCP nor TLS.
if nm -D "$BUILD/inkan-ca" 2>/dev/null | grep -qE ' U (SSL_|getaddrinfo|BIO_new_connect)'; then
	echo "inkan-ca imports network functions"; bad=1
fi
# The top level is this, and nothing else.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	for f in $(git ls-files | sed 's|/.*||' | sort -u); do
		case $f in
		Makefile|ca|ra|ocsp|profiles|hsm|scripts|tests|docs|README.md|LICENSE|.*) ;;
		*) echo "$f does not belong to the top level"; bad=1 ;;
		esac
	done
fi
exit $bad
