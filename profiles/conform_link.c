#include <string.h>
#include <openssl/evp.h>
#include "profiles/conform_rule.h"

/*
 * Extensions that link a certificate to others: key identifiers, where status
 * and issuer are found, policies, and the small ones.
 */

#define KEY_ID_LEN 20
#define AD_OCSP 1
#define AD_CA_ISSUERS 2

/* RFC 7093 method 1: leftmost 160 bits of SHA-256 over the key's bits. */
static int
key_id_of(struct der spki, unsigned char id[KEY_ID_LEN])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	struct der seq, bits;

	if (!der_only(spki, DER_SEQUENCE, &seq) ||
	    !der_take(&seq, DER_SEQUENCE, NULL) ||
	    !der_only(seq, DER_BIT_STRING, &bits) || bits.len < 1 ||
	    !EVP_Digest(bits.p + 1, bits.len - 1, md, NULL, EVP_sha256(), NULL))
		return 0;
	memcpy(id, md, KEY_ID_LEN);
	return 1;
}

static int
check_ski(struct conform_view *v)
{
	unsigned char want[KEY_ID_LEN];
	struct der id;

	if (!v->ext[CONFORM_SKI].present)
		return conform_usage_is_ca(v)
		    ? conform_breach(v, "a CA without subjectKeyIdentifier")
		    : 1;
	/* A foreign CA's identifier stands in what it issued (4.2.1.1). */
	if (v->ctx->key_id && conform_usage_is_ca(v) && !v->self_signed)
		return der_only(v->ext[CONFORM_SKI].value, DER_OCTET_STRING,
			   &id) &&
			der_equal(&id, v->ctx->key_id, v->ctx->key_id_len)
		    ? 1
		    : conform_breach(v, "not the CA's own");
	if (!key_id_of(v->spki, want) ||
	    !der_only(v->ext[CONFORM_SKI].value, DER_OCTET_STRING, &id) ||
	    !der_equal(&id, want, sizeof(want)))
		return conform_breach(v, "not RFC 7093 method 1 of the key");
	return 1;
}

/* keyIdentifier alone, the issuer's value as it is, never computed anew. */
static int
check_aki(struct conform_view *v)
{
	const struct build_issuer *issuer = v->ctx->issuer;
	unsigned char own[KEY_ID_LEN];
	struct der seq, id;

	if (!v->ext[CONFORM_AKI].present)
		return v->self_signed
		    ? 1
		    : conform_breach(v, "no authorityKeyIdentifier");
	if (!der_only(v->ext[CONFORM_AKI].value, DER_SEQUENCE, &seq) ||
	    !der_only(seq, DER_CONTEXT(0), &id))
		return conform_breach(v, "not exactly a keyIdentifier");
	if (v->self_signed)
		return key_id_of(v->spki, own) &&
			der_equal(&id, own, sizeof(own))
		    ? 1
		    : conform_breach(v, "self-signed, but not its own key");
	return der_equal(&id, issuer->key_id, issuer->key_id_len)
	    ? 1
	    : conform_breach(v, "not the issuer's subjectKeyIdentifier");
}

static int
is_http(const struct der *uri, const char *want)
{
	return der_equal(uri, (const unsigned char *)want, strlen(want)) &&
	    uri->len > 7 && memcmp(uri->p, "http://", 7) == 0 &&
	    uri->p[7] != '/';
}

/* One DistributionPoint with one fullName, a URI (RFC 5280 4.2.1.13). */
static int
check_crldp(struct conform_view *v)
{
	struct der seq, point, name, full, uri;

	if (!v->ext[CONFORM_CRLDP].present)
		return 1;
	if (!der_only(v->ext[CONFORM_CRLDP].value, DER_SEQUENCE, &seq) ||
	    !der_only(seq, DER_SEQUENCE, &point) ||
	    !der_only(point, DER_CONTEXT_CONS(0), &name) ||
	    !der_only(name, DER_CONTEXT_CONS(0), &full) ||
	    !der_only(full, DER_CONTEXT(6), &uri))
		return conform_breach(v, "not one point with one URI");
	if (!v->ctx->issuer->crl_url || !is_http(&uri, v->ctx->issuer->crl_url))
		return conform_breach(
		    v, "not the issuer's CRL address, or not http");
	return 1;
}

/* AccessDescription: its method's last arc below id-ad, and its URI. */
static int
read_access(struct der *list, unsigned char *arc, struct der *uri)
{
	static const unsigned char id_ad[] = {0x2b, 6, 1, 5, 5, 7, 48};
	struct der seq, oid;

	if (!der_take(list, DER_SEQUENCE, &seq) ||
	    !der_take(&seq, DER_OID, &oid) ||
	    !der_only(seq, DER_CONTEXT(6), uri) ||
	    oid.len != sizeof(id_ad) + 1 ||
	    memcmp(oid.p, id_ad, sizeof(id_ad)) != 0)
		return 0;
	*arc = oid.p[sizeof(id_ad)];
	return 1;
}

int
conform_link_has_access(const struct conform_view *v, unsigned char arc)
{
	struct der list, uri;
	unsigned char a;

	if (!v->ext[CONFORM_AIA].present ||
	    !der_only(v->ext[CONFORM_AIA].value, DER_SEQUENCE, &list))
		return 0;
	while (read_access(&list, &a, &uri))
		if (a == arc)
			return 1;
	return 0;
}

