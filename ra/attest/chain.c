#include <string.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ra/attest/private.h"

static int
listed(const X509 *cert, const unsigned char (*list)[32], size_t n)
{
	unsigned char *der = NULL, md[32];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der), yes = 0;
	size_t i;

	if (len > 0 && SHA256(der, (size_t)len, md) != NULL)
		for (i = 0; i < n && !yes; i++)
			yes = memcmp(list[i], md, sizeof(md)) == 0;
	OPENSSL_free(der);
	return yes;
}

/* An extension that OpenSSL does not know is no danger when our caller reads it:
   are all critical ones either of these? */
static int
criticals_known(const X509 *cert, const char *const *known)
{
	int i, j, hit;

	for (i = 0; i < X509_get_ext_count(cert); i++) {
		X509_EXTENSION *ext = X509_get_ext(cert, i);
		char oid[80];

		if (!X509_EXTENSION_get_critical(ext) ||
		    X509_supported_extension(ext))
			continue;
		OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(ext), 1);
		for (j = hit = 0; known && known[j] && !hit; j++)
			hit = strcmp(known[j], oid) == 0;
		if (!hit)
			return 0;
	}
	return 1;
}

/* One walk. */
struct walker {
	const struct chain_rules *rules;
	X509 *leaf;	/* as it came, borrowed */
	X509 *stand_in; /* for it, or NULL */
};

/* OpenSSL walks no path from a leaf whose key it cannot read. It walks from a
   copy with the key as it reads it; the signature is then looked for on the
   leaf. */
static int
stand_in(struct walker *w)
{
	w->stand_in = X509_dup(w->leaf);
	return w->stand_in &&
	    X509_set_pubkey(w->stand_in, w->rules->foreign_key) == 1;
}

static int
leaf_is_signed(const struct walker *w, X509_STORE_CTX *ctx)
{
	X509 *issuer = sk_X509_value(X509_STORE_CTX_get0_chain(ctx), 1);

	return w->stand_in && issuer &&
	    X509_STORE_CTX_get_error_depth(ctx) == 0 &&
	    X509_verify(w->leaf, X509_get0_pubkey(issuer)) == 1;
}

static int
on_error(int ok, X509_STORE_CTX *ctx)
{
	const struct walker *w = X509_STORE_CTX_get_app_data(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);

	if (ok)
		return 1;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return cert != NULL &&
		    criticals_known(cert, w->rules->critical);
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return leaf_is_signed(w, ctx);
	default:
		return 0;
	}
}

static STACK_OF(X509) *
others(const struct attest_trust *trust, STACK_OF(X509) *certs)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	int i;

	for (i = 0; all && i < sk_X509_num(certs); i++)
		if (sk_X509_push(all, sk_X509_value(certs, i)) <= 0)
			goto fail;
	for (i = 0; all && i < sk_X509_num(trust->intermediates); i++)
		if (sk_X509_push(all, sk_X509_value(trust->intermediates, i)) <= 0)
			goto fail;
	return all;
fail:
	sk_X509_free(all);
	return NULL;
}

static void
set_rules(X509_STORE_CTX *ctx, const struct walker *w, time_t now)
{
	const struct chain_rules *rules = w->rules;
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	/* A time that is set would be looked at in spite of that flag. */
	if (rules->any_time || rules->trust->ignore_expiry)
		flags |= X509_V_FLAG_NO_CHECK_TIME;
	else
		X509_VERIFY_PARAM_set_time(param, now);
	if (rules->trust->crls) {
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
		X509_STORE_CTX_set0_crls(ctx, rules->trust->crls);
	}
	X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_depth(param, ATTEST_CERTS_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, 2); /* 112 bits, no SHA-1 */
	X509_STORE_CTX_set_app_data(ctx, (void *)w);
	X509_STORE_CTX_set_verify_cb(ctx, on_error);
}

