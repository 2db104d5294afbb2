# Sourced after tests/integration/lib.sh: what devices hold, the store, status.db,
# the CRL and the log must agree exactly, after whatever happened to the programs.
# shellcheck shell=bash
need sqlite3
store() { sqlite3 "file:$INKAN_STORE?mode=ro" "$1"; }
log_published() { [ "$(sed -n 2p "$INKAN_DIR/pub/log/checkpoint")" = "$(store 'SELECT count(*) FROM entries')" ]; }
listed() {	# the serials on the published CRL
	openssl crl -inform DER -in "$INKAN_DIR/pub/crl/devices-g1.crl" -noout -text |
	    sed -n 's/^ *Serial Number: //p' | tr A-F a-f | sort
}

# With all programs running; they are stopped meanwhile. $T/c.certs: what devices
# of the fleet `devices` hold, "serial sha256"; $T/c.revoked: which of these serials
# were revoked, and serials that were aborted and then revoked. Lower case, sorted.
agree() {
	store "SELECT lower(hex(serial)) || ' ' || lower(hex(cert_sha256)) FROM certs WHERE fleet = 'devices' AND state BETWEEN 2 AND 4 AND cert_sha256 IS NOT NULL ORDER BY 1" >"$T/s.certs"
	store "SELECT lower(hex(serial)) FROM certs WHERE fleet = 'devices' AND state = 4 ORDER BY 1" >"$T/s.revoked"
	check "devices hold certificates" test -s "$T/c.certs"
	check "  some are revoked" test -s "$T/c.revoked"
	check "  the store has exactly these" diff "$T/c.certs" "$T/s.certs"
	check "  and these are revoked" diff "$T/c.revoked" "$T/s.revoked"
	is "no serial twice" "$(store 'SELECT count(*) - count(DISTINCT issuer || hex(serial)) FROM certs')" 0
	is "no reservation is open" "$(store 'SELECT count(*) FROM certs WHERE state = 1')" 0
	check "a CRL of all that" inkan crl issue
	listed >"$T/crl.revoked"
	check "  lists exactly the revoked" diff "$T/c.revoked" "$T/crl.revoked"
	is "  is the store's last" \
	    "$(store "SELECT lower(hex(sha256)) FROM crls WHERE issuer = (SELECT id FROM issuers WHERE ident = 'devices-g1') ORDER BY number DESC LIMIT 1")" \
	    "$(sha256sum "$INKAN_DIR/pub/crl/devices-g1.crl" | cut -d' ' -f1)"
	is "no CRL number twice, none smaller than the one before" \
	    "$(store 'SELECT count(*) FROM crls a JOIN crls b ON a.issuer = b.issuer AND a.shard = b.shard AND a.rowid < b.rowid AND a.number >= b.number')" 0
	check "the log is published whole" wait_for 20 log_published
	demo_stop
	# valid, held, revoked: 2, 3, 4 there, 1, 2, 3 here
	is "status.db says what the store says" "$(sqlite3 "$INKAN_STATUS_DB" \
	    "ATTACH 'file:$INKAN_STORE?mode=ro' AS s; SELECT count(*) FROM s.certs s LEFT JOIN main.certs c ON c.issuer = s.issuer AND c.serial = s.serial AND c.change = s.change AND c.state = s.state - 1 WHERE s.state BETWEEN 2 AND 4 AND c.id IS NULL")" 0
	check "the log holds, from its first entry to its last" \
	    inkan log verify --store "$INKAN_STORE" --dir "$INKAN_DIR/pub/log"
	# In a tile's folder it goes with that folder, once the tile is full.
	is "no half file is left" "$(find "$INKAN_DIR/pub" -name '*.??????' -o -name '.*.next' -not -path '*/tile/*' | head -5)" ""
}
