#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "profiles/spki.h"
#include "ca/engine/chain.h"
#include "ca/engine/crl.h"
#include "ca/engine/ops.h"
#include "ca/engine/retire.h"

/* Everything about one CA. */

/* As rows of certificates have it: RFC 2253. */
int
ops_add_name(WIRE_FIELDS *l, const char *field, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int ok = 0;
	char *text;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0,
		XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0 &&
	    BIO_write(bio, "", 1) == 1 && BIO_get_mem_data(bio, &text) > 0)
		ok = field_add_text(l, field, text);
	BIO_free(bio);
	return ok;
}

const char *
ops_issuer_state(const struct issuer *is)
{
	return is->row.state == ISSUER_ROOT ? "root"
	    : is->row.state == ISSUER_DISABLED ? "disabled" : "active";
}

const char *
ops_key_state(const struct issuer *is)
{
	if (is->row.state == ISSUER_ROOT)
		return "offline";
	return ca_issuer_has_key(is) ? "ok" : "absent";
}

static int
add_cert(WIRE_FIELDS *v, const struct issuer *is)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(is->cert);
	BIGNUM *bn = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = bn == NULL ? NULL : BN_bn2hex(bn);
	char sha256[65];
	int ok;

	ops_hex(is->sha256, 32, sha256);
	ok = hex != NULL &&
	    ops_add_name(v, "subject", X509_get_subject_name(is->cert)) &&
	    ops_add_name(v, "issued_by", X509_get_issuer_name(is->cert)) &&
	    field_add_text(v, "serial", hex) &&
	    field_add_time(v, "not_before", is->row.not_before) &&
	    field_add_time(v, "not_after", is->row.not_after) &&
	    field_add_text(v, "sha256", sha256);
	OPENSSL_free(hex);
	BN_free(bn);
	return ok;
}

static int
add_key(WIRE_FIELDS *v, const struct issuer *is)
{
	unsigned char *spki = NULL;
	const char *type = NULL;
	int ok, len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(is->cert), &spki);

	if (len > 0)
		type = spki_type_name(spki_inspect(spki, (size_t)len));
	OPENSSL_free(spki);
	ok = field_add_text(v, "key_type", type) &&
	    field_add_text(v, "key_uri", is->row.key_uri) &&
	    field_add_text(v, "key_state", ops_key_state(is)) &&
	    field_add_text(v, "token", is->row.token);
	return ok;
}

static int
add_policy(WIRE_FIELDS *v, const struct issuer *is)
{
	const struct issuer_row *r = &is->row;

	return field_add_text(v, "crl_url", r->crl_url) &&
	    field_add_text(v, "ocsp_url", r->ocsp_url) &&
	    field_add_text(v, "issuer_url", r->issuer_url) &&
	    field_add_int(v, "crl_lifetime", r->crl_lifetime) &&
	    field_add_int(v, "crl_interval", r->crl_interval) &&
	    field_add_int(v, "crl_shards", r->crl_shards) &&
	    (r->expired_from == 0 ||
	    field_add_time(v, "keeps_expired_from", r->expired_from));
}

/* The profiles that it issues, as "a, b". */
static int
add_profiles(struct ops_call *c, WIRE_FIELDS *v, const struct issuer *is)
{
	struct policy *policy = ca_policy(c->ca);
	const struct profile *p;
	char text[900] = "";
	size_t i, used = 0;

	for (i = 0; i < policy->n_profiles && used < sizeof(text); i++) {
		p = policy->profiles[i];
		if (p->issuer[0] != '\0' &&
		    issuer_set_find(&c->ca->issuers, p->issuer) == is)
			used += (size_t)snprintf(text + used,
			    sizeof(text) - used, "%s%s", used > 0 ? ", " : "",
			    p->name);
	}
	policy_put(policy);
	return field_add_text(v, "profiles", text);
}

