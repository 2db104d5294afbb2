#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "ca/store/private.h"
#include "ca/store/where.h"

#define PAGE_SPAN 100000 /* looked at for a page, at most */

#define COLUMNS                                                                \
	"SELECT c.id, c.issuer, i.ident, c.serial, c.state, c.reason,"         \
	" c.shard, c.invalidity, c.not_after, c.profile, c.fleet, c.device,"   \
	" coalesce(d.id, 0)"
#define N_COLUMNS 13

#define TABLES                                                                 \
	" FROM certs c JOIN issuers i ON i.id = c.issuer"                      \
	" LEFT JOIN devices d ON d.fleet = c.fleet AND d.name = c.device"

/* Parameters: 1 after, 2 upto, 3 rows, 4 now; a condition has two from 5 on:
   its value and the name of its field. */
#define PARAM(i) (5 + 2 * (int)(i))

struct builder {
	char text[8192];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct builder *b, const char *fmt, ...)
{
	size_t room = sizeof(b->text) - b->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(b->text + b->len, room, fmt, ap);
	va_end(ap);
	b->len += n < 0 || (size_t)n >= room ? room - 1 : (size_t)n;
}

/* The value of a condition, as SQL. fleet || '' keeps an index from being used
   that has another order than the pages. */
static void
expression(struct builder *b, const struct where *w, size_t i)
{
	static const char *const TEXT[] = {[WHERE_ISSUER] = "i.ident",
	    [WHERE_PROFILE] = "c.profile",
	    [WHERE_FLEET] = "(c.fleet || '')",
	    [WHERE_DEVICE] = "(c.device || '')",
	    [WHERE_STATE] = "c.state",
	    [WHERE_AUTH] = "c.auth",
	    [WHERE_SUBJECT] = "c.subject",
	    [WHERE_SERIAL] = "c.serial",
	    [WHERE_SPKI] = "c.spki_sha256",
	    [WHERE_ISSUED] = "c.recorded_at",
	    [WHERE_EXPIRES] = "c.not_after",
	    [WHERE_DEVICE_SERIAL] = "nullif(d.serial, '')"};

	if (w->cond[i].name == WHERE_FIELD)
		add(b,
		    "(SELECT f.value FROM device_fields f"
		    " WHERE f.device = d.id AND f.name = ?%d)",
		    PARAM(i) + 1);
	else
		add(b, "%s", TEXT[w->cond[i].name]);
}

static void
condition(struct builder *b, const struct where *w, size_t i)
{
	static const char *const OPS[] = {[WHERE_EQ] = "=",
	    [WHERE_NE] = "<>",
	    [WHERE_LT] = "<",
	    [WHERE_LE] = "<=",
	    [WHERE_GT] = ">",
	    [WHERE_GE] = ">="};
	const struct where_cond *c = &w->cond[i];

	if (c->name == WHERE_ISSUER) { /* by ident, or by name */
		add(b, " AND %s(i.ident = ?%d OR i.name = ?%d)",
		    c->op == WHERE_NE ? "NOT " : "", PARAM(i), PARAM(i));
		return;
	}
	add(b, " AND ");
	expression(b, w, i);
	add(b, " %s ?%d", OPS[c->op], PARAM(i));
}

static int
names(const struct where *w, enum where_name name)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->cond[i].name == name)
			return 1;
	return 0;
}

static int
build(const struct where *w, struct builder *b)
{
	size_t i;

	add(b, COLUMNS);
	for (i = 0; i < w->n; i++)
		if (!w->cond[i].here) {
			add(b, ", ");
			expression(b, w, i);
		}
	add(b, TABLES " WHERE c.id > ?1 AND c.id <= ?2");
	if (!names(w, WHERE_STATE))
		add(b, " AND c.state IN (2, 3)");
	if (!names(w, WHERE_EXPIRES))
		add(b, " AND c.not_after >= ?4");
	for (i = 0; i < w->n; i++)
		if (w->cond[i].here)
			condition(b, w, i);
	add(b, " ORDER BY c.id LIMIT ?3");
	if (b->len < sizeof(b->text) - 1)
		return 1;
	ca_raise(CA_E_INTERNAL, "store: too many conditions");
	return 0;
}

