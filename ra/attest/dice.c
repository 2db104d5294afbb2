#include <string.h>
#include <openssl/x509v3.h>

#include "ra/attest/dice.h"

#define EKU_ECA "2.23.133.5.4.100.12"

static const char *const known[] = { DICE_OID_TCB, DICE_OID_UEID, DICE_OID_MULTI,
	DICE_OID_FRESHNESS, NULL };

/* One value of ${item}, with nothing behind it; freed by the caller. */
static void *
read_item(struct attest_octets in, const ASN1_ITEM *item)
{
	const unsigned char *p = in.p;
	ASN1_VALUE *v = ASN1_item_d2i(NULL, &p, (long)in.len, item);

	if (v && p != in.p + in.len) {
		ASN1_item_free(v, item);
		v = NULL;
	}
	return v;
}

/* ---- The path ---- */

/* The maker's anchors, and the DeviceIDs that were told to us one by one. */
static STACK_OF(X509) *
anchors_of(const struct attest_input *in)
{
	const struct attest_trust *trust = &in->policy->dice.trust;
	STACK_OF(X509) *all = trust->anchors ? sk_X509_dup(trust->anchors)
					     : sk_X509_new_null();
	unsigned char md[32];
	size_t j;
	int i;

	for (i = 0; all && i < sk_X509_num(in->certs); i++) {
		X509 *cert = sk_X509_value(in->certs, i);
		EVP_PKEY *key = X509_get0_pubkey(cert);

		if (key == NULL || !attest_key_sha256(key, md))
			continue;
		for (j = 0; j < trust->n_pinned; j++)
			if (memcmp(trust->pinned[j], md, 32) == 0 &&
			    sk_X509_push(all, cert) <= 0) {
				sk_X509_free(all);
				return NULL;
			}
	}
	return all;
}

static STACK_OF(X509) *
find_path(const struct attest_input *in, X509 *leaf)
{
	struct attest_trust trust = in->policy->dice.trust;
	const struct chain_rules rules = { "dice.path", &trust, known, 1, NULL };
	STACK_OF(X509) *path = NULL;

	trust.anchors = anchors_of(in);
	trust.pinned = NULL;
	trust.n_pinned = 0;
	if (trust.anchors == NULL)
		attest_internal("dice.path", "certs", "out of memory");
	else if (!chain_check(&rules, leaf, in->certs, in->now, &path))
		path = NULL;
	sk_X509_free(trust.anchors);
	return path;
}

/* A device made it: its issuer is an embedded CA. Devices have no clock, so the
   validity of what they make means nothing; a maker's does. */
static int
made_by_device(STACK_OF(X509) *path, int i)
{
	return i + 1 < sk_X509_num(path) &&
	    chain_has_eku(sk_X509_value(path, i + 1), EKU_ECA);
}

static int
check_time(const struct attest_input *in, STACK_OF(X509) *path)
{
	time_t now = in->now;
	int i;

	if (in->policy->dice.trust.ignore_expiry)
		return 1;
	for (i = 0; i < sk_X509_num(path); i++) {
		X509 *cert = sk_X509_value(path, i);

		if (!made_by_device(path, i) &&
		    (X509_cmp_time(X509_get0_notBefore(cert), &now) != -1 ||
			X509_cmp_time(X509_get0_notAfter(cert), &now) != 1))
			return attest_refuse("dice.path", "certificate.validity",
			    "certificate %d, the maker's, is not valid now", i);
	}
	return 1;
}

/* Who signs for layers is an embedded CA (BasicConstraints were looked at with
   the path); who signs for itself has a purpose of keys that do. */