/* When its next CRL comes, or that none is needed any more. */
static int
add_crls(struct ops_call *c, WIRE_FIELDS *v, const struct issuer *is,
    const struct retire *r)
{
	int64_t due = 0;

	if (retire_is_over(is, r, c->now))
		return field_add_text(v, "crls", "none needed: all that it "
		    "issued has expired");
	return crl_due(c->ca->store, is, &due) &&
	    field_add_time(v, "next_crl", due);
}

static int
add_certs(struct ops_call *c, WIRE_FIELDS *v, const struct issuer *is)
{
	static const char *const names[] = {"", "reserved", "valid", "held",
	    "revoked", "aborted"};
	struct retire r;
	char field[32];
	size_t i;

	if (!retire_look(c->ca, is, &r))
		return 0;
	for (i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(field, sizeof(field), "certs_%s", names[i]);
		if (!field_add_int(v, field, r.n[i]))
			return 0;
	}
	return (r.last == 0 || field_add_time(v, "last_expiry", r.last)) &&
	    add_crls(c, v, is, &r);
}

/* --- other certificates: what is above it, and what else says it --- */

static int
add_row(struct ops_call *c, const char *kind, X509 *cert)
{
	WIRE_FIELDS *l = message_add_row(c->answer);
	unsigned char *der = NULL, md[32];
	int len = i2d_X509(cert, &der), ok;
	char hex[65];

	if (len <= 0)
		return 0;
	SHA256(der, (size_t)len, md);
	ops_hex(md, sizeof(md), hex);
	ok = l != NULL && field_add_text(l, "kind", kind) &&
	    ops_add_name(l, "subject", X509_get_subject_name(cert)) &&
	    ops_add_name(l, "issued_by", X509_get_issuer_name(cert)) &&
	    field_add_time(l, "not_after",
	    issuer_time(X509_get0_notAfter(cert))) &&
	    field_add_text(l, "sha256", hex) &&
	    field_add_bytes(l, "der", der, (size_t)len);
	OPENSSL_free(der);
	return ok;
}

static int
add_chain(struct ops_call *c, const struct issuer *is)
{
	STACK_OF(X509) *above = NULL;
	int i, ok = chain_above(c->ca, is, &above);

	for (i = 0; ok && i < sk_X509_num(above); i++)
		ok = add_row(c, "chain", sk_X509_value(above, i));
	sk_X509_pop_free(above, X509_free);
	return ok;
}

struct listing {
	struct ops_call *c;
	int64_t subject;
	int failed;
};

static int
add_further(const struct ca_cert_row *row, void *arg)
{
	struct listing *l = arg;
	const unsigned char *p = row->der;
	X509 *cert;

	if (row->subject != l->subject)
		return 1;
	cert = d2i_X509(NULL, &p, (long)row->der_len);
	l->failed |= cert == NULL || !add_row(l->c, row->kind, cert);
	X509_free(cert);
	return !l->failed;
}

static int
further_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_list(tx, NULL, add_further, arg);
}

static int
show(struct ops_call *c, const struct issuer *is)
{
	WIRE_FIELDS *v = c->answer->values;
	struct listing l = {c, is->row.id, 0};

	return field_add_text(v, "ident", is->row.ident) &&
	    field_add_text(v, "name", is->row.name) &&
	    field_add_int(v, "generation", is->row.generation) &&
	    field_add_text(v, "state", ops_issuer_state(is)) &&
	    add_cert(v, is) && add_key(v, is) && add_policy(v, is) &&
	    add_profiles(c, v, is) && add_certs(c, v, is) &&
	    field_add_bytes(v, "der", is->row.cert, is->row.cert_len) &&
	    add_chain(c, is) && ops_read(c, further_tx, &l) && !l.failed;
}

int
ops_ca_show(struct ops_call *c)
{
	const char *name = ops_text(c, "name");
	struct issuer *is = issuer_set_find(&c->ca->issuers, name);

	return is != NULL ? show(c, is) : ops_show_pending(c, name);
}
