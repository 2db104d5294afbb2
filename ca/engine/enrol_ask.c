#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/enrol_ask.h"
#include "ca/engine/scope.h"

#define TEXT_MAX 1000	/* octets of names that people read */

/* Each part with its length, so that none runs into the next. */
static int
add(EVP_MD_CTX *ctx, const void *p, size_t len)
{
	unsigned char n[4] = {(unsigned char)(len >> 24),
	    (unsigned char)(len >> 16), (unsigned char)(len >> 8),
	    (unsigned char)len};

	return EVP_DigestUpdate(ctx, n, sizeof(n)) == 1 &&
	    EVP_DigestUpdate(ctx, p, len) == 1;
}

static int
add_text(EVP_MD_CTX *ctx, const char *text)
{
	return add(ctx, text, strlen(text));
}

/* ${der} is freed. */
static int
add_der(EVP_MD_CTX *ctx, unsigned char *der, int len)
{
	int ok = len > 0 && add(ctx, der, (size_t)len);

	OPENSSL_free(der);
	return ok;
}

static int
add_wishes(EVP_MD_CTX *ctx, const struct csr *csr)
{
	const STACK_OF(X509_EXTENSION) *exts = csr_extensions(csr);
	unsigned char *der = NULL;
	int i, ok, len;

	len = i2d_X509_NAME(csr_subject(csr), &der);
	ok = add_der(ctx, der, len);
	for (i = 0; ok && i < sk_X509_EXTENSION_num(exts); i++) {
		der = NULL;
		len = i2d_X509_EXTENSION(
		    sk_X509_EXTENSION_value(exts, i), &der);
		ok = add_der(ctx, der, len);
	}
	return ok;
}

static const char *
field_of(const struct admission *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n_fields; i++)
		if (strcmp(a->fields[i].name, name) == 0)
			return a->fields[i].value;
	return "";
}

/* How it was authenticated, and by which certificate or secret. */
static int
add_credential(EVP_MD_CTX *ctx, const struct admitting *t)
{
	const struct admission *a = t->a;
	char row[64];

	snprintf(row, sizeof(row), "%lld %lld",
	    a->renewal ? (long long)a->predecessor.id : 0,
	    t->party == PARTY_SECRET ? (long long)t->secret.id : 0);
	return add_text(ctx, a->auth) && add_text(ctx, row) &&
	    add_text(ctx, field_of(a, "identity.credential"));
}

static int
add_same(EVP_MD_CTX *ctx, const struct admitting *t, const struct enrol_ask *q)
{
	static const unsigned char made_here[32];
	const struct csr *csr = t->a->csr;

	return add_text(ctx, q->op) &&
	    add(ctx, t->a->keygen != NULL ? made_here : csr_spki_sha256(csr),
		32) &&
	    add(ctx, q->credential, 32) && add_wishes(ctx, csr);
}

static int
hash(const struct admitting *t, struct enrol_ask *q)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    add_credential(ctx, t) &&
	    EVP_DigestFinal_ex(ctx, q->credential, NULL) == 1 &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    add_same(ctx, t, q) &&
	    EVP_DigestFinal_ex(ctx, q->same, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		ca_raise(CA_E_INTERNAL, "enrol: no hash of the request");
	return ok;
}

/* --- for people --- */

static int
add_bio(WIRE_FIELDS *l, const char *name, BIO *bio)
{
	char text[TEXT_MAX + 1];
	int n = BIO_read(bio, text, TEXT_MAX);

	if (n <= 0)
		return 1;
	text[n] = '\0';
	while (n > 0 && !field_text_ok(text, (size_t)n))
		text[--n] = '\0';	/* cut within a character */
	return field_add_text(l, name, text);
}

static int
add_names(WIRE_FIELDS *l, const struct csr *csr)
{
	BIO *subject = BIO_new(BIO_s_mem()), *names = BIO_new(BIO_s_mem());
	const GENERAL_NAMES *san = csr_san(csr);
	int i, ok = subject != NULL && names != NULL;

	if (ok)
		X509_NAME_print_ex(subject, csr_subject(csr), 0,
		    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	for (i = 0; ok && i < sk_GENERAL_NAME_num(san); i++) {
		if (i > 0)
			BIO_puts(names, ", ");
		GENERAL_NAME_print(names, sk_GENERAL_NAME_value(san, i));
	}
	ok = ok && add_bio(l, "csr_subject", subject) &&
	    add_bio(l, "csr_names", names);
	BIO_free(subject);
	BIO_free(names);
	return ok;
}

/* Whose certificate it was that authenticated, as people look it up. */
static int
add_client(WIRE_FIELDS *l, const struct enrol_request *req)
{
	char issuer[TEXT_MAX / 2], *serial = NULL;
	const unsigned char *p = req->chain[0];
	BIGNUM *bn = NULL;
	X509 *leaf;
	int ok = 0;

	if (req->n_chain == 0)
		return 1;
	leaf = d2i_X509(NULL, &p, (long)req->chain_len[0]);
	if (leaf != NULL)
		bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf), NULL);
	if (bn != NULL)
		serial = BN_bn2hex(bn);
	if (serial != NULL && X509_NAME_oneline(X509_get_issuer_name(leaf),
		issuer, sizeof(issuer)) != NULL)
		ok = field_add_text(l, "client_issuer", issuer) &&
		    field_add_text(l, "client_serial", serial);
	OPENSSL_free(serial);
	BN_free(bn);
	X509_free(leaf);
	return ok;
}

