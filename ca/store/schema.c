#include <stdio.h>
#include "ca/store/private.h"

/*
 * The schema as a row of migrations: number N brings version N to N + 1. A new
 * store is one of version 0 (the table schema_version alone) that is migrated
 * at once, so that old and new stores go the same way. What stands here has
 * been released: add to the end, change nothing.
 *
 * Names, types and rules are those that PostgreSQL has too; BLOB is its BYTEA
 * and STRICT its ordinary manner.
 */

static const char version_1[] =
    "CREATE TABLE meta ("
    " name TEXT PRIMARY KEY,"
    " value TEXT NOT NULL) STRICT;"

    "CREATE TABLE counters ("
    " scope TEXT NOT NULL, name TEXT NOT NULL, since INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " PRIMARY KEY (scope, name, since)) STRICT;"

    "CREATE TABLE issuers ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL, generation INTEGER NOT NULL,"
    " ident TEXT NOT NULL UNIQUE,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),"
    " key_uri TEXT NOT NULL, crl_url TEXT NOT NULL,"
    " ocsp_url TEXT NOT NULL, issuer_url TEXT NOT NULL,"
    " crl_lifetime INTEGER NOT NULL, crl_interval INTEGER NOT NULL,"
    " parent INTEGER REFERENCES issuers (id),"
    " not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " cert BLOB NOT NULL,"
    " UNIQUE (name, generation)) STRICT;"

    "CREATE TABLE certs ("
    " id INTEGER PRIMARY KEY,"
    " issuer INTEGER NOT NULL REFERENCES issuers (id),"
    " serial BLOB NOT NULL CHECK (length(serial) BETWEEN 1 AND 20),"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),"
    " reason INTEGER NOT NULL, revoked_at INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " subject TEXT NOT NULL, profile TEXT NOT NULL,"
    " policy_version INTEGER NOT NULL,"
    " fleet TEXT NOT NULL, device TEXT NOT NULL,"
    " requester TEXT NOT NULL, auth TEXT NOT NULL,"
    " deviations TEXT NOT NULL,"
    " spki_sha256 BLOB NOT NULL, tbs_sha256 BLOB NOT NULL,"
    " cert_sha256 BLOB,"
    " predecessor INTEGER NOT NULL, successor INTEGER NOT NULL,"
    " reserved_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL,"
    " change INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX certs_serial ON certs (issuer, serial);"
    "CREATE INDEX certs_key ON certs (spki_sha256);"
    "CREATE INDEX certs_device ON certs (fleet, device);"
    "CREATE INDEX certs_profile ON certs (profile);"
    "CREATE UNIQUE INDEX certs_sha256 ON certs (cert_sha256)"
    " WHERE cert_sha256 IS NOT NULL;"
    "CREATE UNIQUE INDEX certs_change ON certs (change) WHERE change > 0;"
    "CREATE INDEX certs_open ON certs (id) WHERE state = 1;"
    /* All that a CRL needs, in its order: it is read from here alone. */
    "CREATE INDEX certs_crl ON certs"
    " (issuer, serial, state, not_after, revoked_at, reason)"
    " WHERE state IN (3, 4);"

    "CREATE TABLE cert_der ("
    " cert INTEGER PRIMARY KEY REFERENCES certs (id),"
    " der BLOB NOT NULL) STRICT;"

    "CREATE TABLE blocked_keys ("
    " spki_sha256 BLOB PRIMARY KEY,"
    " at INTEGER NOT NULL, why TEXT NOT NULL) STRICT;"

    "CREATE TABLE devices ("
    " id INTEGER PRIMARY KEY,"
    " fleet TEXT NOT NULL, name TEXT NOT NULL, serial TEXT NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),"
    " key_sha256 BLOB UNIQUE,"
    " origin TEXT NOT NULL, note TEXT NOT NULL, created INTEGER NOT NULL,"
    " UNIQUE (fleet, name)) STRICT;"
    "CREATE INDEX devices_name ON devices (name);"

    "CREATE TABLE device_fields ("
    " device INTEGER NOT NULL REFERENCES devices (id),"
    " name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (device, name)) STRICT;"

    "CREATE TABLE secrets ("
    " id INTEGER PRIMARY KEY,"
    " login TEXT NOT NULL UNIQUE, fleets TEXT NOT NULL,"
    " device TEXT NOT NULL,"
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 2),"
    " reusable INTEGER NOT NULL,"
    " salt BLOB NOT NULL, hash BLOB NOT NULL,"
    " created INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " used_at INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT;"

    "CREATE TABLE policies ("
    " version INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
    " author TEXT NOT NULL, note TEXT NOT NULL,"
    " sha256 BLOB NOT NULL) STRICT;"

    "CREATE TABLE policy_files ("
    " version INTEGER NOT NULL REFERENCES policies (version),"
    " path TEXT NOT NULL, content TEXT NOT NULL,"
    " PRIMARY KEY (version, path)) STRICT;"

    "CREATE TABLE crls ("
    " issuer INTEGER NOT NULL REFERENCES issuers (id),"
    " number INTEGER NOT NULL,"
    " this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,"
    " n_entries INTEGER NOT NULL, sha256 BLOB NOT NULL, der BLOB,"
    " PRIMARY KEY (issuer, number)) STRICT;"

    "CREATE TABLE entries ("
    " idx INTEGER PRIMARY KEY CHECK (idx >= 0),"
    " time INTEGER NOT NULL, kind TEXT NOT NULL,"
    " salt BLOB NOT NULL, detail BLOB NOT NULL, leaf BLOB NOT NULL) STRICT;";

