#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/engine/kept.h"
#include "ca/engine/ops.h"
#include "ca/error.h"
#include "profiles/asn1.h"
#include "profiles/error.h"

/*
 * profile.replay: the last requests of a profile, judged again by a changed one:
 * built and held against conformance and lint by the same code that issues, at
 * the time and with the serial number of then. Nothing is issued or written.
 *
 * Not judged again: who asked (the stages of admission), and what of the
 * registry has changed since: the fields are those of then.
 */

#define BATCH 32	/* requests read in one go */
#define TEXT_MAX 512	/* octets of "was" and "now" */

struct replay {
	struct ops_call *c;
	const struct profile *profile;
	const char *name;	/* of the certificates' profile */
	int64_t judged, same, differ, refused, unread, hidden;
	/* the one at hand */
	const struct request_row *row;
	int differs;
	char serial[2 * CERT_SERIAL_MAX + 1];
};

struct batch {
	const char *profile;
	int64_t before;
	size_t limit, n;
	struct request_row row[BATCH];
};

static int
take(const struct request_row *row, void *arg)
{
	struct batch *b = arg;

	b->row[b->n++] = *row;
	return 1;
}

static int
batch_tx(struct store_tx *tx, void *arg)
{
	struct batch *b = arg;

	return requests_list(tx, b->profile, b->before, b->limit, take, b);
}

/* A difference as a row; one that finds no room is counted. 1, or 0 raised. */
static int
tell(struct replay *r, const char *verdict, const char *what, const char *was,
    const char *now)
{
	struct ops_call *c = r->c;
	WIRE_FIELDS *l;

	if (message_n_rows(c->answer) == WIRE_ROWS_MAX || !ops_room(c)) {
		r->hidden++;
		return 1;
	}
	l = message_add_row(c->answer);
	return l != NULL && field_add_text(l, "serial", r->serial) &&
	    field_add_text(l, "device",
		r->row->cert.device[0] != '\0' ? r->row->cert.device : NULL) &&
	    field_add_text(l, "verdict", verdict) &&
	    field_add_text(l, "what", what) && field_add_text(l, "was", was) &&
	    field_add_text(l, "now", now);
}

static int
differs(struct replay *r, const char *what, const char *was, const char *now)
{
	r->differs = 1;
	return tell(r, "differ", what, was, now);
}

/* ---- two TBSCertificates side by side --------------------------------- */

static INKAN_TBS *
read_issued(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	INKAN_CERT *cert = d2i_INKAN_CERT(NULL, &p, (long)len);
	const ASN1_STRING *s;
	INKAN_TBS *tbs = NULL;

	if (cert != NULL) {
		s = cert->tbs->value.sequence;
		p = ASN1_STRING_get0_data(s);
		tbs = d2i_INKAN_TBS(NULL, &p, ASN1_STRING_length(s));
	}
	INKAN_CERT_free(cert);
	return tbs;
}

static void
take_text(BIO *bio, char out[TEXT_MAX])
{
	int n = BIO_read(bio, out, TEXT_MAX - 1);

	out[n > 0 ? n : 0] = '\0';
	/* What was cut must not end within a character. */
	while (n > 0 && !field_text_ok(out, (size_t)n))
		out[--n] = '\0';
	BIO_free(bio);
}

