#include <string.h>
#include <openssl/crypto.h>
#include "ca/log/tree.h"
#include "ca/store/private.h"
#include "ca/store/records.h"

/* Entry and row are written with one time, but clocks step a little. */
#define ABOUT 2		/* seconds */

struct finding {
	const char *kind, *issuer, *serial;
	int64_t until;		/* entries after this time are not looked at */
	struct entry_row *out;
	int found;		/* 1, 0 not yet, -1 raised */
};

static int
is_text(const WIRE_FIELDS *l, const char *name, const char *want)
{
	const char *text = field_text(l, name, NULL);

	return text != NULL && strcmp(text, want) == 0;
}

/* Most details are told apart without being decoded. Some are lost: NULL. */
static int
tells_of(const struct entry_row *row, const struct finding *f)
{
	WIRE_FIELDS *l;
	int ok;

	if (strcmp(row->kind, f->kind) != 0 || row->detail == NULL ||
	    memmem(row->detail, row->detail_len, f->serial,
		strlen(f->serial)) == NULL)
		return 0;
	ERR_set_mark();
	l = field_list_decode(row->detail, row->detail_len);
	ERR_pop_to_mark();
	ok = l != NULL && is_text(l, "serial", f->serial) &&
	    is_text(l, "issuer", f->issuer);
	field_list_free(l);
	return ok;
}

static int
copy(const struct entry_row *row, struct entry_row *out)
{
	*out = *row;
	out->detail = OPENSSL_memdup(row->detail, row->detail_len);
	out->leaf = OPENSSL_memdup(row->leaf, row->leaf_len);
	if (out->detail != NULL && out->leaf != NULL)
		return 1;
	entries_row_clear(out);
	ca_raise(CA_E_INTERNAL, "out of memory");
	return -1;
}

static int
take(const struct entry_row *row, void *arg)
{
	struct finding *f = arg;

	if (row->time > f->until)
		return 0;
	if (tells_of(row, f))
		f->found = copy(row, f->out);
	return f->found == 0;
}

int
entries_at(struct store_tx *tx, int64_t when, int64_t *out)
{
	int64_t low = 0, high = 0, mid, t;

	if (!entries_count(tx, &high))
		return 0;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (sql_number(tx, &t, "SELECT time FROM entries WHERE idx = ?",
			"i", mid) != 1)
			break;
		if (t < when)
			low = mid + 1;
		else
			high = mid;
	}
	*out = low;
	return 1;
}

int
entries_about(struct store_tx *tx, const char *kind, const char *issuer,
    const char *serial, int64_t when, struct entry_row *out)
{
	struct finding f = {.kind = kind, .issuer = issuer, .serial = serial,
	    .until = when + ABOUT, .out = out};
	int64_t from = 0;

	memset(out, 0, sizeof(*out));
	if (when != 0 && (!entries_at(tx, when - ABOUT, &from) ||
			     !entries_list(tx, from, 0, take, &f)))
		return -1;
	if (f.found != 0)
		return f.found;
	f.until = INT64_MAX;
	return entries_list(tx, 0, 0, take, &f) ? f.found : -1;
}

static int
take_last(const struct entry_row *row, void *arg)
{
	static const char *const kinds[] = {"revoke", "hold", "release"};
	struct finding *f = arg;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		f->kind = kinds[i];
		if (!tells_of(row, f))
			continue;
		entries_row_clear(f->out);
		f->found = copy(row, f->out);
	}
	return f->found >= 0;
}

int
entries_last_state(struct store_tx *tx, int64_t from, const char *issuer,
    const char *serial, struct entry_row *out)
{
	struct finding f = {.issuer = issuer, .serial = serial, .out = out};

	memset(out, 0, sizeof(*out));
	return entries_list(tx, from, 0, take_last, &f) ? f.found : -1;
}

int
entries_hash(unsigned level, uint64_t index, struct log_hash *out, void *arg)
{
	struct store_tx *tx = arg;
	struct log_frontier f = {0};
	struct log_hash h;
	unsigned char *leaf;
	struct sql *s = NULL;
	size_t len;
	int found = -1, ok = 1;

	if (level < 63 && index < UINT64_C(1) << (63 - level))
		s = sql_open(tx,
		    "SELECT leaf FROM entries WHERE idx >= ? AND idx < ?"
		    " ORDER BY idx",
		    "ii", (int64_t)(index << level),
		    (int64_t)((index + 1) << level));
	while (s != NULL && ok && (found = sql_step(s)) == 1) {
		ok = sql_copy(s, 0, &leaf, &len) &&
		    log_leaf_hash(leaf, len, &h) && log_frontier_add(&f, &h);
		OPENSSL_free(leaf);
	}
	sql_close(s);
	if (ok && found == 0 && f.size == UINT64_C(1) << level)
		return log_frontier_root(&f, out);
	ca_raise(CA_E_STORE, "log: entries from %llu on are not all there",
	    (unsigned long long)(index << level));
	return 0;
}
