#ifndef TESTS_UNIT_CA_AUDIT_RIG_H
#define TESTS_UNIT_CA_AUDIT_RIG_H

/* A store with certificates and their entries, and a small publisher: it writes
   the tiles by their definition and signs with a key in software. */

#include "tests/unit/ca/store/temp.h"
#include "tests/unit/ca/log/rig.h"
#include "ca/audit/audit.h"
#include "ca/log/leaf.h"
#include "ca/store/logs.h"

#define ORIGIN "log.example/demo"
#define LEAVES_MAX 70000
#define FOUND_MAX 64

struct rig {
	struct temp *t;
	char pub[300];			/* the published log */
	EVP_PKEY *pkey;
	struct note_key key;
	char *leaf[LEAVES_MAX];		/* two octets of length, octets */
	struct log_hash hash[LEAVES_MAX];
	uint64_t n;
	char *note;			/* the last checkpoint */
	char found[16384];		/* findings, a line for each */
	struct audit_result result;
};

static inline void
rig_detail_hex(WIRE_FIELDS *l, const char *name, const unsigned char *p,
    size_t len)
{
	char hex[65];
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[i]);
	assert_true(field_add_text(l, name, hex));
}

/* An entry about a certificate. */
static inline int
rig_entry(struct store_tx *tx, const char *kind, const struct cert_row *row,
    const char *reason)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	assert_true(field_add_text(l, "issuer", "devices-g1"));
	rig_detail_hex(l, "serial", row->serial, row->serial_len);
	if (strncmp(kind, "issue.", 6) == 0)
		rig_detail_hex(l, "tbs_sha256", row->tbs_sha256, 32);
	if (strcmp(kind, "issue.reserved") == 0)
		assert_true(field_add_text(l, "subject", row->subject) &&
		    field_add_text(l, "fleet", row->fleet) &&
		    field_add_text(l, "device", row->device));
	if (strcmp(kind, "issue.recorded") == 0)
		rig_detail_hex(l, "cert_sha256", row->cert_sha256, 32);
	if (reason != NULL)
		assert_true(field_add_text(l, "reason", reason));
	ok = entries_append(tx, kind, NOW, l, NULL);
	field_list_free(l);
	return ok;
}

/* Certificate ${n}: two entries. */
static inline int
rig_issue(struct store_tx *tx, void *arg)
{
	struct temp *t = ((void **)arg)[0];
	unsigned n = *(unsigned *)((void **)arg)[1];
	struct cert_row row;

	temp_row(t, &row, n);
	return temp_issue(tx, &row) && certs_by_id(tx, row.id, &row) == 1 &&
	    rig_entry(tx, "issue.reserved", &row, NULL) &&
	    rig_entry(tx, "issue.recorded", &row, NULL);
}

static inline int
rig_revoke(struct store_tx *tx, void *arg)
{
	struct cert_row row;

	return certs_by_id(tx, *(int64_t *)arg, &row) == 1 &&
	    certs_set_state(tx, row.id, CERT_REVOKED, 4, NOW) &&
	    rig_entry(tx, "revoke", &row, "superseded");
}

static inline void
rig_add(struct rig *r, unsigned from, unsigned to)
{
	unsigned n;

	for (n = from; n < to; n++)
		WRITE(r->t, rig_issue, ((void *[]){r->t, &n}));
}

/* ---- publishing --------------------------------------------------------- */

static inline int
rig_take(const struct entry_row *row, void *arg)
{
	struct rig *r = arg;
	char *p = OPENSSL_malloc(2 + row->leaf_len);

	assert_true(r->n < LEAVES_MAX);
	p[0] = (char)(row->leaf_len >> 8);
	p[1] = (char)row->leaf_len;
	memcpy(p + 2, row->leaf, row->leaf_len);
	r->leaf[r->n] = p;
	return log_leaf_hash(row->leaf, row->leaf_len, &r->hash[r->n++]);
}

static inline int
rig_read(struct store_tx *tx, void *arg)
{
	return entries_list(tx, (int64_t)((struct rig *)arg)->n, 0, rig_take,
	    arg);
}

static inline struct log_hash
rig_root(struct rig *r, uint64_t start, uint64_t n)
{
	struct log_frontier f = {0};
	struct log_hash h;
	uint64_t i;

	for (i = 0; i < n; i++)
		assert_true(log_frontier_add(&f, &r->hash[start + i]));
	assert_true(log_frontier_root(&f, &h));
	return h;
}

static inline int
rig_tile(const struct log_tile *t, void *arg)
{
	struct rig *r = arg;
	char name[LOG_TILE_NAME_MAX], path[700], cmd[800];
	uint64_t each, i, at;
	struct log_hash h;
	FILE *f;

	log_tile_name(t, name);
	snprintf(path, sizeof(path), "%s/%s", r->pub, name);
	snprintf(cmd, sizeof(cmd), "mkdir -p $(dirname %s)", path);
	assert_int_equal(system(cmd), 0);
	assert_non_null(f = fopen(path, "wb"));
	for (i = 0; i < t->width; i++) {
		at = t->index * LOG_TILE_WIDTH + i;
		if (t->level == LOG_LEVEL_ENTRIES) {
			fwrite(r->leaf[at], 1, 2 + ((unsigned char)
			    r->leaf[at][0] << 8 | (unsigned char)r->leaf[at][1]),
			    f);
			continue;
		}
		each = (uint64_t)1 << 8 * t->level;
		h = rig_root(r, at * each, each);
		fwrite(h.b, 1, LOG_HASH, f);
	}
	assert_int_equal(fclose(f), 0);
	return 1;
}

