#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/adopt.h"
#include "ca/engine/crl.h"
#include "ca/engine/ops.h"
#include "ca/engine/retire.h"

/* The CAs themselves, their keys, and the log. */

struct counting {
	int64_t issuer, n, crl_due;
};

static int
count_tx(struct store_tx *tx, void *arg)
{
	struct counting *k = arg;

	return certs_count(tx, k->issuer, 0, &k->n);
}

static int
add_ca(struct ops_call *c, const struct issuer *is)
{
	struct counting k = {is->row.id, 0, 0};
	WIRE_FIELDS *l = message_add_row(c->answer);

	return l != NULL && ops_read(c, count_tx, &k) &&
	    crl_due(c->ca->store, is, &k.crl_due) &&
	    field_add_text(l, "ident", is->row.ident) &&
	    field_add_text(l, "name", is->row.name) &&
	    field_add_int(l, "generation", is->row.generation) &&
	    ops_add_name(l, "subject", X509_get_subject_name(is->cert)) &&
	    field_add_text(l, "state", ops_issuer_state(is)) &&
	    field_add_text(l, "token", is->row.token) &&
	    field_add_text(l, "key_uri", is->row.key_uri) &&
	    field_add_text(l, "key_state", ops_key_state(is)) &&
	    field_add_time(l, "not_after", is->row.not_after) &&
	    field_add_int(l, "certs", k.n) &&
	    field_add_time(l, "next_crl", k.crl_due);
}

int
ops_ca_list(struct ops_call *c)
{
	size_t i;

	for (i = 0; i < c->ca->issuers.n; i++)
		if (!add_ca(c, c->ca->issuers.item[i]))
			return 0;
	return ops_add_pending(c);
}

static int
log_state(struct ops_call *c, const char *kind, const char *text)
{
	WIRE_FIELDS *l = field_list_new();

	if (l == NULL || !field_add_text(l, "who", c->who) ||
	    !field_add_text(l, "text", text)) {
		field_list_free(l);
		return 0;
	}
	return ca_log(c->ca, kind, l, c->now, STORE_URGENT);
}

/* Store and status.db both learn of it before the operator is answered; the
   latter only of a time that is not believed. */
static int
spread_state(struct ops_call *c)
{
	char why[128], time[128];

	clock_stopped(&c->ca->clock, why, sizeof(why));
	clock_distrusted(&c->ca->clock, time, sizeof(time));
	return clock_save(&c->ca->clock, c->ca->store) &&
	    status_set_stopped(c->ca->status, time) &&
	    field_add_text(c->answer->values, "state",
	    why[0] != '\0' ? why : "issuing");
}

int
ops_ca_stop(struct ops_call *c)
{
	const char *reason = ops_text(c, "reason");

	c->o.authenticated = 1;
	if (!clock_operator_stop(&c->ca->clock, reason) ||
	    !log_state(c, "ca.stop", reason))
		return 0;
	report_event(REPORT_WARN, "ca.stopped", "req", c->req, "who", c->who,
	    "reason", reason, NULL);
	return spread_state(c);
}

int
ops_ca_resume(struct ops_call *c)
{
	int confirm = field_flag(c->args, "confirm_time", 0);
	struct clock was;
	int64_t wall, boot;

	c->o.authenticated = 1;
	ca_clocks(&wall, &boot);
	clock_copy(&c->ca->clock, &was);
	if (!clock_resume(&c->ca->clock, wall, boot, confirm))
		return 0;
	if (!log_state(c, "ca.resume", confirm ? "time confirmed" : NULL)) {
		clock_undo(&c->ca->clock, &was);
		return 0;	/* on record, or not at all */
	}
	report_event(REPORT_INFO, "ca.resumed", "req", c->req, "who", c->who,
	    NULL);
	return spread_state(c);
}

struct key_listing {
	struct ops_call *c;
	struct ca_token *token;
};

/* Read lock of the token held. */
static const char *
issuer_of_key(const struct key_listing *k, const struct hsm_key_info *info)
{
	const struct issuer_set *set = &k->c->ca->issuers;
	struct hsm_key_info have;
	struct issuer *is;
	size_t i;

	for (i = 0; i < set->n; i++) {
		is = set->item[i];
		if (is->token == k->token && is->key != NULL &&
		    hsm_key_info(is->key, &have) &&
		    strcmp(have.uri, info->uri) == 0)
			return is->row.ident;
	}
	return NULL;
}

static int
list_key(const struct hsm_key_info *info, void *arg)
{
	struct key_listing *k = arg;
	WIRE_FIELDS *l = message_add_row(k->c->answer);

	return l != NULL && field_add_text(l, "token", k->token->conf->name) &&
	    field_add_text(l, "label", info->label) &&
	    field_add_text(l, "id", info->id) &&
	    field_add_text(l, "type", info->type) &&
	    field_add_text(l, "uri", info->uri) &&
	    field_add_flag(l, "sensitive", info->sensitive) &&
	    field_add_flag(l, "extractable", info->extractable) &&
	    field_add_flag(l, "local", info->local) &&
	    field_add_text(l, "issuer", issuer_of_key(k, info));
}

