#!/usr/bin/env bash
# The units hold from outside what the programs hold from within: systemd reads
# them without a word, and rates what is left to each service.
tid="units"
. "$(dirname "$0")/lib.sh"
units=$here/scripts/units
for u in "$units"/*.service; do
	name=${u##*/}
	for line in NoNewPrivileges=yes ProtectSystem=strict ProtectHome=yes \
	    PrivateTmp=yes MemoryDenyWriteExecute=yes LockPersonality=yes \
	    RestrictNamespaces=yes RestrictSUIDSGID=yes RestrictRealtime=yes \
	    CapabilityBoundingSet= SystemCallArchitectures=native \
	    SystemCallErrorNumber=EPERM LimitCORE=0 LimitMEMLOCK=infinity \
	    MemorySwapMax=0; do
		grep -qxF "$line" "$u" || fail "$name lacks $line"
	done
	check "$name: calls by list" grep -q '^SystemCallFilter=@system-service' "$u"
	# Without them the program cannot confine itself (ca/confine).
	check "  those of ca/confine among them" grep -qE '^SystemCallFilter=.* landlock_restrict_self seccomp$' "$u"
	check "  a user of its own" grep -qE '^User=_inkan-(ca|ra|ocsp|verifier)$' "$u"
done
families() { sed -n 's/^RestrictAddressFamilies=//p' "$units/$1.service"; }
is "the engine has no network" "$(families inkan-ca) $(grep -c '^PrivateNetwork=yes' "$units/inkan-ca.service")" "AF_UNIX 1"
is "the RA has no more than it serves" "$(families inkan-ra)" "AF_UNIX AF_INET AF_INET6"
is "nor has the responder" "$(families inkan-ocsp)" "AF_UNIX AF_INET AF_INET6"
check_not "only the engine and the responder get a PIN" \
    grep -l LoadCredential "$units/inkan-ra.service" "$units/inkan-ra@.service"

if systemd-analyze --help 2>/dev/null | grep -q -- --offline; then
	for u in "$units"/*.service; do
		check "${u##*/}: exposure at most 2.0 of 10" systemd-analyze \
		    security --offline=yes --threshold=20 --no-pager "$u"
	done
	mkdir "$T/units"
	for u in "$units"/*; do
		sed "s|/usr/sbin/inkan|$BUILD/inkan|" "$u" >"$T/units/${u##*/}"
	done
	is "systemd reads them without a word" "$(systemd-analyze verify \
	    --man=no "$T"/units/*.service 2>&1)" ""
else
	trace "skipped: systemd-analyze cannot judge units offline"
fi
finish