static inline void
rig_write(struct rig *r, const char *name, const char *text)
{
	char path[700];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", r->pub, name);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static inline int
rig_remember(struct store_tx *tx, void *arg)
{
	struct rig *r = arg;
	struct log_row log = {.time = NOW};
	struct log_checkpoint_row row = {.log = 1, .size = (int64_t)r->n,
	    .time = NOW, .note = r->note};
	struct log_hash root = rig_root(r, 0, r->n);

	memcpy(row.root, root.b, LOG_HASH);
	snprintf(log.origin, sizeof(log.origin), ORIGIN);
	assert_true(note_key_print(&r->key, log.vkey, sizeof(log.vkey)));
	return (logs_last(tx, &(struct log_row){0}) == 1 ||
		   logs_add(tx, &log)) && logs_checkpoint_add(tx, &row);
}

/* What the store has now, as the next checkpoint. */
static inline void
rig_publish(struct rig *r)
{
	struct log_checkpoint c = {.origin = ORIGIN};
	char text[512], vkey[NOTE_VKEY_MAX + 1];
	uint64_t from = r->n;

	READ(r->t, rig_read, r);
	c.size = r->n;
	c.root = rig_root(r, 0, r->n);
	assert_true(log_tile_new(from, r->n, rig_tile, r));
	assert_true(checkpoint_print(&c, text, sizeof(text)));
	OPENSSL_free(r->note);
	r->note = signed_text(text, &r->key, r->pkey, 0, NULL);
	rig_write(r, "checkpoint", r->note);
	assert_true(note_key_print(&r->key, vkey, sizeof(vkey) - 1));
	rig_write(r, "log.vkey", strcat(vkey, "\n"));
	WRITE(r->t, rig_remember, r);
}

static inline int
rig_make(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	if (temp_make((void **)&r->t) != 0)
		return -1;
	snprintf(r->pub, sizeof(r->pub), "%s/log", r->t->dir);
	r->pkey = ed25519(5);
	*state = r;
	return mkdir(r->pub, 0700) == 0 &&
		note_key_set(&r->key, ORIGIN, r->pkey, 0)
	    ? 0
	    : -1;
}

static inline int
rig_remove(void **state)
{
	struct rig *r = *state;
	void *t = r->t;
	uint64_t i;

	for (i = 0; i < r->n; i++)
		OPENSSL_free(r->leaf[i]);
	note_key_clear(&r->key);
	EVP_PKEY_free(r->pkey);
	OPENSSL_free(r->note);
	free(r);
	return temp_remove(&t);
}

/* ---- auditing ----------------------------------------------------------- */

static inline void
rig_found(void *arg, const struct audit_finding *f)
{
	struct rig *r = arg;
	size_t n = strlen(r->found);

	snprintf(r->found + n, sizeof(r->found) - n, "%s %lld %s %s: %s\n",
	    f->what, (long long)f->index, f->issuer, f->serial, f->text);
}

enum rig_sides { OF_STORE = 1, OF_LOG = 2 };

static inline void
rig_audit(struct rig *r, int sides, const struct log_checkpoint *since)
{
	struct log_checkpoint head;
	struct audit_config c = {.key = &r->key, .since = since,
	    .found = rig_found, .arg = r};
	char *note = NULL, why[1024];

	r->found[0] = '\0';
	if (sides & OF_STORE)
		c.store = r->t->store;
	if (sides & OF_LOG) {
		assert_non_null(c.source = source_open(r->pub));
		assert_true(source_checkpoint(c.source, &r->key, &head, &note));
		c.head = &head;
	}
	if (!audit_run(&c, &r->result)) {
		report_trace(why, sizeof(why));
		fail_msg("audit: %s", why);
	}
	assert_int_equal(ERR_peek_error(), 0);
	OPENSSL_free(note);
	source_free(c.source);
}

static inline void
rig_is_well(struct rig *r, int sides)
{
	rig_audit(r, sides, NULL);
	assert_string_equal(r->found, "");
	assert_int_equal(r->result.findings, 0);
}

/* ${text} is among the findings. */
static inline void
rig_has(struct rig *r, const char *text)
{
	if (strstr(r->found, text) == NULL)
		fail_msg("no \"%s\" in:\n%s", text, r->found);
}

/* By hand, as somebody who has the file. */
static inline int
rig_sql_tx(struct store_tx *tx, void *arg)
{
	return sql_conn_exec(tx->conn, arg);
}
static inline void
rig_sql(struct rig *r, const char *text)
{
	RUN(r->t, rig_sql_tx, (void *)(uintptr_t)text);
}

#endif
