#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/records.h"
#include "ca/engine/ops.h"

/* Secrets for HTTP Basic: shown once, kept as salt and hash. */

#define TTL_MAX (10 * 365 * 86400LL)

struct making {
	struct ops_call *c;
	struct secret_row row;
	const char *kind;
};

static int
entry(struct store_tx *tx, const struct making *m)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "user", m->row.user) &&
	    field_add_text(l, "fleets", m->row.fleets) &&
	    field_add_text(l, "device", m->row.device) &&
	    field_add_flag(l, "reusable", m->row.reusable) &&
	    field_add_time(l, "expires", m->row.expires) &&
	    field_add_text(l, "who", m->c->who) &&
	    entries_append(tx, m->kind, m->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
new_tx(struct store_tx *tx, void *arg)
{
	struct making *m = arg;

	return secrets_add(tx, &m->row) && entry(tx, m);
}

/* Every fleet must exist and take Basic; joined by commas. */
static int
take_fleets(struct ops_call *c, struct secret_row *row)
{
	struct policy *p = ca_policy(c->ca);
	const struct fleet *f;
	const char *name;
	size_t i, n = field_count(c->args, "fleet"), len = 0;
	int ok = 1;

	for (i = 0; ok && i < n; i++) {
		name = field_get_text(field_find(c->args, "fleet", i));
		f = policy_fleet(p, name);
		if (f == NULL)
			ok = ops_not_found(c, "fleet", "no fleet \"%s\"",
			    name);
		else if (!f->basic)
			ok = ops_bad(c, "fleet", "fleet %s does not take "
			    "HTTP Basic", name);
		else if (len + strlen(name) + 2 > sizeof(row->fleets))
			ok = ops_bad(c, "fleet", "too many fleets");
		else
			len += (size_t)snprintf(row->fleets + len,
			    sizeof(row->fleets) - len, "%s%s",
			    i > 0 ? "," : "", name);
	}
	policy_put(p);
	return ok;
}

static int
make_user(struct secret_row *row, const char *chosen)
{
	unsigned char r[6];
	char hex[13];

	if (chosen != NULL && chosen[0] != '\0') {
		snprintf(row->user, sizeof(row->user), "%s", chosen);
		return 1;
	}
	if (RAND_bytes(r, sizeof(r)) != 1)
		return 0;
	ops_hex(r, sizeof(r), hex);
	snprintf(row->user, sizeof(row->user), "u-%s", hex);
	return 1;
}

static int
user_ok(const char *user)
{
	for (; *user != '\0'; user++)
		if (*user == ':' || *user == 0x7f ||
		    (unsigned char)*user <= ' ')
			return 0;
	return 1;
}

static int
take_secret(struct ops_call *c, struct secret_row *row)
{
	const char *user = ops_text(c, "user"), *device = ops_text(c, "device");
	int64_t ttl = field_int(c->args, "ttl", 0);

	if (user != NULL && !user_ok(user))
		return ops_bad(c, "user", "a user name holds no colon, no "
		    "space and no control character (RFC 7617)");
	if (ttl < 0 || ttl > TTL_MAX)
		return ops_bad(c, "ttl", "not within 1 s and 10 years");
	snprintf(row->device, sizeof(row->device), "%s",
	    device == NULL ? "" : device);
	row->reusable = field_flag(c->args, "reusable", 0);
	row->created = c->now;
	row->expires = ttl > 0 ? c->now + ttl : 0;
	return take_fleets(c, row) && make_user(row, user);
}

int
ops_secret_new(struct ops_call *c)
{
	WIRE_FIELDS *v = c->answer->values;
	struct making m = {.c = c, .kind = "secret.new"};
	const char *chosen = ops_text(c, "secret");
	char secret[64] = "";
	int ok;

	c->o.authenticated = 1;
	if (chosen != NULL && chosen[0] == '\0')
		chosen = NULL;	/* then it is ours to make, and to show */
	ok = take_secret(c, &m.row) &&
	    auth_secret_make(&m.row, chosen, secret, sizeof(secret)) &&
	    store_write(c->ca->store, new_tx, &m, 0) &&
	    field_add_text(v, "user", m.row.user) &&
	    (chosen != NULL || field_add_text(v, "secret", secret)) &&
	    field_add_text(v, "fleets", m.row.fleets) &&
	    field_add_flag(v, "reusable", m.row.reusable) &&
	    field_add_time(v, "expires", m.row.expires);
	if (ok)
		report_event(REPORT_INFO, "secret.new", "req", c->req, "who",
		    c->who, "user", m.row.user, "fleets", m.row.fleets, NULL);
	OPENSSL_cleanse(secret, sizeof(secret));
	return ok;
}

struct listing {
	struct ops_call *c;
	int64_t last;
	int failed;
};

static int
add_secret(WIRE_FIELDS *l, const struct secret_row *row)
{
	return l != NULL && field_add_text(l, "user", row->user) &&
	    field_add_text(l, "fleets", row->fleets) &&
	    field_add_text(l, "device",
	    row->device[0] != '\0' ? row->device : NULL) &&
	    field_add_flag(l, "reusable", row->reusable) &&
	    field_add_flag(l, "revoked", row->revoked) &&
	    field_add_time(l, "expires", row->expires) &&
	    field_add_time(l, "used_at", row->used_at);
}

static int
list_one(const struct secret_row *row, void *arg)
{
	struct listing *l = arg;

	l->last = row->id;
	l->failed = !add_secret(message_add_row(l->c->answer), row);
	return !l->failed && ops_room(l->c);
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;

	return secrets_list(tx, ops_cursor(l->c), ops_limit(l->c), list_one,
	    l);
}

int
ops_secret_list(struct ops_call *c)
{
	struct listing l = {.c = c};

	return ops_read(c, list_tx, &l) && !l.failed &&
	    ops_set_cursor(c, l.last, message_n_rows(c->answer));
}

static int
revoke_tx(struct store_tx *tx, void *arg)
{
	struct making *m = arg;
	int found = secrets_get(tx, ops_text(m->c, "user"), &m->row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "user: no secret of \"%s\"",
		    ops_text(m->c, "user"));
	return found == 1 && secrets_revoke(tx, m->row.id) && entry(tx, m);
}

int
ops_secret_revoke(struct ops_call *c)
{
	struct making m = {.c = c, .kind = "secret.revoke"};

	c->o.authenticated = 1;
	if (!store_write(c->ca->store, revoke_tx, &m, STORE_URGENT))
		return 0;
	report_event(REPORT_INFO, "secret.revoked", "req", c->req, "who",
	    c->who, "user", m.row.user, NULL);
	return field_add_text(c->answer->values, "user", m.row.user);
}