static int
bind_cond(struct sql *s, const struct where_cond *c, int i)
{
	if (c->name == WHERE_FIELD && !sql_bind_text(s, i + 1, c->field))
		return 0;
	if (!c->here)
		return 1;
	switch (c->name) {
	case WHERE_STATE:
	case WHERE_ISSUED:
	case WHERE_EXPIRES:
		return sql_bind_int(s, i, c->number);
	case WHERE_SERIAL:
	case WHERE_SPKI:
		return sql_bind_bytes(s, i, c->bytes, c->n_bytes);
	default:
		return sql_bind_text(s, i, c->text);
	}
}

static struct sql *
open_page(struct store_tx *tx, const struct where *w, int64_t now,
    int64_t after, int64_t upto)
{
	struct builder b = {.len = 0};
	struct sql *s;
	size_t i;
	int ok;

	if (!build(w, &b) || (s = sql_open_once(tx, b.text)) == NULL)
		return NULL;
	ok = sql_bind_int(s, 1, after) && sql_bind_int(s, 2, upto) &&
	    sql_bind_int(s, 3, WHERE_PAGE_ROWS) &&
	    (names(w, WHERE_EXPIRES) || sql_bind_int(s, 4, now));
	for (i = 0; ok && i < w->n; i++)
		ok = bind_cond(s, &w->cond[i], PARAM(i));
	if (ok)
		return s;
	sql_close(s);
	return NULL;
}

static void
load(struct sql *s, const struct where *w, struct where_row *r)
{
	int column = N_COLUMNS;
	size_t i;

	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	r->issuer = sql_int(s, 1);
	sql_text(s, 2, r->issuer_ident, sizeof(r->issuer_ident));
	r->serial_len = sql_bytes(s, 3, r->serial, sizeof(r->serial));
	r->state = (enum cert_state)sql_int(s, 4);
	r->reason = (int)sql_int(s, 5);
	r->shard = (int)sql_int(s, 6);
	r->invalidity = sql_int(s, 7);
	r->not_after = sql_int(s, 8);
	sql_text(s, 9, r->profile, sizeof(r->profile));
	sql_text(s, 10, r->fleet, sizeof(r->fleet));
	sql_text(s, 11, r->device, sizeof(r->device));
	r->device_id = sql_int(s, 12);
	for (i = 0; i < w->n; i++)
		if (!w->cond[i].here)
			r->value[i] = (const char *)sqlite3_column_text(
			    s->stmt, column++);
}

int
where_page(struct store_tx *tx, const struct where *w, int64_t now,
    int64_t after, int64_t upto, int64_t *next,
    int (*cb)(const struct where_row *row, void *arg), void *arg)
{
	int64_t end = upto - after > PAGE_SPAN ? after + PAGE_SPAN : upto;
	struct sql *s = open_page(tx, w, now, after, end);
	struct where_row row;
	int found = -1, n = 0;

	*next = end;
	while (s != NULL && (found = sql_step(s)) == 1) {
		load(s, w, &row);
		if (++n == WHERE_PAGE_ROWS)
			*next = row.id;
		if (!cb(&row, arg))
			break;
	}
	sql_close(s);
	return found >= 0;
}

int
where_last(struct store_tx *tx, int64_t *out)
{
	*out = 0;
	return sql_number(tx, out, "SELECT max(id) FROM certs", "") >= 0;
}

int
where_field_known(struct store_tx *tx, const char *name)
{
	int64_t device;

	return sql_number(tx, &device,
	    "SELECT device FROM device_fields WHERE name = ? LIMIT 1", "t",
	    name);
}