/* Told for people to see, and not compared later: a device may move, and the
   policy may change in what does not concern it. */
static int
make_args(const struct admitting *t, struct enrol_ask *q)
{
	WIRE_FIELDS *l = field_list_new();
	const unsigned char *csr;
	size_t len;
	int ok;

	csr = csr_der(t->a->csr, &len);
	ok = l != NULL && field_add_text(l, "fleet", t->fleet->name) &&
	    field_add_text(l, "device", t->a->device) &&
	    field_add_text(l, "auth", t->a->auth) && add_client(l, t->req) &&
	    field_add_int(l, "policy", t->a->policy->row.version) &&
	    field_add_text(l, "address", t->req->address) &&
	    field_add_text(l, "client", t->req->client) &&
	    (t->a->keygen != NULL || field_add_bytes(l, "csr", csr, len)) &&
	    field_list_encode(l, &q->args, &q->args_len);
	field_list_free(l);
	return ok;
}

/* The fields that the certificate is made of. A device that is registered by
   its first enrolment has the maker's serial number in the registry from then
   on, also where that enrolment came to nothing: this is no change. */
static int
add_identity(const struct admission *a, WIRE_FIELDS *l)
{
	WIRE_FIELDS *in = field_list_new();
	unsigned char *der = NULL;
	size_t i, len;
	int ok = in != NULL;

	for (i = 0; ok && i < a->n_fields; i++)
		if (strcmp(a->fields[i].name, "registry.serial") != 0 ||
		    strcmp(a->fields[i].value, a->serial) != 0)
			ok = field_add_text(
			    in, a->fields[i].name, a->fields[i].value);
	ok = ok && field_list_encode(in, &der, &len) &&
	    field_add_bytes(l, "identity", der, len);
	OPENSSL_free(der);
	field_list_free(in);
	return ok;
}

/* What the certificate will say, and of what it is made. */
static int
make_rests(const struct admitting *t, struct enrol_ask *q)
{
	const struct admission *a = t->a;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	q->rests = l;
	ok = l != NULL &&
	    scope_file(l, a->policy, "profile", a->profile->name) &&
	    scope_file(l, a->policy, "fleet", t->fleet->name) &&
	    add_identity(a, l) &&
	    (a->keygen != NULL
		    ? field_add_text(l, "key", "made by the CA")
		    : field_add_bytes(l, "key_sha256", csr_spki_sha256(a->csr),
			  32)) &&
	    (!a->renewal || field_add_text(l, "renews", a->auth)) &&
	    (a->subject == NULL ||
		field_add_bytes(l, "subject", a->subject, a->subject_len)) &&
	    (a->san == NULL || field_add_bytes(l, "san", a->san, a->san_len)) &&
	    add_names(l, a->csr) &&
	    field_list_encode(l, &q->rests_der, &q->rests_len);
	return ok;
}

int
enrol_ask_make(const struct admitting *t, struct enrol_ask *out)
{
	memset(out, 0, sizeof(*out));
	out->op = t->a->renewal ? "reenroll"
	    : t->a->keygen != NULL ? "keygen" : "enroll";
	if (hash(t, out) && make_args(t, out) && make_rests(t, out))
		return 1;
	if (ERR_peek_error() == 0)
		ca_raise(CA_E_INTERNAL, "out of memory");
	enrol_ask_clear(out);
	return 0;
}

void
enrol_ask_clear(struct enrol_ask *a)
{
	OPENSSL_free(a->args);
	OPENSSL_free(a->rests_der);
	field_list_free(a->rests);
	memset(a, 0, sizeof(*a));
}

static int
same_field(const WIRE_FIELDS *a, const WIRE_FIELDS *b, const char *name)
{
	size_t n = 0, k = 0;
	const unsigned char *p = field_bytes(a, name, &n);
	const unsigned char *q = field_bytes(b, name, &k);

	return p != NULL && q != NULL && n == k && memcmp(p, q, n) == 0;
}

int
enrol_ask_stands(const WIRE_FIELDS *rests, const struct policy *policy)
{
	WIRE_FIELDS *now = field_list_new();
	int is = -1;

	if (now != NULL &&
	    scope_file(now, policy, "profile",
		field_text(rests, "profile", "")) &&
	    scope_file(now, policy, "fleet", field_text(rests, "fleet", "")))
		is = same_field(rests, now, "profile_sha256") &&
		    same_field(rests, now, "fleet_sha256");
	field_list_free(now);
	return is;
}