static int
check_purposes(X509 *leaf)
{
	static const char *const purposes[] = { "2.23.133.5.4.100.6",
		"2.23.133.5.4.100.7", "2.23.133.5.4.100.8",
		"2.23.133.5.4.100.9" };
	size_t i;

	if (X509_check_ca(leaf) != 0)
		return attest_refuse("dice.purpose",
		    "certificate.basicConstraints", "the alias key is a CA's");
	for (i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
		if (chain_has_eku(leaf, purposes[i]))
			return 1;
	return attest_refuse("dice.purpose", "certificate.extKeyUsage",
	    "the alias key has no purpose of identity or attestation");
}

/* ---- What the certificates say ---- */

/* 1 with TcbInfos looked at counted in ${n}, 0 raised. */
static int
check_tcb(X509 *cert, int where, const struct attest_input *in, int *n,
    struct attest_facts *facts)
{
	struct attest_octets one, many;
	int has_one = chain_extension(cert, DICE_OID_TCB, &one, NULL);
	int has_many = chain_extension(cert, DICE_OID_MULTI, &many, NULL);
	DICE_TCBS *list = NULL;
	DICE_TCB *tcb = NULL;
	int ok = 0, i;

	*n = 0;
	if (has_one < 0 || has_many < 0 || (has_one && has_many))
		return attest_malformed("dice.tcb-info", "certificate",
		    "certificate %d: more than one TcbInfo extension", where);
	if (has_one)
		tcb = read_item(one, ASN1_ITEM_rptr(DICE_TCB));
	if (has_many)
		list = read_item(many, ASN1_ITEM_rptr(DICE_TCBS));
	if ((has_one && tcb == NULL) || (has_many &&
		(list == NULL || sk_DICE_TCB_num(list) < 1 ||
		    sk_DICE_TCB_num(list) > DICE_TCBS_MAX))) {
		attest_malformed("dice.tcb-info", "certificate",
		    "certificate %d: a TcbInfo that cannot be read", where);
		goto out;
	}
	ok = tcb == NULL ||
	    dice_tcb_check(tcb, where, where == 0, &in->policy->dice, facts);
	for (i = 0; ok && i < sk_DICE_TCB_num(list); i++)
		ok = dice_tcb_check(sk_DICE_TCB_value(list, i), where,
		    where == 0 && sk_DICE_TCB_num(list) == 1,
		    &in->policy->dice, facts);
	*n = has_one || has_many;
out:
	ASN1_item_free((ASN1_VALUE *)tcb, ASN1_ITEM_rptr(DICE_TCB));
	ASN1_item_free((ASN1_VALUE *)list, ASN1_ITEM_rptr(DICE_TCBS));
	return ok;
}

static int
check_tcbs(STACK_OF(X509) *path, const struct attest_input *in,
    struct attest_facts *facts)
{
	int i, has = 0;

	for (i = 0; i < sk_X509_num(path); i++) {
		X509 *cert = sk_X509_value(path, i);

		if (!check_tcb(cert, i, in, &has, facts))
			return 0;
		if (has && i > 0 && !chain_has_eku(cert, EKU_ECA))
			return attest_refuse("dice.purpose",
			    "certificate.extKeyUsage",
			    "certificate %d is a layer's and no embedded CA's",
			    i);
		if (!has && (i == 0 || made_by_device(path, i)))
			return attest_refuse("dice.tcb-info", "certificate",
			    "certificate %d says nothing of its layer", i);
	}
	return facts_number(facts, "dice.certificates", sk_X509_num(path));
}

/* EAT UEIDs (RFC 9711 4.2.1.1): a type, and 16 octets and more behind it. */
static int
ueid_is_fit(struct attest_octets u)
{
	return u.len >= 7 && u.len <= 33 && u.p[0] >= 1 && u.p[0] <= 3;
}

/* The same UEID wherever there is one. */
static int
check_ueid(STACK_OF(X509) *path, struct attest_facts *facts)
{
	unsigned char first[33];
	struct attest_octets ext, u;
	size_t len = 0;
	DICE_OCTETS *v;
	int i, has, same;

	for (i = 0; i < sk_X509_num(path); i++) {
		has = chain_extension(
		    sk_X509_value(path, i), DICE_OID_UEID, &ext, NULL);
		if (has == 0)
			continue;
		v = has == 1 ? read_item(ext, ASN1_ITEM_rptr(DICE_OCTETS)) : NULL;
		u = octets_of(NULL, 0);
		if (v)
			u = octets_of(ASN1_STRING_get0_data(v->octets),
			    (size_t)ASN1_STRING_length(v->octets));
		same = ueid_is_fit(u) &&
		    (len == 0 || octets_equal(u, first, len));
		if (same && len == 0)
			memcpy(first, u.p, len = u.len);
		ASN1_item_free((ASN1_VALUE *)v, ASN1_ITEM_rptr(DICE_OCTETS));
		if (!same)
			return attest_refuse("dice.ueid", "Ueid",
			    "certificate %d: unfit, or another than below it", i);
	}
	return len == 0 || facts_octets(facts, "dice.ueid", first, len);
}

/* ---- Freshness ---- */

static int
check_octets(struct attest_octets der, const char *field,
    const struct attest_input *in)
{
	DICE_OCTETS *v = read_item(der, ASN1_ITEM_rptr(DICE_OCTETS));
	int ok;

	if (v == NULL)
		return attest_malformed("dice.nonce", field,
		    "not a TcbFreshness");
	ok = attest_nonce_check("dice.nonce", field, in,
	    ASN1_STRING_get0_data(v->octets),
	    (size_t)ASN1_STRING_length(v->octets));
	ASN1_item_free((ASN1_VALUE *)v, ASN1_ITEM_rptr(DICE_OCTETS));
	return ok;
}

/* In the statement, which the request's signature covers, or in the alias
   certificate; where it is in both it must be right in both. */
static int
check_fresh(const struct attest_statement *s, X509 *leaf,
    const struct attest_input *in)
{
	static const unsigned char null[] = { 0x05, 0x00 };
	struct attest_octets ext;
	int has = chain_extension(leaf, DICE_OID_FRESHNESS, &ext, NULL);
	int empty = octets_equal(s->stmt, null, sizeof(null));

	if (has < 0 || (has == 0 && empty))
		return attest_refuse("dice.nonce", "TcbFreshness",
		    "neither in the statement nor once in the alias certificate");
	return (!empty ? check_octets(s->stmt, "statement", in) : 1) &&
	    (has ? check_octets(ext, "certificate.TcbFreshness", in) : 1);
}

int
dice_appraise(const struct attest_statement *s, const struct attest_input *in,
    struct attest_facts *facts)
{
	X509 *leaf = attest_csr_cert("dice.alias", in);
	STACK_OF(X509) *path = leaf ? find_path(in, leaf) : NULL;
	int ok = path && check_time(in, path) && check_purposes(leaf) &&
	    check_fresh(s, leaf, in) && check_ueid(path, facts) &&
	    check_tcbs(path, in, facts) &&
	    chain_fact(facts, "dice.alias.certificate", leaf) &&
	    attest_key_check("dice.alias", "certificate.key",
		X509_get0_pubkey(leaf), in, facts);

	sk_X509_pop_free(path, X509_free);
	return ok;
}
