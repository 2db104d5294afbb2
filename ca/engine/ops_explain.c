#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "profiles/asn1.h"
#include "ca/engine/issue.h"
#include "ca/engine/ops.h"

/*
 * explain: the stages of admission, the build of the certificate and what judges
 * it, by the same code that issues, on a CSR and without issuing anything.
 */

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static int
add_bio(WIRE_FIELDS *v, const char *name, BIO *bio)
{
	char text[1024];
	int n = BIO_read(bio, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return field_add_text(v, name, n > 0 ? text : NULL);
}

static int
describe_subject(struct ops_call *c, const INKAN_TBS *tbs)
{
	const ASN1_STRING *der = tbs->subject->value.sequence;
	const unsigned char *p = ASN1_STRING_get0_data(der);
	X509_NAME *name = d2i_X509_NAME(NULL, &p, ASN1_STRING_length(der));
	BIO *bio = BIO_new(BIO_s_mem());
	int ok = name != NULL && bio != NULL;

	if (ok)
		X509_NAME_print_ex(bio, name, 0,
		    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	ok = ok && add_bio(c->answer->values, "subject", bio);
	BIO_free(bio);
	X509_NAME_free(name);
	return ok;
}

static int
describe_san(struct ops_call *c, const INKAN_TBS *tbs)
{
	BIO *bio = BIO_new(BIO_s_mem());
	GENERAL_NAMES *san = X509V3_get_d2i(tbs->extensions,
	    NID_subject_alt_name, NULL, NULL);
	int i, ok = bio != NULL;

	for (i = 0; ok && i < sk_GENERAL_NAME_num(san); i++) {
		if (i > 0)
			BIO_puts(bio, ", ");
		GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(san, i));
	}
	ok = ok && add_bio(c->answer->values, "san", bio);
	GENERAL_NAMES_free(san);
	BIO_free(bio);
	return ok;
}

static int
describe(struct ops_call *c, const unsigned char *der, size_t len)
{
	WIRE_FIELDS *v = c->answer->values;
	INKAN_TBS *tbs = d2i_INKAN_TBS(NULL, &der, (long)len);
	int ok;

	ok = tbs != NULL && describe_subject(c, tbs) && describe_san(c, tbs) &&
	    field_add_time(v, "not_before",
	    seconds(tbs->validity->not_before)) &&
	    field_add_time(v, "not_after", seconds(tbs->validity->not_after));
	INKAN_TBS_free(tbs);
	return ok;
}

static int
take_fleet_request(struct ops_call *c, struct policy *policy,
    struct enrol_request *r)
{
	const char *name = ops_text(c, "fleet");
	const struct fleet *f = name == NULL ? NULL :
	    policy_fleet(policy, name);

	if (name != NULL && f == NULL)
		return ops_not_found(c, "fleet", "no fleet \"%s\"", name);
	if (!ops_take_request(c, r))
		return 0;
	if (f != NULL)
		r->label = f->label;
	return 1;
}

struct explaining {
	struct ops_call *c;
	int refused, parked, failed;
};

static void
trace(void *arg, const char *stage, const char *verdict, const char *rule,
    const char *field, const char *text)
{
	struct explaining *e = arg;
	WIRE_FIELDS *row = message_add_row(e->c->answer);

	if (row == NULL || !field_add_text(row, "stage", stage) ||
	    !field_add_text(row, "verdict", verdict) ||
	    !field_add_text(row, "rule", rule) ||
	    !field_add_text(row, "field", field) ||
	    !field_add_text(row, "text", text))
		e->failed = 1;
}

#define ATTESTED "attested."

static int
is_attested(const char *name)
{
	return strncmp(name, ATTESTED, strlen(ATTESTED)) == 0;
}

static void
look_at_field(const char *name, void *arg)
{
	*(int *)arg |= is_attested(name);
}

/* Does the profile take what only evidence tells, and was none appraised? */
static int
is_open(const struct admission *a)
{
	int takes = 0;

	profile_fields(a->profile, look_at_field, &takes);
	return a->assumed && takes;
}

/* Can the refusal rest on a fact that is not known here: as the value of a rule,
   or within the pattern of one that takes names from the request? */
static int
rests_on_evidence(const struct admission *a, const struct outcome *o)
{
	const struct profile *p = a->profile;
	size_t i;

	if (!is_open(a))
		return 0;
	for (i = 0; i < p->n_san && strncmp(o->rule, "san.", 4) == 0; i++)
		if (strstr(p->san[i].match, "{" ATTESTED) != NULL)
			return 1;
	return is_attested(o->field) || is_attested(o->text);
}

static int
explain_built(struct explaining *e, const struct admission *a,
    const struct issuer *is, const struct issue_tbs *tbs)
{
	struct ops_call *c = e->c;
	const char *notes = tbs->notes;

	trace(e, "build", "pass", "", "", notes[0] != '\0' ? notes :
	    is_open(a) ? "the profile can build this certificate; what "
	    "evidence adds to it is not judged" :
	    "the profile can build this certificate");
	return describe(c, tbs->der, tbs->len) &&
	    field_add_text(c->answer->values, "deviations",
	    notes[0] != '\0' ? notes : NULL) &&
	    field_add_text(c->answer->values, "profile", a->profile->name) &&
	    field_add_text(c->answer->values, "issuer", is->row.ident);
}

/* What cannot be known without the evidence is no refusal. */
static const char *
explain_refused(struct explaining *e, const struct admission *a)
{
	struct outcome *o = &e->c->o;
	char text[sizeof(o->text) + 64];

	if (!rests_on_evidence(a, o)) {
		trace(e, o->stage, "refuse", o->rule, o->field, o->text);
		return "refuse";
	}
	snprintf(text, sizeof(text), "depends on what only evidence tells: %s",
	    o->text);
	trace(e, o->stage, "unknown", o->rule, o->field, text);
	return "unknown";
}

/* What would be reserved, with a serial of zeros: the verdict. */
static const char *
explain_build(struct explaining *e, struct admission *a)
{
	struct ops_call *c = e->c;
	static const unsigned char serial[BUILD_SERIAL_LEN] = {0x40};
	struct issuer *is = issuer_set_find(&c->ca->issuers,
	    a->profile->issuer);
	struct issue_job job;
	struct issue_tbs tbs;
	int ok;

	if (is == NULL) {
		trace(e, "build", "refuse", "issuer", a->profile->issuer,
		    "there is no such CA");
		return "refuse";
	}
	if (is->row.state == ISSUER_DISABLED) {
		trace(e, "build", "refuse", "issuer.disabled",
		    is->row.ident, "the CA is disabled: it issues nothing");
		return "refuse";
	}
	ops_fill_job(a, &job);
	job.issuer = is;
	if (!issue_try(&job, serial, c->now, &tbs, &c->o))
		return explain_refused(e, a);
	ok = explain_built(e, a, is, &tbs);
	OPENSSL_free(tbs.der);
	return ok ? "issue" : "refuse";
}

static int
admit_explained(struct explaining *e, struct admit_env *env,
    struct admission **a)
{
	struct ops_call *c = e->c;
	struct operator_request o;
	struct enrol_request r;
	const char *set[OPS_SET_MAX];

	env->explain = 1;
	env->trace = trace;
	env->trace_arg = e;
	if (ops_text(c, "profile") != NULL)
		return ops_take_operator(c, &o, set, OPS_SET_MAX) &&
		    admit_operator(env, &o, a, &c->o);
	if (!take_fleet_request(c, env->policy, &r))
		return 0;
	return admit_enrol(env, &r, a, &c->o);
}

int
ops_explain(struct ops_call *c)
{
	struct explaining e = {.c = c};
	struct policy *policy = ca_policy(c->ca);
	struct admission *a = NULL;
	struct admit_env env;
	const char *verdict = "refuse";
	int ok;

	if ((ops_text(c, "profile") != NULL) + (ops_text(c, "fleet") != NULL) +
	    (ops_text(c, "label") != NULL) != 1) {
		policy_put(policy);
		return ops_bad(c, "fleet", "name a fleet, a label or a "
		    "profile, one of them");
	}
	if (field_find(c->args, "csr", 0) == NULL) {
		policy_put(policy);
		return ops_bad(c, "csr", "argument is missing");
	}
	ops_admit_env(c, policy, &env);
	ok = admit_explained(&e, &env, &a);
	if (ok)
		verdict = explain_build(&e, a);
	else if (c->o.status == WIRE_PENDING)
		verdict = "park";
	else if (!ok && message_n_rows(c->answer) == 0 &&
	    c->o.status != WIRE_OK) {
		policy_put(policy);
		return 0;	/* the question itself was wrong */
	}
	outcome_init(&c->o);
	ERR_clear_error();
	admit_free(a);
	policy_put(policy);
	return !e.failed && field_add_text(c->answer->values, "verdict",
	    verdict);
}