/*
 * Hierarchies of many generations, partitioned CRLs, revocation of whole
 * fleets, and what a request was, for judging it again.
 */
static const char version_2[] =
    /* token: name of a token of inkan-ca.conf, "" for the only one.
       crl_shards: 0 is one CRL. expired_from: expiredCertsOnCRL, 0 not kept. */
    "ALTER TABLE issuers ADD COLUMN token TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE issuers ADD COLUMN crl_shards INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE issuers ADD COLUMN expired_from INTEGER NOT NULL DEFAULT 0;"

    /* CAs whose key is made and whose certificate a foreign CA has yet to
       issue. */
    "CREATE TABLE pending_cas ("
    " ident TEXT PRIMARY KEY, name TEXT NOT NULL, generation INTEGER NOT NULL,"
    " token TEXT NOT NULL, key_uri TEXT NOT NULL,"
    " crl_url TEXT NOT NULL, ocsp_url TEXT NOT NULL,"
    " issuer_url TEXT NOT NULL,"
    " crl_lifetime INTEGER NOT NULL, crl_interval INTEGER NOT NULL,"
    " crl_shards INTEGER NOT NULL, expired_from INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " csr BLOB NOT NULL,"
    " UNIQUE (name, generation)) STRICT;"

    /* Further certificates that say something about a CA: subject and signer
       are issuers rows, NULL where that CA is not ours; cert is the row in
       certs of what we signed. */
    "CREATE TABLE ca_certs ("
    " id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL,"
    " subject INTEGER REFERENCES issuers (id),"
    " signer INTEGER REFERENCES issuers (id),"
    " cert INTEGER REFERENCES certs (id),"
    " name TEXT NOT NULL,"
    " not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " sha256 BLOB NOT NULL UNIQUE, der BLOB NOT NULL) STRICT;"

    "ALTER TABLE certs ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE certs ADD COLUMN invalidity INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX certs_crl;"
    "CREATE INDEX certs_crl ON certs"
    " (issuer, shard, serial, state, not_after, revoked_at, reason,"
    " invalidity) WHERE state IN (3, 4);"

    "CREATE TABLE crls_2 ("
    " issuer INTEGER NOT NULL REFERENCES issuers (id),"
    " shard INTEGER NOT NULL, number INTEGER NOT NULL,"
    " this_update INTEGER NOT NULL, next_update INTEGER NOT NULL,"
    " n_entries INTEGER NOT NULL, octets INTEGER NOT NULL,"
    " sha256 BLOB NOT NULL, der BLOB,"
    " PRIMARY KEY (issuer, shard, number)) STRICT;"
    "INSERT INTO crls_2 SELECT issuer, 0, number, this_update, next_update,"
    " n_entries, coalesce(length(der), 0), sha256, der FROM crls;"
    "DROP TABLE crls;"
    "ALTER TABLE crls_2 RENAME TO crls;"
    /* Shards whose newest CRL does not show the newest change. */
    "CREATE TABLE crls_owed ("
    " issuer INTEGER NOT NULL REFERENCES issuers (id),"
    " shard INTEGER NOT NULL, change INTEGER NOT NULL,"
    " PRIMARY KEY (issuer, shard)) STRICT;"

    /* anchor: the root whose key alone could have shown the device that it
       spoke with us. successor: the device that took its place. */
    "ALTER TABLE devices ADD COLUMN anchor INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN anchor_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN successor INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE devices ADD COLUMN retired_at INTEGER NOT NULL DEFAULT 0;"

    /* A revocation of many: what it chose stands in campaign_certs from its
       start, so that it can go on after a restart. */
    "CREATE TABLE campaigns ("
    " id INTEGER PRIMARY KEY,"
    " author TEXT NOT NULL, query TEXT NOT NULL, note TEXT NOT NULL,"
    " reason INTEGER NOT NULL, invalidity INTEGER NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),"
    " created INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " total INTEGER NOT NULL, done INTEGER NOT NULL,"
    " skipped INTEGER NOT NULL,"
    /* stage: certificates in one transaction; pause: seconds between two;
       upto: the last row that can be chosen, 0 when all is chosen; position:
       the last row that was looked at, while choosing, then while revoking. */
    " stage INTEGER NOT NULL, pause INTEGER NOT NULL,"
    " upto INTEGER NOT NULL, position INTEGER NOT NULL) STRICT;"
    "CREATE TABLE campaign_certs ("
    " campaign INTEGER NOT NULL REFERENCES campaigns (id),"
    " cert INTEGER NOT NULL REFERENCES certs (id),"
    " PRIMARY KEY (campaign, cert)) STRICT;"

    /* The last requests, as they were judged. */
    "CREATE TABLE cert_requests ("
    " cert INTEGER PRIMARY KEY REFERENCES certs (id),"
    " csr BLOB NOT NULL, fields BLOB NOT NULL) STRICT;";

