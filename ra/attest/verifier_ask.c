#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ra/attest/android.h"
#include "ra/attest/bundle.h"
#include "ra/attest/credential.h"
#include "ra/attest/ek.h"
#include "ra/attest/private.h"
#include "ra/attest/verifier_ask.h"
#include "ra/attest/verifier_policy.h"

static struct attest_octets
octets(const WIRE_FIELDS *args, const char *name)
{
	struct attest_octets o;

	o.p = field_bytes(args, name, &o.len);
	return o;
}

static int
add_octets(WIRE_FIELDS *l, const char *name, struct attest_octets o)
{
	return field_add_bytes(l, name, o.p != NULL ? o.p : (const void *)"",
	    o.p != NULL ? o.len : 0);
}

static int
add_facts(const struct attest_facts *facts, WIRE_ANSWER *a)
{
	const struct attest_fact *f;
	WIRE_FIELDS *row;
	size_t i;

	for (i = 0; i < attest_facts_count(facts); i++) {
		f = attest_facts_at(facts, i);
		row = message_add_row(a);
		if (row == NULL || !field_add_text(row, "name", f->name) ||
		    !field_add_text(row, "value", f->value))
			return 0;
	}
	return 1;
}

static int
missing(const WIRE_FIELDS *args, const char *const *names)
{
	size_t len;

	for (; *names != NULL; names++)
		if (field_bytes(args, *names, &len) == NULL)
			return !attest_unfit(
			    "question", *names, "is missing");
	return 0;
}

/* --- appraise --- */

static const char *
format_of(const struct bundle *b, const char *arc)
{
	struct attest_statement s;
	const char *name;

	bundle_statement(b, 0, arc, &s);
	name = attest_format_name(attest_kind_format(s.kind));
	return name == NULL ? "" : name;
}

static struct bundle *
find_bundle(const WIRE_FIELDS *args, const struct attest_policy *policy)
{
	struct attest_octets csr = octets(args, "csr"), attribute;
	int found = bundle_find(csr.p, csr.len, &attribute);

	if (found == 0)
		attest_malformed(
		    "bundle", "csr.attestation", "there is no evidence");
	if (found != 1)
		return NULL;
	return bundle_parse(attribute.p, attribute.len, policy->quirks);
}

static int
appraise(const WIRE_FIELDS *args, const struct attest_policy *policy,
    WIRE_ANSWER *a)
{
	static const char *const names[] = {"csr", "spki", "nonce", NULL};
	struct attest_facts *facts = NULL;
	struct bundle *b = NULL;
	struct attest_input in;
	int ok = 0;

	if (missing(args, names))
		return 0;
	memset(&in, 0, sizeof(in));
	in.nonce = octets(args, "nonce");
	in.spki = octets(args, "spki");
	in.ak_name = octets(args, "ak_name");
	in.ak_public = octets(args, "ak_public");
	in.now = (time_t)field_int(args, "now", 0);
	in.policy = policy;
	if ((b = find_bundle(args, policy)) == NULL ||
	    (facts = attest_facts_new()) == NULL ||
	    !bundle_appraise(b, &in, facts))
		goto out;
	ok = field_add_text(a->values, "format", format_of(b, policy->arc)) &&
	    add_octets(a->values, "key", attest_facts_key(facts)) &&
	    add_facts(facts, a);
out:
	attest_facts_free(facts);
	bundle_free(b);
	return ok;
}

/* --- challenge --- */

static STACK_OF(X509) *
read_certs(const WIRE_FIELDS *args, unsigned quirks)
{
	STACK_OF(X509) *out = sk_X509_new_null();
	size_t i, len = 0, n = field_count(args, "ek_cert");
	const unsigned char *der;
	X509 *cert;

	for (i = 0; out != NULL && i < n; i++) {
		der = field_get_bytes(field_find(args, "ek_cert", i), &len);
		cert = ek_cert_read(der, der != NULL ? len : 0, quirks);
		if (cert == NULL || sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			sk_X509_pop_free(out, X509_free);
			return NULL;
		}
	}
	return out;
}

static int
answer_challenge(const struct credential_answer *c, WIRE_ANSWER *a)
{
	WIRE_FIELDS *v = a->values;

	return field_add_bytes(v, "id_object", c->blobs.id_object,
		   c->blobs.id_object_len) &&
	    field_add_bytes(
		v, "enc_secret", c->blobs.secret, c->blobs.secret_len) &&
	    field_add_bytes(v, "ak_name", c->name, c->name_len) &&
	    field_add_bytes(v, "ek_sha256", c->ek_sha256, 32);
}