/* Each access that profile and issuer have, once, and no other. */
static int
check_aia(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	const struct build_issuer *issuer = v->ctx->issuer;
	const char *want[] = {[AD_OCSP] = p->aia_ocsp ? issuer->ocsp_url : NULL,
	    [AD_CA_ISSUERS] = p->aia_issuers ? issuer->issuer_url : NULL};
	struct der list, uri;
	unsigned char arc;

	if (!v->ext[CONFORM_AIA].present)
		return 1;
	if (!der_only(v->ext[CONFORM_AIA].value, DER_SEQUENCE, &list) ||
	    list.len == 0)
		return conform_breach(v, "no access description");
	while (list.len > 0) {
		if (!read_access(&list, &arc, &uri) ||
		    (arc != AD_OCSP && arc != AD_CA_ISSUERS))
			return conform_breach(
			    v, "not OCSP or caIssuers with a URI");
		if (!want[arc] || !is_http(&uri, want[arc]))
			return conform_breach(v,
			    "%s: not the issuer's address, or not http",
			    arc == AD_OCSP ? "OCSP" : "caIssuers");
		want[arc] = NULL;
	}
	if (want[AD_OCSP] || want[AD_CA_ISSUERS])
		return conform_breach(v, "an access is missing");
	return 1;
}

/* A policy with the CPS URI of the profile, or without qualifiers. */
static int
fits_policy(struct der info, const struct profile_policy *p)
{
	struct der oid, quals, qual, uri;

	if (!der_take(&info, DER_OID, &oid) || !der_oid_is(&oid, p->oid))
		return 0;
	if (p->cps[0] == '\0')
		return info.len == 0;
	return der_only(info, DER_SEQUENCE, &quals) &&
	    der_only(quals, DER_SEQUENCE, &qual) &&
	    der_take(&qual, DER_OID, &oid) &&
	    der_oid_is(&oid, "1.3.6.1.5.5.7.2.1") &&
	    der_only(qual, DER_IA5, &uri) &&
	    der_equal(&uri, (const unsigned char *)p->cps, strlen(p->cps));
}

static int
check_policies(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	struct der list, info;
	size_t i;

	if (!v->ext[CONFORM_POLICIES].present)
		return 1;
	if (!der_only(v->ext[CONFORM_POLICIES].value, DER_SEQUENCE, &list))
		return conform_breach(v, "not a SEQUENCE");
	for (i = 0; i < p->n_policies; i++) {
		if (p->policies[i].unless_attested && v->ctx->attested)
			continue;
		if (!der_take(&list, DER_SEQUENCE, &info) ||
		    !fits_policy(info, &p->policies[i]))
			return conform_breach(v,
			    "policy %s is missing or not as in the profile",
			    p->policies[i].oid);
	}
	return list.len == 0 ? 1 : conform_breach(v, "a policy too many");
}

/* "A certificate policy OID MUST NOT appear more than once." */
static int
check_policies_once(struct conform_view *v)
{
	struct der list, rest, info, oid, other;

	if (!v->ext[CONFORM_POLICIES].present ||
	    !der_only(v->ext[CONFORM_POLICIES].value, DER_SEQUENCE, &list))
		return 1;
	while (der_take(&list, DER_SEQUENCE, &info)) {
		if (!der_take(&info, DER_OID, &oid))
			return conform_breach(v, "a policy without an OID");
		rest = list;
		while (der_take(&rest, DER_SEQUENCE, &info))
			if (der_take(&info, DER_OID, &other) &&
			    der_equal(&other, oid.p, oid.len))
				return conform_breach(
				    v, "a policy is there twice");
	}
	return 1;
}

static int
check_null(struct conform_view *v, enum conform_ext_id id)
{
	struct der none;

	if (!v->ext[id].present)
		return 1;
	return der_only(v->ext[id].value, DER_NULL, &none)
	    ? 1
	    : conform_breach(v, "its value is not NULL");
}

static int
check_nocheck(struct conform_view *v)
{
	return check_null(v, CONFORM_NOCHECK);
}

/* RFC 9608 3: a relying party takes a certificate that breaks this for
   invalid. */
static int
check_no_rev_avail(struct conform_view *v)
{
	if (!v->ext[CONFORM_NO_REV_AVAIL].present)
		return 1;
	if (conform_usage_is_ca(v))
		return conform_breach(v, "noRevAvail in a CA's certificate");
	if (v->ext[CONFORM_CRLDP].present ||
	    conform_link_has_access(v, AD_OCSP))
		return conform_breach(v, "noRevAvail beside CRL or OCSP");
	return check_null(v, CONFORM_NO_REV_AVAIL);
}

static int
check_mud(struct conform_view *v)
{
	const char *want = v->ctx->profile->mud_url;
	struct der uri;

	if (!v->ext[CONFORM_MUD].present)
		return 1;
	if (!der_only(v->ext[CONFORM_MUD].value, DER_IA5, &uri) ||
	    !der_equal(&uri, (const unsigned char *)want, strlen(want)))
		return conform_breach(v, "not the profile's MUD URL");
	if (uri.len <= 8 || memcmp(uri.p, "https://", 8) != 0)
		return conform_breach(v, "not an https URL");
	return 1;
}

const struct conform_rule conform_link_rules[] = {
    {"ski", "RFC 5280 4.2.1.2, RFC 7093 2", check_ski},
    {"aki", "RFC 5280 4.2.1.1", check_aki},
    {"crldp", "RFC 5280 4.2.1.13", check_crldp},
    {"aia", "RFC 5280 4.2.2.1", check_aia},
    {"policies.once", "RFC 5280 4.2.1.4", check_policies_once},
    {"policies", "profile, RFC 5280 4.2.1.4", check_policies},
    {"nocheck", "RFC 6960 4.2.2.2.1", check_nocheck},
    {"norevavail", "RFC 9608 2 and 3", check_no_rev_avail},
    {"mud", "RFC 8520 11", check_mud}, {NULL, NULL, NULL}};