/* The log's tree, people who sign, and requests that wait for them. */
static const char version_3[] =
    /* The logs that were kept, one after the other (docs/log.md): a store that
       turned out to be older than its log goes on with the next one. */
    "CREATE TABLE logs ("
    " id INTEGER PRIMARY KEY CHECK (id >= 1),"
    " origin TEXT NOT NULL UNIQUE, vkey TEXT NOT NULL,"
    " time INTEGER NOT NULL) STRICT;"
    /* What a log has signed: no checkpoint is signed that does not begin with
       the newest of these. note: as published, with its cosignatures. */
    "CREATE TABLE log_checkpoints ("
    " log INTEGER NOT NULL REFERENCES logs (id),"
    " size INTEGER NOT NULL CHECK (size >= 0),"
    " time INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,"
    " cosigned INTEGER NOT NULL, PRIMARY KEY (log, size)) STRICT;"

    /* Requests that wait for the approval of people, and who approved. note: of
       an approval the signed note, '' where the uid alone counted; of a request,
       why it ended. */
    "CREATE TABLE parked ("
    " id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL, op TEXT NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 9),"
    " asker TEXT NOT NULL, uid INTEGER NOT NULL, need INTEGER NOT NULL,"
    " created INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " ended INTEGER NOT NULL, log_from INTEGER NOT NULL,"
    " sha256 BLOB NOT NULL UNIQUE, note TEXT NOT NULL,"
    " content BLOB NOT NULL, result BLOB) STRICT;"
    "CREATE INDEX parked_open ON parked (state, expires)"
    " WHERE state IN (1, 2, 3);"
    "CREATE TABLE parked_approvals ("
    " request INTEGER NOT NULL REFERENCES parked (id),"
    " operator TEXT NOT NULL, uid INTEGER NOT NULL,"
    " time INTEGER NOT NULL, note TEXT NOT NULL,"
    " PRIMARY KEY (request, operator)) STRICT;"
    /* What was done without approvals; seen_at 0: nobody has looked at it. */
    "CREATE TABLE break_glass ("
    " id INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
    " who TEXT NOT NULL, uid INTEGER NOT NULL, op TEXT NOT NULL,"
    " reason TEXT NOT NULL, seen_by TEXT NOT NULL,"
    " seen_at INTEGER NOT NULL) STRICT;"

    /* Factories: files of devices that came in, registry rows by the maker's
       serial number, and certificates whose successor is there. due: since
       when the predecessor may be revoked, NULL until the first use. */
    "CREATE TABLE imports ("
    " id INTEGER PRIMARY KEY, file TEXT NOT NULL, who TEXT NOT NULL,"
    " started INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " added INTEGER NOT NULL, unchanged INTEGER NOT NULL,"
    " refused INTEGER NOT NULL) STRICT;"
    "CREATE INDEX devices_serial ON devices (fleet, serial)"
    " WHERE serial <> '';"
    "CREATE TABLE superseded ("
    " cert INTEGER PRIMARY KEY REFERENCES certs (id),"
    " due INTEGER) STRICT;"
    "CREATE INDEX superseded_due ON superseded (due)"
    " WHERE due IS NOT NULL;";