static int
check_denied(const struct chain_rules *rules, STACK_OF(X509) *path)
{
	int i;

	for (i = 0; i < sk_X509_num(path); i++)
		if (listed(sk_X509_value(path, i), rules->trust->denied,
			rules->trust->n_denied))
			return attest_refuse(rules->rule, "certificate.key",
			    "certificate %d of the path has a denied key", i);
	return 1;
}

static int
walk(const struct chain_rules *rules, X509 *leaf, STACK_OF(X509) *certs,
    time_t now, STACK_OF(X509) **path)
{
	STACK_OF(X509) *all = others(rules->trust, certs);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	struct walker w = { rules, leaf, NULL };
	int ok = 0;

	if (all == NULL || ctx == NULL ||
	    (rules->foreign_key && !stand_in(&w)) ||
	    !X509_STORE_CTX_init(
		ctx, NULL, w.stand_in ? w.stand_in : leaf, all)) {
		attest_internal(rules->rule, "path", "out of memory");
		goto out;
	}
	X509_STORE_CTX_set0_trusted_stack(ctx, rules->trust->anchors);
	set_rules(ctx, &w, now);
	if (X509_verify_cert(ctx) != 1) {
		int e = X509_STORE_CTX_get_error(ctx);

		ERR_clear_error();
		attest_refuse(rules->rule, "certificate", "certificate %d: %s",
		    X509_STORE_CTX_get_error_depth(ctx),
		    X509_verify_cert_error_string(e));
		goto out;
	}
	ok = check_denied(rules, X509_STORE_CTX_get0_chain(ctx));
	if (ok && path) {
		*path = X509_STORE_CTX_get1_chain(ctx);
		ok = *path != NULL;
	}
out:
	X509_STORE_CTX_free(ctx);
	X509_free(w.stand_in);
	sk_X509_free(all);
	return ok;
}

int
chain_check(const struct chain_rules *rules, X509 *leaf, STACK_OF(X509) *certs,
    time_t now, STACK_OF(X509) **path)
{
	const struct attest_trust *trust = rules->trust;

	if (path)
		*path = NULL;
	if (listed(leaf, trust->denied, trust->n_denied))
		return attest_refuse(rules->rule, "certificate.key",
		    "this key is denied");
	if (listed(leaf, trust->pinned, trust->n_pinned))
		return 1;
	if (sk_X509_num(trust->anchors) <= 0)
		return attest_refuse(rules->rule, "policy.anchors",
		    "nobody is trusted for this format");
	return walk(rules, leaf, certs, now, path);
}

int
chain_has_eku(const X509 *cert, const char *oid)
{
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	int i, yes = 0;

	for (i = 0; i < sk_ASN1_OBJECT_num(eku) && !yes; i++) {
		char text[80];

		OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(eku, i), 1);
		yes = strcmp(text, oid) == 0;
	}
	EXTENDED_KEY_USAGE_free(eku);
	return yes;
}

int
chain_extension(const X509 *cert, const char *oid, struct attest_octets *out,
    int *critical)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	int at, again, found = -1;
	X509_EXTENSION *ext;
	ASN1_OCTET_STRING *data;

	if (obj == NULL)
		return -1;
	at = X509_get_ext_by_OBJ(cert, obj, -1);
	again = at < 0 ? -1 : X509_get_ext_by_OBJ(cert, obj, at);
	ASN1_OBJECT_free(obj);
	if (at < 0)
		return 0;
	ext = X509_get_ext(cert, at);
	data = X509_EXTENSION_get_data(ext);
	if (again < 0 && data) {
		*out = octets_of(ASN1_STRING_get0_data(data),
		    (size_t)ASN1_STRING_length(data));
		if (critical)
			*critical = X509_EXTENSION_get_critical(ext);
		found = 1;
	}
	return found;
}

int
chain_fact(struct attest_facts *facts, const char *name, const X509 *cert)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(cert, EVP_sha256(), md, &len) != 1)
		return attest_internal("facts", name, "no digest");
	return facts_octets(facts, name, md, len);
}
