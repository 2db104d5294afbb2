#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/subca.h"
#include "profiles/spki.h"

/* Judging the certificate of a CA before it is one. */

static int
fail(const char *rule, const char *text)
{
	ca_raise(CA_E_DENIED, "%s: %s", rule, text);
	return 0;
}

/* --- the certificate itself --- */

static int
check_key(X509 *cert, X509_REQ *csr, X509 *was)
{
	EVP_PKEY *want = csr != NULL ? X509_REQ_get0_pubkey(csr)
				     : X509_get0_pubkey(was);
	EVP_PKEY *got = X509_get0_pubkey(cert);

	if (spki_same(got, want))
		return 1;
	return fail("import.key", "the certificate is for another key");
}

/* A renewed one has the very octets of the old name: certificates below have
   them as their issuer, and not every verifier folds case and spaces. */
static int
check_name(X509 *cert, X509_REQ *csr, X509 *was)
{
	const X509_NAME *got = X509_get_subject_name(cert), *want;
	const unsigned char *a, *b;
	size_t a_len, b_len;

	if (csr != NULL)
		return X509_NAME_cmp(got, X509_REQ_get_subject_name(csr)) == 0
		    || fail("import.name", "the subject is not the request's");
	want = X509_get_subject_name(was);
	return (X509_NAME_get0_der(got, &a, &a_len) == 1 &&
	    X509_NAME_get0_der(want, &b, &b_len) == 1 && a_len == b_len &&
	    memcmp(a, b, a_len) == 0) ||
	    fail("import.name", "the subject is not, octet by octet, that of "
	    "the certificate it renews");
}

static int
check_usage(X509 *cert)
{
	uint32_t flags = X509_get_extension_flags(cert);
	uint32_t want = KU_KEY_CERT_SIGN | KU_CRL_SIGN;

	if (flags & EXFLAG_INVALID)
		return fail("import.usage", "an extension of the certificate "
		    "cannot be read");
	if (X509_get_version(cert) != 2 || !(flags & EXFLAG_BCONS) ||
	    !(flags & EXFLAG_CA))
		return fail("import.usage", "not the certificate of a CA: "
		    "basicConstraints lack cA");
	if (!(flags & EXFLAG_KUSAGE) ||
	    (X509_get_key_usage(cert) & want) != want)
		return fail("import.usage", "keyUsage lacks keyCertSign or "
		    "cRLSign");
	if (flags & EXFLAG_SS)
		return fail("import.usage", "it is self-signed: a root is made "
		    "by a ceremony");
	return 1;
}

/* What is below it names this identifier in its authorityKeyIdentifier. */
static int
check_key_id(X509 *cert, X509 *was)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(cert);

	if (ski == NULL || ASN1_STRING_length(ski) == 0)
		return fail("import.ski", "it has no subjectKeyIdentifier");
	if (was != NULL && ASN1_OCTET_STRING_cmp(ski,
	    X509_get0_subject_key_id(was)) != 0)
		return fail("import.ski", "its subjectKeyIdentifier is not "
		    "that of the certificate it renews, which certificates "
		    "below it name");
	return 1;
}

static int
check_time(X509 *cert, X509 *was, time_t now)
{
	int64_t from = issuer_time(X509_get0_notBefore(cert));
	int64_t to = issuer_time(X509_get0_notAfter(cert));

	if (to <= now)
		return fail("import.validity", "it has expired");
	if (from > now)
		return fail("import.validity", "it is not valid yet");
	if (from >= to)
		return fail("import.validity", "it ends before it begins");
	if (was != NULL && from < issuer_time(X509_get0_notBefore(was)))
		return fail("import.validity", "it is older than the one it "
		    "would renew");
	return 1;
}

int
subca_check(X509 *cert, X509_REQ *csr, X509 *was, time_t now)
{
	if (was != NULL && X509_cmp(cert, was) == 0)
		return fail("import.same", "it is the certificate that this CA "
		    "has already");
	return check_key(cert, csr, was) && check_name(cert, csr, was) &&
	    check_usage(cert) && check_key_id(cert, was) &&
	    check_time(cert, was, now);
}

/* --- who signed it --- */

/* Certificates that a chain may be made of: what is self-signed is an anchor,
   for an operator who brings it in says that he trusts it. */
struct pool {
	X509_STORE *anchors;
	STACK_OF(X509) *others;
	int failed;
};

