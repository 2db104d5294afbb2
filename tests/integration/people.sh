# Sourced after lib.sh by scripts that ask as several people. The kernel tells
# inkan-ca who asks, so each of them has a uid of its own: that takes root.
# shellcheck shell=bash
# shellcheck disable=SC2034

[ "$(id -u)" = 0 ] || skip "needs root, to ask as other users"
need setpriv

ALICE=2001 BOB=2002 CAROL=2003 OLGA=2004 ANN=2005 NOBODY=2009

# Who may connect is inkan-ca.conf's to say; what they may do, the policy's.
before_start() {
	sed -i '/^sockets:/i peers: { admin = [ "0", "2001", "2002", "2003", "2004", "2005", "2009" ]; };' \
	    "$INKAN_CONFIG_DIR/ca.conf"
}

# Others can reach the socket, a copy of the tool, and what is given to them.
people_ready() {
	chmod 755 "$T" "$T/demo" "$INKAN_SOCKET_DIR"
	chmod 666 "$INKAN_ADMIN_SOCKET"
	mkdir -p "$T/bin" "$T/keys"
	cp "$BUILD/inkan" "$T/bin/"
	chmod 755 "$T/bin" "$T/bin/inkan" "$T/keys"
}

# as UID[:GROUP] words of inkan...
as() {
	local uid=${1%%:*} groups=--clear-groups
	case $1 in *:*) groups="--groups=${1#*:}" ;; esac
	shift
	setpriv --reuid "$uid" --regid "$uid" "$groups" \
	    "$T/bin/inkan" "$@"
}

# no WHAT RULE UID words...: refused, exit status 1, by that rule
no() {
	local what=$1 rule=$2 who=$3 out rc
	shift 3
	out=$(as "$who" "$@" 2>&1)
	rc=$?
	is "$what" $rc 1
	has "  by $rule" "$out" "$rule"
}