/* Devices' requests that wait, clients as they are, and renewals that are late. */
static const char version_4[] =
    /* What parked has of kind "enrol", beside the request itself. ask: SHA-256
       of what makes a request the same one; credential: of who asked; secret:
       row of a one-time secret, 0 none; issuer, serial: of the certificate that
       was reserved for it; told: the device knows that it has expired. */
    "CREATE TABLE parked_enrol ("
    " request INTEGER PRIMARY KEY REFERENCES parked (id),"
    " fleet TEXT NOT NULL, device TEXT NOT NULL,"
    " stage TEXT NOT NULL, rule TEXT NOT NULL,"
    " ask BLOB NOT NULL, credential BLOB NOT NULL,"
    " secret INTEGER NOT NULL, issuer INTEGER NOT NULL, serial BLOB,"
    " told INTEGER NOT NULL) STRICT;"
    "CREATE INDEX parked_enrol_device ON parked_enrol"
    " (fleet, device, request);"
    "CREATE INDEX parked_enrol_secret ON parked_enrol (secret)"
    " WHERE secret > 0;"
    "CREATE INDEX parked_enrol_serial ON parked_enrol (serial)"
    " WHERE serial IS NOT NULL;"
    "CREATE INDEX parked_kind ON parked (kind, id);"
    "CREATE INDEX parked_kind_open ON parked (kind, id)"
    " WHERE state IN (1, 2, 3);"

    /* late_renewal: may it renew after its certificate's end? facts: what a
       device's identity was made from when it enrolled (DER of the engine's). */
    "ALTER TABLE devices ADD COLUMN late_renewal INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE cert_facts ("
    " cert INTEGER PRIMARY KEY REFERENCES certs (id),"
    " facts BLOB NOT NULL) STRICT;"

    /* How clients behave, by fleet and User-Agent: no address, no device. */
    "CREATE TABLE clients ("
    " id INTEGER PRIMARY KEY, fleet TEXT NOT NULL, agent TEXT NOT NULL,"
    " known INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " UNIQUE (fleet, agent)) STRICT;"
    "CREATE TABLE client_facts ("
    " client INTEGER NOT NULL REFERENCES clients (id), what TEXT NOT NULL,"
    " count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY (client, what)) STRICT;";