static int
pool_add(struct pool *p, X509 *cert)
{
	if (X509_get_extension_flags(cert) & EXFLAG_SS)
		return X509_STORE_add_cert(p->anchors, cert) == 1;
	if (!X509_up_ref(cert))
		return 0;
	if (sk_X509_push(p->others, cert) > 0)
		return 1;
	X509_free(cert);
	return 0;
}

static int
add_stored(const struct ca_cert_row *row, void *arg)
{
	struct pool *p = arg;
	const unsigned char *der = row->der;
	X509 *cert = d2i_X509(NULL, &der, (long)row->der_len);

	p->failed |= cert == NULL || !pool_add(p, cert);
	X509_free(cert);
	return !p->failed;
}

static int
stored_tx(struct store_tx *tx, void *arg)
{
	return ca_certs_list(tx, CA_CERT_FOREIGN, add_stored, arg);
}

static int
fill_pool(struct ca *ca, STACK_OF(X509) *chain, struct pool *p)
{
	size_t k;
	int i;

	p->anchors = X509_STORE_new();
	p->others = sk_X509_new_null();
	if (p->anchors == NULL || p->others == NULL)
		return 0;
	for (i = 0; i < sk_X509_num(chain); i++)
		if (!pool_add(p, sk_X509_value(chain, i)))
			return 0;
	for (k = 0; k < ca->issuers.n; k++)
		if (!pool_add(p, ca->issuers.item[k]->cert))
			return 0;
	return store_read(ca->store, stored_tx, p) && !p->failed;
}

static void
clear_pool(struct pool *p)
{
	X509_STORE_free(p->anchors);
	sk_X509_pop_free(p->others, X509_free);
}

static void
subject_of(X509 *cert, char *out, int size)
{
	out[0] = '\0';
	if (cert != NULL)
		X509_NAME_oneline(X509_get_subject_name(cert), out, size);
}

/* RFC 5280 4.2.1.9: a path length counts the certificates of CAs below it,
   self-issued ones not, and not the leaf that we will issue. */
static int
check_path_len(STACK_OF(X509) *chain)
{
	char subject[200];
	long below = 0, allowed;
	X509 *cert;
	int i;

	for (i = 0; i < sk_X509_num(chain); i++) {
		cert = sk_X509_value(chain, i);
		allowed = X509_get_pathlen(cert);
		if (allowed >= 0 && below > allowed) {
			subject_of(cert, subject, sizeof(subject));
			ca_raise(CA_E_DENIED, "path.length: %s allows %ld CAs "
			    "below it, and this one would be number %ld: "
			    "nothing that it issued would be valid", subject,
			    allowed, below);
			return 0;
		}
		if (!(X509_get_extension_flags(cert) & EXFLAG_SI))
			below++;
	}
	return 1;
}

static void
raise_chain(X509_STORE_CTX *ctx)
{
	int err = X509_STORE_CTX_get_error(ctx);
	char subject[200];

	subject_of(X509_STORE_CTX_get_current_cert(ctx), subject,
	    sizeof(subject));
	ca_raise(CA_E_DENIED, "%s: %s (depth %d, %s)",
	    err == X509_V_ERR_PATH_LENGTH_EXCEEDED ? "path.length"
						   : "import.chain",
	    X509_verify_cert_error_string(err),
	    X509_STORE_CTX_get_error_depth(ctx), subject);
}

static int
verify(struct pool *p, X509 *cert, time_t now, STACK_OF(X509) **chain)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int ok = 0;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, p->anchors, cert, p->others) != 1)
		goto out;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, SUBCA_CHAIN_MAX);
	X509_VERIFY_PARAM_set_time(param, now);
	ERR_set_mark();
	ok = X509_verify_cert(ctx) == 1;
	ERR_pop_to_mark();
	if (ok)
		ok = (*chain = X509_STORE_CTX_get1_chain(ctx)) != NULL;
	else
		raise_chain(ctx);
out:
	X509_STORE_CTX_free(ctx);
	return ok;
}

int
subca_verify(struct ca *ca, X509 *cert, STACK_OF(X509) *chain, time_t now,
    STACK_OF(X509) **above)
{
	struct pool p = {.anchors = NULL};
	STACK_OF(X509) *all = NULL;
	int ok;

	ok = fill_pool(ca, chain, &p) && verify(&p, cert, now, &all) &&
	    check_path_len(all);
	clear_pool(&p);
	if (ok) {
		X509_free(sk_X509_shift(all));
		*above = all;
	} else {
		sk_X509_pop_free(all, X509_free);
	}
	return ok;
}
