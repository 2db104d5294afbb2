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
	mkdir -m 777 "$T/got"
	chmod 777 "$T/got"
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

# People with keys of their own: alice an admin, bob an officer, carol and olga
# both; ann reads. Those who make the demo are root, who has no key. The rules of
# approvals are $RULES.
RULES='{ operation = "issue:code-signing"; number = 2; },
	  { operation = "revoke:code-signing"; number = 1; },
	  { operation = "profile"; number = 1; }'
person() {	# name uid roles
	local key=$T/keys/$1.pem
	[ -f "$key" ] || case $1 in
	bob) openssl genpkey -algorithm ed25519 -out "$key" ;;
	*) new_key "$key" ;;
	esac
	chown "$2" "$key"
	printf '  { name = "%s"; uid = %s; roles = [ %s ]; key = "%s"; },\n' \
	    "$1" "$2" "$3" "$("$BUILD/inkan" operator key --name "$1" --key "$key")"
}
people_conf() {
	mkdir -p "$T/keys"
	{
		echo "operators = ("
		person alice $ALICE '"admin"'
		person bob $BOB '"officer"'
		person carol $CAROL '"admin", "officer"'
		person olga $OLGA '"admin", "officer"'
		cat <<-X
		  { name = "ann"; uid = $ANN; roles = [ "auditor" ]; },
		  { name = "root"; uid = 0; roles = [ "admin", "officer" ]; } );
		approvals = ( $RULES );
		${1:-}
		X
	} >"$INKAN_CONFIG_DIR/operators.conf"
}
# approve NAME ID: with the key of that name
approve() {
	local uid=${1^^}
	as "${!uid}" request approve "$2" --key "$T/keys/$1.pem"
}
# park UID words of inkan...: parked, exit status 3; the request's id in $id
park() {
	local rc
	as "$@" >"$T/park" 2>&1
	rc=$?
	id=$(sed -n 's/.*parked as request \([0-9]*\),.*/\1/p' "$T/park")
	is "parked: ${*:2:2}" "$rc${id:+ with an id}" "4 with an id"
}
state_of() { as $ANN --json request show "$1" >"$T/show"; json "$T/show" 'd["state"]'; }
