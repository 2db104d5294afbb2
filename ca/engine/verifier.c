#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/wire/socket.h"
#include "ca/engine/verifier.h"

static int
add_cert(WIRE_FIELDS *args, const char *name, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der), ok;

	ok = len > 0 && field_add_bytes(args, name, der, (size_t)len);
	OPENSSL_free(der);
	return ok;
}

static int
add_set(WIRE_FIELDS *args, const struct fleet_anchor_set *set)
{
	const STACK_OF(X509_OBJECT) *all =
	    X509_STORE_get0_objects(set->anchors);
	char name[FIELD_NAME_MAX];
	X509 *cert;
	int i;

	snprintf(name, sizeof(name), "anchor.%s", set->format);
	for (i = 0; i < sk_X509_OBJECT_num(all); i++) {
		cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (cert != NULL && !add_cert(args, name, cert))
			return 0;
	}
	return 1;
}

/* For those who take evidence of phones. */
static int
add_phones(WIRE_FIELDS *args, struct phone_list *phones,
    const struct fleet_evidence *e)
{
	int64_t fetched = 0;
	char *text;
	size_t i;
	int ok = 1;

	for (i = 0; i < e->n_formats; i++)
		if (strcmp(e->formats[i], "android") == 0)
			break;
	if (i == e->n_formats ||
	    (text = phone_list_get(phones, &fetched)) == NULL)
		return 1;
	ok = field_add_text(args, "android.status", text) &&
	    field_add_int(args, "android.status_time", fetched);
	OPENSSL_free(text);
	return ok;
}

int
verifier_add_policy(WIRE_FIELDS *args, const struct verifier *v,
    const struct fleet_evidence *e, time_t now)
{
	const char *arc = v == NULL ? "" : v->arc;
	size_t i;
	int ok;

	ok = field_add_int(args, "now", (int64_t)now) &&
	    (arc[0] == '\0' || field_add_text(args, "arc", arc)) &&
	    (e->references == NULL ||
		(field_add_text(args, "references", e->references) &&
		    field_add_text(args, "file", e->references_file)));
	for (i = 0; ok && i < e->n_formats; i++)
		ok = field_add_text(args, "format", e->formats[i]);
	for (i = 0; ok && i < e->n_sets; i++)
		ok = add_set(args, &e->sets[i]);
	ok = ok && add_phones(args, v == NULL ? NULL : v->phones, e);
	if (!ok && ERR_peek_error() == 0)
		ca_raise(CA_E_INTERNAL, "out of memory");
	return ok;
}

int
verifier_add_facts(WIRE_FIELDS *l, const WIRE_ANSWER *a)
{
	const WIRE_FIELDS *row;
	size_t i;

	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (!field_add_text(l, field_text(row, "name", "-"),
			field_text(row, "value", "")))
			return 0;
	}
	return 1;
}

WIRE_ANSWER *
verifier_ask(const struct verifier *v, const char *op, WIRE_FIELDS *args)
{
	WIRE_REQUEST *req = NULL;
	WIRE_ANSWER *a = NULL;
	WIRE_FIELDS *empty;
	int fd = -1;

	if (v == NULL || v->socket[0] == '\0') {
		ca_raise(CA_E_BUSY, "verifier: none is configured");
		return NULL;
	}
	if ((fd = socket_connect(v->socket)) < 0 ||
	    (req = message_request(op, 1)) == NULL)
		goto out;
	empty = req->args;
	req->args = args; /* lent for the encoding only */
	a = socket_call(fd, req, v->limit);
	req->args = empty;
out:
	WIRE_REQUEST_free(req);
	if (fd >= 0)
		close(fd);
	return a;
}

int
verifier_judged(const WIRE_ANSWER *a)
{
	return a != NULL && message_answer_status(a) != WIRE_UNAVAILABLE &&
	    message_answer_status(a) != WIRE_INTERNAL;
}

void
verifier_say_away(const char *fleet, const WIRE_ANSWER *a)
{
	char why[200];

	if (a == NULL)
		report_last_text(why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%s: %s: %s",
		    message_refusal(a, "rule"), message_refusal(a, "field"),
		    message_refusal(a, "text"));
	report_event(REPORT_WARN, "verifier.away", "fleet", fleet, "why", why,
	    NULL);
}

/* --- before a policy is activated --- */

static WIRE_ANSWER *
ask_policy(const struct verifier *v, const struct fleet *f, time_t now)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;

	if (args != NULL && verifier_add_policy(args, v, f->evidence, now))
		a = verifier_ask(v, "policy", args);
	field_list_free(args);
	return a;
}

/* Is the fleet's evidence judged as in ${active} already? No answer: not. */
static int
is_as_active(const struct verifier *v, const struct fleet *f,
    const struct policy *active)
{
	const struct fleet *was = active ? policy_fleet(active, f->name) : NULL;
	WIRE_FIELDS *a = field_list_new(), *b = field_list_new();
	unsigned char *p = NULL, *q = NULL;
	size_t n, m;
	int same;

	ERR_set_mark();
	same = was != NULL && was->evidence != NULL && a != NULL && b != NULL &&
	    verifier_add_policy(a, v, f->evidence, 0) &&
	    verifier_add_policy(b, v, was->evidence, 0) &&
	    field_list_encode(a, &p, &n) && field_list_encode(b, &q, &m) &&
	    n == m && memcmp(p, q, n) == 0;
	ERR_pop_to_mark();
	OPENSSL_free(p);
	OPENSSL_free(q);
	field_list_free(a);
	field_list_free(b);
	return same;
}

static int
reads_one(const struct verifier *v, const struct fleet *f, time_t now,
    struct outcome *o)
{
	char why[200] = "it does not know the question";
	WIRE_ANSWER *a;
	int is = -1;

	ERR_set_mark();
	a = ask_policy(v, f, now);
	if (a == NULL)
		report_last_text(why, sizeof(why));
	ERR_pop_to_mark();
	if (a != NULL && message_answer_status(a) == WIRE_OK)
		is = 1;
	else if (a != NULL && message_answer_status(a) == WIRE_BADREQUEST)
		is = outcome_refuse(o, WIRE_BADREQUEST, "",
		    "policy.references", "references", "fleet %s: %s", f->name,
		    message_refusal(a, "text"));
	else
		outcome_refuse(o, WIRE_UNAVAILABLE, "", "policy.unchecked",
		    "attest", "fleet %s: inkan-verifier could not be asked "
		    "whether it can read what evidence is judged by: %s",
		    f->name, why);
	WIRE_ANSWER_free(a);
	return is;
}

int
verifier_reads(const struct verifier *v, const struct policy *p,
    const struct policy *active, time_t now, struct outcome *o)
{
	const struct fleet *f;
	int is = 1;
	size_t i;

	for (i = 0; is == 1 && i < p->n_fleets; i++) {
		f = p->fleets[i];
		if (f->evidence == NULL)
			continue;
		is = reads_one(v, f, now, o);
		if (is < 0 && is_as_active(v, f, active)) {
			outcome_init(o);
			is = 1;
		}
	}
	return is;
}