/* A token that is away does not hide the keys of the others; its row says
   so. */
static int
list_keys(struct ops_call *c, struct ca_token *t)
{
	struct key_listing k = {c, t};
	WIRE_FIELDS *l;
	char why[sizeof(t->error)];
	int ok;

	pthread_rwlock_rdlock(&t->lock);
	if (t->hsm == NULL)
		ca_raise(CA_E_SIGN, "token: %s", t->error);
	ok = t->hsm != NULL && hsm_key_list(t->hsm, list_key, &k);
	pthread_rwlock_unlock(&t->lock);
	if (ok || c->ca->n_tokens == 1)
		return ok;
	report_trace(why, sizeof(why));
	ERR_clear_error();
	l = message_add_row(c->answer);
	return l != NULL && field_add_text(l, "token", t->conf->name) &&
	    field_add_text(l, "label", "token is away") &&
	    field_add_text(l, "error", why);
}

int
ops_key_list(struct ops_call *c)
{
	size_t i;

	for (i = 0; i < c->ca->n_tokens; i++)
		if (!list_keys(c, &c->ca->tokens[i]))
			return 0;
	return 1;
}

/* One value, or "" where there is none, or where it is too long to be read. */
static void
value_text(const WIRE_FIELD *f, char *out, size_t size)
{
	const unsigned char *bytes;
	size_t len;

	out[0] = '\0';
	switch (field_type(f)) {
	case V_ASN1_UTF8STRING:
		snprintf(out, size, "%s", field_get_text(f));
		break;
	case V_ASN1_OCTET_STRING:
		bytes = field_get_bytes(f, &len);
		if (bytes != NULL && len <= 64)
			ops_hex(bytes, len, out);
		break;
	case V_ASN1_BOOLEAN:
		snprintf(out, size, "%s", field_get_flag(f) ? "yes" : "no");
		break;
	case V_ASN1_GENERALIZEDTIME:
		snprintf(out, size, "%lld", (long long)field_get_time(f));
		break;
	case V_ASN1_INTEGER:
		snprintf(out, size, "%lld", (long long)field_get_int(f));
		break;
	default:
		break;
	}
}

/* Details are for the operator's eyes: "name=value; ..." */
static void
detail_text(const struct entry_row *row, char *out, size_t size)
{
	WIRE_FIELDS *l = NULL;
	const WIRE_FIELD *f;
	char value[600];
	size_t used = 0;
	int i, n;

	snprintf(out, size, "%s", entries_is_lost(row) ? "(lost)" : "");
	if (!entries_is_lost(row))
		l = field_list_decode(row->detail, row->detail_len);
	for (i = 0; i < sk_WIRE_FIELD_num(l) && used < size; i++) {
		f = sk_WIRE_FIELD_value(l, i);
		value_text(f, value, sizeof(value));
		if (value[0] == '\0')
			continue;
		n = snprintf(out + used, size - used, "%s%s=%s",
		    used > 0 ? "; " : "", field_name(f), value);
		used += n > 0 ? (size_t)n : 0;
	}
	field_list_free(l);
}

static int
log_one(const struct entry_row *row, void *arg)
{
	struct ops_call *c = arg;
	WIRE_FIELDS *l = message_add_row(c->answer);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len;
	char hex[65], detail[2048];

	if (l == NULL || EVP_Digest(row->leaf, row->leaf_len, md, &len,
	    EVP_sha256(), NULL) != 1)
		return 0;
	ops_hex(md, 32, hex);
	detail_text(row, detail, sizeof(detail));
	return field_add_int(l, "index", row->index) &&
	    field_add_text(l, "kind", row->kind) &&
	    field_add_time(l, "time", row->time) &&
	    field_add_text(l, "sha256", hex) &&
	    field_add_text(l, "detail", detail) && ops_room(c);
}

static int64_t
first_index(const struct ops_call *c)
{
	int64_t from = field_int(c->args, "from", 0);

	return from < 0 ? 0 : from;
}

static int
log_tx(struct store_tx *tx, void *arg)
{
	struct ops_call *c = arg;

	return entries_list(tx, first_index(c), ops_limit(c),
	    log_one, c);
}

int
ops_log_list(struct ops_call *c)
{
	size_t n;
	int64_t from = first_index(c);

	if (!ops_read(c, log_tx, c))
		return 0;
	n = message_n_rows(c->answer);
	return ops_set_cursor(c, from + (int64_t)n, n);
}