static void
name_text(const ASN1_TYPE *opaque, char out[TEXT_MAX])
{
	const ASN1_STRING *s = opaque->value.sequence;
	const unsigned char *p = ASN1_STRING_get0_data(s);
	X509_NAME *name = d2i_X509_NAME(NULL, &p, ASN1_STRING_length(s));
	BIO *bio = BIO_new(BIO_s_mem());

	out[0] = '\0';
	if (bio == NULL)
		goto out;
	if (name != NULL)
		X509_NAME_print_ex(bio, name, 0,
		    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	take_text(bio, out);
out:
	X509_NAME_free(name);
}

static int
compare_name(struct replay *r, const char *what, const ASN1_TYPE *was,
    const ASN1_TYPE *now)
{
	char a[TEXT_MAX], b[TEXT_MAX];

	if (ASN1_TYPE_cmp(was, now) == 0)
		return 1;
	name_text(was, a);
	name_text(now, b);
	return differs(r, what, a, b);
}

static void
time_text(const ASN1_TIME *t, char out[TEXT_MAX])
{
	struct tm tm;

	out[0] = '\0';
	if (ASN1_TIME_to_tm(t, &tm) == 1)
		strftime(out, TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static int
compare_time(struct replay *r, const char *what, const ASN1_TIME *was,
    const ASN1_TIME *now)
{
	char a[TEXT_MAX], b[TEXT_MAX];

	if (ASN1_STRING_cmp(was, now) == 0)
		return 1;
	time_text(was, a);
	time_text(now, b);
	return differs(r, what, a, b);
}

/* An extension on one line: "critical, Digital Signature"; NULL: "absent". */
static void
ext_text(X509_EXTENSION *ext, char out[TEXT_MAX])
{
	BIO *bio = ext == NULL ? NULL : BIO_new(BIO_s_mem());
	char *p;

	snprintf(out, TEXT_MAX, "%s", "absent");
	if (bio == NULL)
		return;
	if (X509_EXTENSION_get_critical(ext))
		BIO_puts(bio, "critical, ");
	X509V3_EXT_print(bio, ext, X509V3_EXT_DUMP_UNKNOWN, 0);
	take_text(bio, out);
	for (p = out; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
}

static X509_EXTENSION *
ext_of(const INKAN_TBS *tbs, const ASN1_OBJECT *oid)
{
	int i = X509v3_get_ext_by_OBJ(tbs->extensions, oid, -1);

	return i < 0 ? NULL : X509v3_get_ext(tbs->extensions, i);
}

static int
compare_ext(struct replay *r, X509_EXTENSION *was, X509_EXTENSION *now)
{
	const ASN1_OBJECT *oid =
	    X509_EXTENSION_get_object(was != NULL ? was : now);
	int nid = OBJ_obj2nid(oid);
	char a[TEXT_MAX], b[TEXT_MAX], what[80];

	if (was != NULL && now != NULL &&
	    X509_EXTENSION_get_critical(was) ==
		X509_EXTENSION_get_critical(now) &&
	    ASN1_STRING_cmp(X509_EXTENSION_get_data(was),
		X509_EXTENSION_get_data(now)) == 0)
		return 1;
	if (nid != NID_undef)
		snprintf(what, sizeof(what), "%s", OBJ_nid2sn(nid));
	else
		OBJ_obj2txt(what, sizeof(what), oid, 1);
	ext_text(was, a);
	ext_text(now, b);
	return differs(r, what, a, b);
}

static int
compare_exts(struct replay *r, const INKAN_TBS *was, const INKAN_TBS *now)
{
	X509_EXTENSION *ext;
	int i;

	for (i = 0; i < X509v3_get_ext_count(was->extensions); i++) {
		ext = X509v3_get_ext(was->extensions, i);
		if (!compare_ext(r, ext,
			ext_of(now, X509_EXTENSION_get_object(ext))))
			return 0;
	}
	for (i = 0; i < X509v3_get_ext_count(now->extensions); i++) {
		ext = X509v3_get_ext(now->extensions, i);
		if (ext_of(was, X509_EXTENSION_get_object(ext)) == NULL &&
		    !compare_ext(r, NULL, ext))
			return 0;
	}
	return 1;
}

static int
compare(struct replay *r, const INKAN_TBS *was, const INKAN_TBS *now)
{
	return compare_name(r, "issuer", was->issuer, now->issuer) &&
	    compare_name(r, "subject", was->subject, now->subject) &&
	    compare_time(r, "not_before", was->validity->not_before,
		now->validity->not_before) &&
	    compare_time(r, "not_after", was->validity->not_after,
		now->validity->not_after) &&
	    compare_exts(r, was, now);
}

/* ---- judging one ------------------------------------------------------ */

/* Who asked, by the role that the requester's name begins with. */
static enum profile_by
asked_by(const char *requester)
{
	static const struct {
		const char *role;
		enum profile_by by;
	} all[] = {{"ra:", PROFILE_BY_EST}, {"admin:", PROFILE_BY_OPERATOR},
	    {"svc:", PROFILE_BY_SERVICE}};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strncmp(requester, all[i].role, strlen(all[i].role)) == 0)
			return all[i].by;
	return PROFILE_BY_CEREMONY;
}

/* The TBS by the changed profile, its der to be freed with OPENSSL_free(); 0
   raised when it would not be. */
static int
build_again(const struct replay *r, const struct kept *k, struct issue_tbs *tbs)
{
	const struct cert_row *cert = &r->row->cert;
	const char *name = r->profile->issuer;
	struct outcome o;
	struct issue_job job = {.profile = r->profile, .csr = k->csr,
	    .fields = k->fields, .n_fields = k->n_fields,
	    .attested = k->attested, .subject = k->subject,
	    .subject_len = k->subject_len, .san = k->san,
	    .san_len = k->san_len};

	/* The generation that signed it, when it is still the CA named. */
	job.issuer = issuer_set_by_id(&r->c->ca->issuers, cert->issuer);
	if (name[0] != '\0' &&
	    (job.issuer == NULL || strcmp(job.issuer->row.name, name) != 0))
		job.issuer = issuer_set_find(&r->c->ca->issuers, name);
	if (job.issuer == NULL) {
		ca_raise(CA_E_NOTFOUND, "issuer: there is no CA \"%s\"", name);
		return 0;
	}
	outcome_init(&o);
	return profile_allows(r->profile, asked_by(cert->requester)) &&
	    issue_try(&job, cert->serial, cert->reserved_at, tbs, &o);
}

/* The rule stands before the first colon of what was raised. */
static int
refused(struct replay *r)
{
	struct outcome o;
	const char *data = NULL;
	char text[TEXT_MAX];
	int flags = 0;

	ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	snprintf(text, sizeof(text), "%s",
	    data != NULL && (flags & ERR_TXT_STRING) ? data : "");
	outcome_init(&o);
	outcome_from_errors(&o, "build");
	ERR_clear_error();
	if (!field_text_ok(text, strlen(text)))
		text[0] = '\0';
	r->refused++;
	return tell(r, "refuse", o.rule[0] != '\0' ? o.rule : "build", NULL,
	    text[0] != '\0' ? text : o.text);
}

static int
judge(struct replay *r, const struct request_row *row)
{
	INKAN_TBS *was = NULL, *now = NULL;
	struct issue_tbs tbs = {.der = NULL};
	const unsigned char *p;
	struct kept k = {0};
	int ok = 0;

	r->row = row;
	r->differs = 0;
	r->judged++;
	ops_hex(row->cert.serial, row->cert.serial_len, r->serial);
	if (!kept_decode(row, &k) || row->cert.serial_len != BUILD_SERIAL_LEN ||
	    (was = read_issued(row->der, row->der_len)) == NULL) {
		ERR_clear_error();
		r->unread++;
		ok = 1;
		goto out;
	}
	if (!build_again(r, &k, &tbs)) {
		ok = refused(r);
		goto out;
	}
	p = tbs.der;
	now = d2i_INKAN_TBS(NULL, &p, (long)tbs.len);
	ok = now != NULL && compare(r, was, now);
	if (ok && r->differs)
		r->differ++;
	else if (ok)
		r->same++;
out:
	INKAN_TBS_free(now);
	INKAN_TBS_free(was);
	OPENSSL_free(tbs.der);
	kept_clear(&k);
	return ok;
}

static int
run(struct replay *r, size_t last)
{
	struct batch *b = calloc(1, sizeof(*b));
	size_t i;
	int ok = b != NULL;

	if (b == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	else
		b->before = INT64_MAX;
	while (ok && last > 0) {
		b->profile = r->name;
		b->limit = last < BATCH ? last : BATCH;
		b->n = 0;
		ok = ops_read(r->c, batch_tx, b);
		for (i = 0; i < b->n; i++) {
			ok = ok && judge(r, &b->row[i]);
			b->before = b->row[i].cert.id;
			requests_row_clear(&b->row[i]);
		}
		last -= b->n;
		if (b->n < b->limit)
			break;
	}
	free(b);
	return ok;
}

int
ops_profile_replay(struct ops_call *c)
{
	const char *text = ops_text(c, "text"), *file = ops_text(c, "file");
	int64_t last = field_int(c->args, "last", 0);
	WIRE_FIELDS *v = c->answer->values;
	struct replay r = {.c = c};
	struct profile *p;
	int ok;

	if (last < 1 || last > REQUESTS_KEPT)
		return ops_bad(c, "last", "1 to %d", REQUESTS_KEPT);
	p = profile_compile(file != NULL ? file : "profile", text, strlen(text));
	if (p == NULL)
		return 0;
	r.profile = p;
	r.name = ops_text(c, "profile") != NULL ? ops_text(c, "profile")
						: p->name;
	ok = run(&r, (size_t)last) && field_add_text(v, "profile", r.name) &&
	    field_add_int(v, "judged", r.judged) &&
	    field_add_int(v, "same", r.same) &&
	    field_add_int(v, "differ", r.differ) &&
	    field_add_int(v, "refused", r.refused) &&
	    field_add_int(v, "unreadable", r.unread) &&
	    field_add_int(v, "not_shown", r.hidden);
	profile_free(p);
	return ok;
}
