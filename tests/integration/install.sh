#!/usr/bin/env bash
# make install puts everything in its place; man pages are well-formed.
tid="install"
. "$(dirname "$0")/lib.sh"
[ -z "${SAN:-}" ] || skip "the plain build is what is installed"
check "make install" make -s --no-print-directory -C "$here" install DESTDIR="$T/stage" PREFIX=/usr
for f in bin/inkan sbin/inkan-ca sbin/inkan-ra sbin/inkan-ocsp sbin/inkan-ceremony sbin/inkan-verifier \
    share/man/man1/inkan.1 share/man/man8/inkan-ca.8 share/man/man5/inkan-profile.5 \
    share/inkan/profiles/device-ldevid.conf share/inkan/operators.conf lib/systemd/system/inkan-ca.service; do
	check "$f" test -s "$T/stage/usr/$f"
done
to="$T/st age"
check "into a folder with a blank, another prefix" make -s --no-print-directory -C "$here" \
    install DESTDIR="$to" PREFIX=/opt/inkan
for p in ca ra ocsp verifier; do
	check "its unit starts what is there" test -x \
	    "$to$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$to/opt/inkan/lib/systemd/system/inkan-$p.service")"
done
for p in inkan-ca inkan-ra inkan-ocsp inkan-ceremony inkan-verifier inkan; do
	check "man page of $p" sh -c "ls '$here'/docs/man/$p.[18]"
done
for c in inkan-ca.conf inkan-ra.conf inkan-ocsp.conf inkan-ceremony.conf inkan-verifier.conf inkan-profile inkan-fleet inkan-operators inkan-store; do
	check "man page of $c" test -f "$here/docs/man/$c.5"
done
if command -v mandoc >/dev/null; then
	for m in "$here"/docs/man/*.[1578]; do
		check "mandoc ${m##*/}" mandoc -Tlint -W warning "$m"
	done
fi
if command -v systemd-analyze >/dev/null; then
	for u in "$here"/scripts/units/*.service "$here"/scripts/units/*.socket "$here"/scripts/units/*.timer; do
		check "unit ${u##*/} is read" sh -c "systemd-analyze verify '$u' 2>&1 | grep -v 'not executable' | grep -c 'Unknown' | grep -qx 0"
	done
fi
finish
