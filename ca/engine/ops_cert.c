#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ops.h"
#include "ca/engine/scope.h"

/* What an operator does with certificates. */

int
ops_take_operator(struct ops_call *c, struct operator_request *r,
    const char **set, size_t max)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	r->profile = ops_text(c, "profile");
	r->csr = field_bytes(c->args, "csr", &r->csr_len);
	r->fleet = ops_text(c, "fleet");
	r->device = ops_text(c, "device");
	r->once = field_flag(c->args, "once", 0);
	r->requester = c->who;
	r->by = PROFILE_BY_OPERATOR;
	r->n_set = field_count(c->args, "set");
	if (r->n_set > max)
		return ops_bad(c, "set", "more than %zu fields", max);
	for (i = 0; i < r->n_set; i++)
		set[i] = field_get_text(field_find(c->args, "set", i));
	r->set = set;
	return 1;
}

int
ops_issue_op(struct ops_call *c)
{
	struct policy *policy = ca_policy(c->ca);
	struct operator_request r;
	struct admission *a = NULL;
	struct admit_env env;
	const char *set[OPS_SET_MAX];
	int ok;

	c->o.authenticated = 1;
	ops_admit_env(c, policy, &env);
	ok = ops_take_operator(c, &r, set, OPS_SET_MAX) &&
	    admit_operator(&env, &r, &a, &c->o) && scope_admitted(c, a) &&
	    (a->existing != 0 ? ops_answer_again(c, a->existing)
			      : ops_issue(c, a));
	admit_free(a);
	policy_put(policy);
	return ok;
}

struct listing {
	struct ops_call *c;
	struct cert_filter f;
	unsigned char serial[64];
	size_t serial_len;
	int64_t last;
	size_t n;
	int failed;
};

static int
same(const char *want, const char *have)
{
	return want == NULL || strcmp(want, have) == 0;
}

static int
of_issuer(const struct listing *l, const struct cert_row *row)
{
	const struct issuer *is =
	    issuer_set_find(&l->c->ca->issuers, row->issuer_ident);

	return same(l->f.issuer, row->issuer_ident) ||
	    (is != NULL && same(l->f.issuer, is->row.name));
}

/* The other filters, for rows that were found by serial. */
static int
wanted(const struct listing *l, const struct cert_row *row)
{
	const struct cert_filter *f = &l->f;

	return of_issuer(l, row) && same(f->profile, row->profile) &&
	    same(f->fleet, row->fleet) && same(f->device, row->device) &&
	    (f->state == 0 || f->state == (int)row->state) &&
	    (f->subject == NULL || strstr(row->subject, f->subject)) &&
	    (f->expires_before == 0 || row->not_after < f->expires_before);
}

static int
list_one(const struct cert_row *row, void *arg)
{
	struct listing *l = arg;

	if (l->serial_len > 0 && !wanted(l, row))
		return 1;
	l->last = row->id;
	l->n++;
	l->failed = !ops_add_cert(message_add_row(l->c->answer), row);
	return !l->failed && ops_room(l->c);
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;

	if (l->serial_len > 0)
		return certs_all_by_serial(tx, l->serial, l->serial_len,
		    list_one, l) >= 0;
	return certs_list(tx, &l->f, list_one, l);
}

static int
take_filter(struct ops_call *c, struct listing *l)
{
	const char *state = ops_text(c, "state");
	const char *serial = ops_text(c, "serial");

	l->f.issuer = ops_text(c, "issuer");
	if (l->f.issuer != NULL &&
	    issuer_set_find(&c->ca->issuers, l->f.issuer) == NULL)
		return ops_not_found(c, "issuer", "no CA \"%s\"", l->f.issuer);
	l->f.profile = ops_text(c, "profile");
	l->f.fleet = ops_text(c, "fleet");
	l->f.device = ops_text(c, "device");
	l->f.subject = ops_text(c, "subject");
	l->f.expires_before = field_time(c->args, "expires_before", 0);
	l->f.after_id = ops_cursor(c);
	l->f.limit = ops_limit(c);
	if (state != NULL && (l->f.state = certs_state_of(state)) == 0)
		return ops_bad(c, "state", "\"%s\" is none of reserved, valid, "
		    "held, revoked, aborted", state);
	if (serial != NULL && !ops_unhex(serial, l->serial, sizeof(l->serial),
	    &l->serial_len))
		return ops_bad(c, "serial", "not hexadecimal");
	return 1;
}

int
ops_cert_list(struct ops_call *c)
{
	struct listing l = {.c = c};

	if (!take_filter(c, &l) || !ops_read(c, list_tx, &l) || l.failed)
		return 0;
	return l.serial_len > 0 || ops_set_cursor(c, l.last, l.n);
}

struct showing {
	struct cert_row *row;
	struct cert_row other;
	char predecessor[2 * CERT_SERIAL_MAX + 1];
	char successor[2 * CERT_SERIAL_MAX + 1];
	unsigned char *der;
	size_t len;
	int64_t entry;		/* that recorded it; -1 none */
};

/* The log's entry of it: what «log prove» proves. */
static int
find_entry(struct store_tx *tx, struct showing *s)
{
	char serial[2 * CERT_SERIAL_MAX + 1];
	struct entry_row e = {.index = -1};
	int found = 0;

	ops_hex(s->row->serial, s->row->serial_len, serial);
	if (s->row->recorded_at != 0)
		found = entries_about(tx, "issue.recorded",
		    s->row->issuer_ident, serial, s->row->recorded_at, &e);
	s->entry = found == 1 ? e.index : -1;
	entries_row_clear(&e);
	return found >= 0;
}

static int
relative(struct store_tx *tx, struct showing *s, int64_t id, char *out)
{
	int found = id == 0 ? 0 : certs_by_id(tx, id, &s->other);

	if (found == 1)
		ops_hex(s->other.serial, s->other.serial_len, out);
	return found >= 0;
}

static int
show_tx(struct store_tx *tx, void *arg)
{
	struct showing *s = arg;

	return certs_der(tx, s->row->id, &s->der, &s->len) >= 0 &&
	    find_entry(tx, s) &&
	    relative(tx, s, s->row->predecessor, s->predecessor) &&
	    relative(tx, s, s->row->successor, s->successor);
}

int
ops_cert_show(struct ops_call *c)
{
	WIRE_FIELDS *v = c->answer->values;
	struct cert_row row;
	struct showing s = {.row = &row};
	char spki[65];
	int ok;

	if (!ops_find_cert(c, &row))
		return 0;
	ops_hex(row.spki_sha256, 32, spki);
	ok = ops_read(c, show_tx, &s) && ops_add_cert(v, &row) &&
	    field_add_text(v, "predecessor",
	    s.predecessor[0] != '\0' ? s.predecessor : NULL) &&
	    field_add_text(v, "successor",
	    s.successor[0] != '\0' ? s.successor : NULL) &&
	    field_add_text(v, "spki_sha256", spki) && (s.entry < 0 ||
	    field_add_int(v, "log_index", s.entry)) && (s.der == NULL ||
	    field_add_bytes(v, "der", s.der, s.len));
	OPENSSL_free(s.der);
	return ok;
}