/* Attested enrolment: what was asked freshly, and what was shown. */
static const char version_5[] =
    /* hash: SHA-256 of what the evidence must carry; sealed: that itself, under
       the session's own token, which is not here; tie: SHA-256 of that token;
       client: of the certificate that asked, NULL where none did; mode 1: by a
       certified key, 2: by activation, with ak_name, ak_public, ek_sha256;
       used_by: SHA-256 of the request that used it up. */
    "CREATE TABLE nonces ("
    " id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " sealed BLOB NOT NULL, tie BLOB NOT NULL UNIQUE, client BLOB,"
    " fleet TEXT NOT NULL, mode INTEGER NOT NULL,"
    " ak_name BLOB, ak_public BLOB, ek_sha256 BLOB, facts BLOB,"
    " issued INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " used INTEGER NOT NULL, used_by BLOB) STRICT;"
    "CREATE INDEX nonces_expires ON nonces (expires);"
    "CREATE INDEX nonces_open ON nonces (fleet, expires) WHERE used = 0;"
    "CREATE INDEX nonces_ek ON nonces (ek_sha256) WHERE used = 0 AND"
    " ek_sha256 IS NOT NULL;"
    /* cert: 0 where none was issued; evidence: NULL where the hash is all that
       is kept; keep_until: 0 for good. */
    "CREATE TABLE evidence ("
    " id INTEGER PRIMARY KEY, cert INTEGER NOT NULL,"
    " fleet TEXT NOT NULL, device TEXT NOT NULL, at INTEGER NOT NULL,"
    " accepted INTEGER NOT NULL, rule TEXT NOT NULL, text TEXT NOT NULL,"
    " format TEXT NOT NULL, policy_version INTEGER NOT NULL,"
    " nonce BLOB, request_sha256 BLOB NOT NULL,"
    " spki_sha256 BLOB NOT NULL, evidence_sha256 BLOB NOT NULL,"
    " evidence BLOB, facts BLOB NOT NULL,"
    " keep_until INTEGER NOT NULL) STRICT;"
    "CREATE INDEX evidence_cert ON evidence (cert) WHERE cert > 0;"
    "CREATE INDEX evidence_hash ON evidence (evidence_sha256, id);"
    "CREATE INDEX evidence_fleet ON evidence (fleet, id);"
    "CREATE INDEX evidence_device ON evidence (fleet, device, id);"
    "CREATE INDEX evidence_kept ON evidence (keep_until)"
    " WHERE keep_until > 0 AND evidence IS NOT NULL;";

static const char *const migrations[] = {
    version_1, version_2, version_3, version_4, version_5};

_Static_assert(
    sizeof(migrations) / sizeof(migrations[0]) == STORE_SCHEMA_VERSION,
    "one migration for each version");

/* The steps from ${from} on, inside the caller's transaction. */
static int
run_migrations(struct sql_conn *c, int from, int64_t now)
{
	char text[128];
	int v;

	for (v = from; v < STORE_SCHEMA_VERSION; v++) {
		snprintf(text, sizeof(text),
		    "INSERT INTO schema_version (version, applied)"
		    " VALUES (%d, %lld)",
		    v + 1, (long long)now);
		if (sql_conn_exec(c, migrations[v]) && sql_conn_exec(c, text))
			continue;
		ca_raise(CA_E_STORE,
		    "store: migration from schema %d to %d "
		    "failed; nothing was changed",
		    v, v + 1);
		return 0;
	}
	return 1;
}

static int
within(struct sql_conn *c, const char *first, int from, int64_t now)
{
	if (!sql_conn_exec(c, "BEGIN IMMEDIATE"))
		return 0;
	if (sql_conn_exec(c, first) && run_migrations(c, from, now) &&
	    sql_conn_exec(c, "COMMIT"))
		return 1;
	if (!sqlite3_get_autocommit(c->db))
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
	return 0;
}

int
schema_create(struct sql_conn *c, int64_t now)
{
	char first[256];

	snprintf(first, sizeof(first),
	    "CREATE TABLE schema_version ("
	    " version INTEGER PRIMARY KEY, applied INTEGER NOT NULL) STRICT;"
	    "INSERT INTO schema_version VALUES (0, %lld)",
	    (long long)now);
	return within(c, first, 0, now);
}

int
schema_migrate(struct sql_conn *c, int from, int64_t now)
{
	return from == STORE_SCHEMA_VERSION || within(c, "", from, now);
}

static int
read_version(struct sql_conn *c, int *version)
{
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(c->db,
	    "SELECT max(version) FROM "
	    "schema_version",
	    -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_INTEGER)
		*version = sqlite3_column_int(st, 0);
	else if (rc == SQLITE_ROW)
		rc = SQLITE_ERROR;
	sqlite3_finalize(st);
	return rc;
}

int
schema_check(struct sql_conn *c, const char *path, int *version)
{
	int rc = read_version(c, version);

	if ((rc & 0xff) == SQLITE_ERROR || (rc & 0xff) == SQLITE_NOTADB) {
		ca_raise(CA_E_STORE, "%s: not a store of Inkan", path);
		return 0;
	}
	if (rc != SQLITE_ROW) {
		sql_raise(c->db, path);
		return 0;
	}
	if (*version <= STORE_SCHEMA_VERSION)
		return 1;
	ca_raise(CA_E_STORE, "%s: store has schema %d, this program knows %d",
	    path, *version, STORE_SCHEMA_VERSION);
	return 0;
}
