#include <sqlite3.h>
#include "tests/unit/ca/store/temp.h"

/* A file of version ${v} with ${sql} in it, in place of the store. */
static void
make_old(struct temp *t, int v, const char *sql)
{
	char cmd[400], text[250];
	sqlite3 *db = NULL;

	store_close(t->store);
	t->store = NULL;
	snprintf(cmd, sizeof(cmd), "rm -f %s*", t->path);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
	snprintf(text, sizeof(text),
	    "CREATE TABLE schema_version (version"
	    " INTEGER PRIMARY KEY, applied INTEGER NOT NULL) STRICT;"
	    "INSERT INTO schema_version VALUES (%d, 1)",
	    v);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static int64_t
query(struct temp *t, const char *sql)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int64_t n = -1;

	if (sqlite3_open(t->path, &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static void
migrates_version_0(void **state)
{
	struct temp *t = *state;

	make_old(t, 0,
	    "CREATE TABLE kept (n INTEGER);"
	    "INSERT INTO kept VALUES (7)");
	assert_null(temp_open(t, STORE_READ));
	assert_raised(CA_E_STORE, t->path);
	t->store = temp_open(t, STORE_WRITE);
	assert_non_null(t->store);
	WRITE(t, temp_add_issuer, t);
	assert_int_equal(query(t, "SELECT n FROM kept"), 7);
	assert_int_equal(query(t, "SELECT max(version) FROM schema_version"),
	    STORE_SCHEMA_VERSION);
	assert_int_equal(query(t,
			     "SELECT applied FROM schema_version WHERE"
			     " version = 1"),
	    NOW);
	/* Once only. */
	store_close(t->store);
	t->store = temp_open(t, STORE_WRITE);
	assert_non_null(t->store);
	assert_int_equal(query(t, "SELECT count(*) FROM schema_version"),
	    STORE_SCHEMA_VERSION + 1);
}

static char *
read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(f);
	assert_non_null(text);
	assert_in_range(fread(text, 1, 65535, f), 1, 65534);
	fclose(f);
	return text;
}

/* Tables and indices of a migrated store that a new one has not, and the other way
   round. */
static int64_t
differences(struct temp *t)
{
	static const char compare[] =
	    "WITH old AS (SELECT name, sql FROM main.sqlite_schema WHERE name"
	    " <> 'schema_version'), fresh AS (SELECT name, sql FROM"
	    " new.sqlite_schema WHERE name <> 'schema_version')"
	    " SELECT (SELECT count(*) FROM (SELECT * FROM old EXCEPT SELECT *"
	    " FROM fresh)) + (SELECT count(*) FROM (SELECT * FROM fresh EXCEPT"
	    " SELECT * FROM old))";
	char attach[350];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	void *state = NULL;
	const struct temp *other;
	int64_t n = -1;

	assert_int_equal(temp_make(&state), 0);
	other = state;
	snprintf(attach, sizeof(attach), "ATTACH '%s' AS new", other->path);
	assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, compare, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	temp_remove(&state);
	return n;
}

/* A store as an older release left it, in its golden file, with a row of each kind
   that changed: readers refuse it, the writer migrates it, and its tables are
   then those of a new one. */
static void
migrate_golden(struct temp *t, int version)
{
	char path[64], *text;

	snprintf(path, sizeof(path), "tests/golden/store-%d.sql", version);
	text = read_text(path);
	make_old(t, 0, text);
	free(text);
	assert_null(temp_open(t, STORE_READ));
	assert_raised(CA_E_STORE, t->path);
	t->store = temp_open(t, STORE_WRITE);
	assert_non_null(t->store);
	assert_int_equal(query(t, "SELECT count(*) FROM schema_version"),
	    STORE_SCHEMA_VERSION + 1);
	assert_int_equal(query(t, "SELECT count(*) FROM"
	    " pragma_foreign_key_check"), 0);
	assert_int_equal(differences(t), 0);
}

static void
migrates_version_1(void **state)
{
	struct temp *t = *state;

	migrate_golden(t, 1);
	assert_int_equal(query(t, "SELECT crl_shards FROM issuers"), 0);
	assert_int_equal(query(t, "SELECT shard FROM certs"), 0);
	assert_int_equal(query(t, "SELECT reason FROM certs"), 4);
	assert_int_equal(query(t, "SELECT number FROM crls"), 12);
	assert_int_equal(query(t, "SELECT octets FROM crls"), 3);
	assert_int_equal(query(t, "SELECT anchor FROM devices"), 0);
}

static void
migrates_version_2(void **state)
{
	struct temp *t = *state;

	migrate_golden(t, 2);
	assert_int_equal(query(t, "SELECT crl_shards FROM issuers"), 4);
	assert_int_equal(query(t, "SELECT invalidity FROM certs"), 900);
	assert_int_equal(query(t, "SELECT shard FROM crls"), 3);
	assert_int_equal(query(t, "SELECT change FROM crls_owed"), 1);
	assert_int_equal(query(t, "SELECT generation FROM pending_cas"), 2);
	assert_int_equal(query(t, "SELECT subject FROM ca_certs"), 1);
	assert_int_equal(query(t, "SELECT retired_at FROM devices"), 1200);
	assert_int_equal(query(t, "SELECT stage FROM campaigns c JOIN"
	    " campaign_certs d ON d.campaign = c.id"), 100);
	assert_int_equal(query(t, "SELECT count(*) FROM logs"), 0);
}

static void
migrates_version_3(void **state)
{
	struct temp *t = *state;

	migrate_golden(t, 3);
	assert_int_equal(query(t, "SELECT applied FROM schema_version WHERE"
	    " version = 3"), 1000);
	assert_int_equal(query(t, "SELECT crl_shards FROM issuers"), 4);
	assert_int_equal(query(t, "SELECT shard FROM certs"), 3);
	assert_int_equal(query(t, "SELECT number FROM crls"), 12);
	assert_int_equal(query(t, "SELECT anchor_at FROM devices"), 1100);
	assert_int_equal(query(t, "SELECT late_renewal FROM devices"), 0);
	assert_int_equal(query(t, "SELECT size FROM log_checkpoints"), 1);
	assert_int_equal(query(t, "SELECT need FROM parked p JOIN"
	    " parked_approvals a ON a.request = p.id"), 2);
	assert_int_equal(query(t, "SELECT due FROM superseded"), 1900);
	assert_int_equal(query(t, "SELECT count(*) FROM parked_enrol"), 0);
	assert_int_equal(query(t, "SELECT count(*) FROM cert_facts"), 0);
	assert_int_equal(query(t, "SELECT count(*) FROM client_facts"), 0);
}

static void
migrates_version_4(void **state)
{
	struct temp *t = *state;

	migrate_golden(t, 4);
	assert_int_equal(query(t, "SELECT late_renewal FROM devices"), 1);
	assert_int_equal(query(t, "SELECT e.issuer FROM parked p JOIN"
	    " parked_enrol e ON e.request = p.id"), 1);
	assert_int_equal(query(t, "SELECT count FROM clients c JOIN"
	    " client_facts f ON f.client = c.id"), 7);
	assert_int_equal(query(t, "SELECT length(facts) FROM cert_facts"), 2);
	assert_int_equal(query(t, "SELECT count(*) FROM superseded WHERE due IS"
	    " NULL"), 1);
	assert_int_equal(query(t, "SELECT count(*) FROM nonces"), 0);
	assert_int_equal(query(t, "SELECT count(*) FROM evidence"), 0);
}

/* Who makes a new version leaves a store of the one before. */
static void
each_version_has_a_golden_file(void **state)
{
	char path[64];
	int v;

	(void)state;
	for (v = 1; v < STORE_SCHEMA_VERSION; v++) {
		snprintf(path, sizeof(path), "tests/golden/store-%d.sql", v);
		if (access(path, R_OK) != 0)
			fail_msg("%s is not there", path);
	}
}

static int
issue(struct store_tx *tx, void *arg)
{
	return temp_issue(tx, arg);
}

/* A migration that cannot be done leaves the store as it was. */
static void
undoes_what_fails(void **state)
{
	struct temp *t = *state;

	make_old(t, 0, "CREATE TABLE crls (n INTEGER)");
	assert_null(temp_open(t, STORE_WRITE));
	assert_raised(CA_E_STORE,
	    "store: migration from schema 0 to 1 "
	    "failed; nothing was changed");
	assert_int_equal(
	    query(t, "SELECT max(version) FROM schema_version"), 0);
	assert_int_equal(query(t,
			     "SELECT count(*) FROM sqlite_schema WHERE"
			     " type = 'table'"),
	    2);
}

static void
refuses_a_newer_store(void **state)
{
	struct temp *t = *state;
	char text[500];

	make_old(t, STORE_SCHEMA_VERSION + 1, "");
	snprintf(text, sizeof(text),
	    "%s: store has schema %d, this program "
	    "knows %d",
	    t->path, STORE_SCHEMA_VERSION + 1, STORE_SCHEMA_VERSION);
	assert_null(temp_open(t, STORE_WRITE));
	assert_raised(CA_E_STORE, text);
	assert_null(temp_open(t, STORE_READ));
	assert_raised(CA_E_STORE, text);
}

static void
refuses_a_store_without_version(void **state)
{
	struct temp *t = *state;

	make_old(t, 1, "DELETE FROM schema_version");
	assert_null(temp_open(t, STORE_WRITE));
	assert_raised(CA_E_STORE, t->path);
}

/* The database itself holds what must never be. */
static void
holds_the_rules(void **state)
{
	static const char *const refused[] = {
	    "INSERT INTO certs SELECT 2, issuer, serial, state, reason,"
	    " revoked_at, not_before, not_after, subject, profile,"
	    " policy_version, fleet, device, requester, auth, deviations,"
	    " spki_sha256, tbs_sha256, NULL, 0, 0, 0, 0, 0, 0, 0 FROM certs",
	    "UPDATE certs SET state = 6",
	    "UPDATE certs SET serial = x''",
	    "INSERT INTO entries VALUES (-1, 0, 'x', x'', x'', x'')",
	    "INSERT INTO meta VALUES ('a', NULL)",
	    "INSERT INTO cert_der VALUES (99, x'00')",
	    "DELETE FROM issuers",
	};
	struct temp *t = *state;
	struct cert_row row;
	sqlite3 *db = NULL;
	size_t i;

	temp_row(t, &row, 1);
	WRITE(t, issue, &row);
	assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) !=
		    SQLITE_CONSTRAINT)
			fail_msg("%s: %s", refused[i], sqlite3_errmsg(db));
	sqlite3_close(db);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(migrates_version_0),
	    T(migrates_version_1),
	    T(migrates_version_2),
	    T(migrates_version_3),
	    T(migrates_version_4),
	    T(each_version_has_a_golden_file),
	    T(undoes_what_fails),
	    T(refuses_a_newer_store),
	    T(refuses_a_store_without_version),
	    T(holds_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