static int
challenge(const WIRE_FIELDS *args, const struct attest_policy *policy,
    WIRE_ANSWER *a)
{
	static const char *const names[] = {
	    "ak_public", "nonce", "secret", NULL};
	struct attest_facts *facts = NULL;
	struct credential_answer out;
	struct credential_ask ask;
	int ok = 0;

	if (missing(args, names))
		return 0;
	memset(&ask, 0, sizeof(ask));
	memset(&out, 0, sizeof(out));
	ask.ek_public = octets(args, "ek_public");
	ask.ak_public = octets(args, "ak_public");
	ask.nonce = octets(args, "nonce");
	if (octets(args, "secret").len != CREDENTIAL_SECRET_LEN)
		return attest_unfit("question", "secret", "has %d octets",
		    CREDENTIAL_SECRET_LEN);
	ask.secret = octets(args, "secret").p;
	ask.now = (time_t)field_int(args, "now", 0);
	ask.policy = policy;
	if ((ask.certs = read_certs(args, policy->quirks)) != NULL &&
	    (facts = attest_facts_new()) != NULL &&
	    credential_begin(&ask, &out, facts))
		ok = answer_challenge(&out, a) && add_facts(facts, a);
	OPENSSL_cleanse(&out, sizeof(out));
	attest_facts_free(facts);
	sk_X509_pop_free(ask.certs, X509_free);
	return ok;
}

/* --- either --- */

static enum wire_status
status_of(int reason)
{
	switch (reason) {
	case ATTEST_E_MALFORMED:
	case CA_E_BADREQUEST:
		return WIRE_BADREQUEST;
	case ATTEST_E_REFUSED:
		return WIRE_DENIED;
	}
	return WIRE_INTERNAL;
}

/* "rule: field: text", or as much of it as there is. */
static int
refuse(WIRE_ANSWER **a, int64_t id)
{
	enum wire_status status = status_of(report_last_reason());
	char text[WIRE_TEXT_MAX], *rule = text, *field = NULL, *rest = NULL;

	report_last_text(text, sizeof(text));
	if (status == WIRE_INTERNAL)
		report_errors(REPORT_WARN, "verifier.unfit", NULL);
	if ((field = strstr(text, ": ")) != NULL) {
		*field = '\0';
		field += 2;
		if ((rest = strstr(field, ": ")) != NULL) {
			*rest = '\0';
			rest += 2;
		}
	}
	WIRE_ANSWER_free(*a);
	*a = message_answer(id, status);
	return *a != NULL &&
	    message_set_refusal(*a, "attest", field != NULL ? rule : "",
		rest != NULL ? field : "",
		rest != NULL ? rest : field != NULL ? field : rule);
}

/* Where the policy itself is what was asked about, whoever wrote it is told: by
   file, line and key. */
static int
tell_unfit(WIRE_ANSWER *a)
{
	char text[WIRE_TEXT_MAX];

	if (report_last_reason() == ATTEST_E_INTERNAL)
		return 0;
	report_last_text(text, sizeof(text));
	return message_set_status(a, WIRE_BADREQUEST) &&
	    message_set_refusal(a, "attest", "policy.references", "", text);
}

/* Nobody shows anything: is there what it would be held against? */
static int
is_whole(const struct attest_policy *policy)
{
	return (policy->formats & 1u << ATTEST_ANDROID) == 0 ||
	    android_status_fit(&policy->android);
}

static int
ask(const WIRE_REQUEST *req, struct verifier_anchors *kept, WIRE_ANSWER *a)
{
	const char *op = message_request_op(req);
	struct verifier_policy *policy;
	int ok = 0;

	if (strcmp(op, "ping") == 0)
		return 1;
	policy = verifier_policy_read(req->args, kept);
	if (policy == NULL)
		return strcmp(op, "policy") == 0 && tell_unfit(a);
	if (strcmp(op, "appraise") == 0)
		ok = appraise(req->args, verifier_policy_get(policy), a);
	else if (strcmp(op, "challenge") == 0)
		ok = challenge(req->args, verifier_policy_get(policy), a);
	else if (strcmp(op, "policy") == 0)
		ok = is_whole(verifier_policy_get(policy)) || tell_unfit(a);
	else
		attest_unfit("question", "op", "is unknown");
	verifier_policy_free(policy);
	return ok;
}

WIRE_ANSWER *
verifier_answer_with(const WIRE_REQUEST *req, struct verifier_anchors *kept)
{
	int64_t id = message_request_id(req);
	WIRE_ANSWER *a = message_answer(id, WIRE_OK);

	ERR_clear_error();
	if (a != NULL && !ask(req, kept, a) && !refuse(&a, id)) {
		WIRE_ANSWER_free(a);
		a = NULL;
	}
	ERR_clear_error();
	return a;
}

WIRE_ANSWER *
verifier_answer(const WIRE_REQUEST *req)
{
	return verifier_answer_with(req, NULL);
}
