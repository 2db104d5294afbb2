#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "profiles/error.h"
#include "profiles/text.h"
#include "profiles/build_part.h"

#define OID_NO_REV_AVAIL "2.5.29.56"
#define OID_MUD_URL "1.3.6.1.5.5.7.1.25"

static int
internal(const char *what)
{
	profile_raise(PROFILE_E_INTERNAL, "build: %s cannot be made", what);
	return 0;
}

static int
push(struct build *b, X509_EXTENSION *ext, const char *what)
{
	if (ext != NULL && sk_X509_EXTENSION_push(b->tbs->extensions, ext) > 0)
		return 1;
	X509_EXTENSION_free(ext);
	return internal(what);
}

/* Value of a known type into an extension. */
static int
push_value(struct build *b, int nid, int critical, void *value)
{
	return push(b, X509V3_EXT_i2d(nid, critical, value), OBJ_nid2sn(nid));
}

/* An extension that OpenSSL 3.0 has no type for, from its DER. */
static int
push_der(struct build *b, const char *oid, const unsigned char *der, int len)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;

	if (obj != NULL && s != NULL && ASN1_OCTET_STRING_set(s, der, len))
		ext = X509_EXTENSION_create_by_OBJ(NULL, obj, 0, s);
	ASN1_OBJECT_free(obj);
	ASN1_OCTET_STRING_free(s);
	return push(b, ext, oid);
}

static int
add_basic_constraints(struct build *b)
{
	BASIC_CONSTRAINTS *bc = NULL;
	int ok = 0;

	if (!b->p->has_basic_constraints)
		return 1;
	if ((bc = BASIC_CONSTRAINTS_new()) == NULL)
		return internal("basicConstraints");
	bc->ca = b->p->is_ca ? 0xff : 0;
	if (b->p->path_len >= 0 &&
	    ((bc->pathlen = ASN1_INTEGER_new()) == NULL ||
		!ASN1_INTEGER_set(bc->pathlen, b->p->path_len)))
		internal("basicConstraints");
	else
		ok = push_value(b, NID_basic_constraints,
		    b->p->basic_constraints_critical, bc);
	BASIC_CONSTRAINTS_free(bc);
	return ok;
}

static int
add_key_usage(struct build *b)
{
	/* KU_* by bit number (RFC 5280 4.2.1.3). */
	static const unsigned order[] = {KU_DIGITAL_SIGNATURE,
	    KU_NON_REPUDIATION, KU_KEY_ENCIPHERMENT, KU_DATA_ENCIPHERMENT,
	    KU_KEY_AGREEMENT, KU_KEY_CERT_SIGN, KU_CRL_SIGN, KU_ENCIPHER_ONLY,
	    KU_DECIPHER_ONLY};
	ASN1_BIT_STRING *bits = NULL;
	int i, ok = 1;

	if (b->p->key_usage == 0)
		return 1;
	if ((bits = ASN1_BIT_STRING_new()) == NULL)
		return internal("keyUsage");
	for (i = 0; ok && i < (int)(sizeof(order) / sizeof(order[0])); i++)
		if (b->p->key_usage & order[i])
			ok = ASN1_BIT_STRING_set_bit(bits, i, 1);
	ok = ok && push_value(b, NID_key_usage, b->p->key_usage_critical, bits);
	ASN1_BIT_STRING_free(bits);
	return ok;
}

static int
push_oids(EXTENDED_KEY_USAGE *eku, const char list[][64], size_t n)
{
	ASN1_OBJECT *obj;
	size_t i;

	for (i = 0; i < n; i++) {
		if ((obj = OBJ_txt2obj(list[i], 1)) == NULL)
			return 0;
		if (sk_ASN1_OBJECT_push(eku, obj) <= 0) {
			ASN1_OBJECT_free(obj);
			return 0;
		}
	}
	return 1;
}

static int
add_extended_key_usage(struct build *b)
{
	size_t more = b->req->attested ? b->p->n_eku_attested : 0;
	EXTENDED_KEY_USAGE *eku = NULL;
	int ok = 0;

	if (b->p->n_eku + more == 0)
		return 1;
	if ((eku = sk_ASN1_OBJECT_new_null()) == NULL ||
	    !push_oids(eku, b->p->eku, b->p->n_eku) ||
	    !push_oids(eku, b->p->eku_attested, more))
		internal("extKeyUsage");
	else
		ok = push_value(b, NID_ext_key_usage, b->p->eku_critical, eku);
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return ok;
}

static int
add_subject_key_id(struct build *b)
{
	const unsigned char *own = b->key_id;
	size_t len = sizeof(b->key_id);
	ASN1_OCTET_STRING *id = NULL;
	int ok;

	if (!b->p->ski)
		return 1;
	if (b->req->key_id != NULL && b->p->is_ca) {
		own = b->req->key_id;
		len = b->req->key_id_len;
	}
	ok = (id = ASN1_OCTET_STRING_new()) != NULL &&
	    ASN1_OCTET_STRING_set(id, own, (int)len) &&
	    push_value(b, NID_subject_key_identifier, 0, id);
	ASN1_OCTET_STRING_free(id);
	return ok;
}

/* The value that stands in the issuer's certificate, never computed anew. */
static int
add_authority_key_id(struct build *b)
{
	const unsigned char *id = b->issuer->key_id;
	size_t len = b->issuer->key_id_len;
	AUTHORITY_KEYID *akid = NULL;
	int ok;

	if (!b->p->aki)
		return 1;
	if (profile_is_self_signed(b->p)) {
		id = b->key_id;
		len = sizeof(b->key_id);
	}
	if (id == NULL || len == 0) {
		profile_raise(PROFILE_E_REFUSED,
		    "build.aki: the issuer has no key identifier");
		return 0;
	}
	ok = (akid = AUTHORITY_KEYID_new()) != NULL &&
	    (akid->keyid = ASN1_OCTET_STRING_new()) != NULL &&
	    ASN1_OCTET_STRING_set(akid->keyid, id, (int)len) &&
	    push_value(b, NID_authority_key_identifier, 0, akid);
	AUTHORITY_KEYID_free(akid);
	return ok;
}

static int
add_san(struct build *b)
{
	X509_EXTENSION *ext = NULL;

	if (!build_make_san(b, &ext))
		return 0;
	return ext == NULL || push(b, ext, "subjectAltName");
}

static POLICYQUALINFO *
make_cps(const char *uri)
{
	POLICYQUALINFO *q = POLICYQUALINFO_new();

	if (q == NULL)
		return NULL;
	ASN1_OBJECT_free(q->pqualid);
	q->pqualid = OBJ_nid2obj(NID_id_qt_cps);
	if ((q->d.cpsuri = ASN1_IA5STRING_new()) == NULL ||
	    !ASN1_STRING_set(q->d.cpsuri, uri, -1)) {
		POLICYQUALINFO_free(q);
		return NULL;
	}
	return q;
}

static POLICYINFO *
make_policy(const struct profile_policy *pol)
{
	POLICYINFO *info = POLICYINFO_new();
	POLICYQUALINFO *q = NULL;

	if (info == NULL)
		return NULL;
	ASN1_OBJECT_free(info->policyid);
	if ((info->policyid = OBJ_txt2obj(pol->oid, 1)) == NULL)
		goto fail;
	if (pol->cps[0] == '\0')
		return info;
	if ((q = make_cps(pol->cps)) != NULL &&
	    (info->qualifiers = sk_POLICYQUALINFO_new_null()) != NULL &&
	    sk_POLICYQUALINFO_push(info->qualifiers, q) > 0)
		return info;
	POLICYQUALINFO_free(q);
fail:
	POLICYINFO_free(info);
	return NULL;
}

static int
add_policies(struct build *b)
{
	CERTIFICATEPOLICIES *list = sk_POLICYINFO_new_null();
	POLICYINFO *info;
	int ok = list != NULL;
	size_t i;

	for (i = 0; ok && i < b->p->n_policies; i++) {
		if (b->p->policies[i].unless_attested && b->req->attested)
			continue;
		info = make_policy(&b->p->policies[i]);
		ok = info != NULL && sk_POLICYINFO_push(list, info) > 0;
		if (!ok) {
			POLICYINFO_free(info);
			internal("certificatePolicies");
		}
	}
	if (ok && sk_POLICYINFO_num(list) > 0)
		ok = push_value(b, NID_certificate_policies, 0, list);
	sk_POLICYINFO_pop_free(list, POLICYINFO_free);
	return ok;
}

static GENERAL_NAME *
make_uri(const char *url)
{
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();

	if (gn == NULL || s == NULL || !ASN1_STRING_set(s, url, -1)) {
		GENERAL_NAME_free(gn);
		ASN1_IA5STRING_free(s);
		return NULL;
	}
	GENERAL_NAME_set0_value(gn, GEN_URI, s);
	return gn;
}

/* Over https: whoever checks the server's certificate would have to fetch
   this first (RFC 5280 8). */
static int
check_url(const char *what, const char *url)
{
	if (text_is_http(url))
		return 1;
	profile_raise(
	    PROFILE_E_REFUSED, "build.%s: \"%.100s\" is not http:", what, url);
	return 0;
}

static DIST_POINT *
make_dist_point(const char *url)
{
	DIST_POINT *dp = DIST_POINT_new();
	GENERAL_NAME *gn = make_uri(url);

	if (dp == NULL || gn == NULL ||
	    (dp->distpoint = DIST_POINT_NAME_new()) == NULL ||
	    (dp->distpoint->name.fullname = sk_GENERAL_NAME_new_null()) ==
		NULL ||
	    sk_GENERAL_NAME_push(dp->distpoint->name.fullname, gn) <= 0) {
		GENERAL_NAME_free(gn);
		DIST_POINT_free(dp);
		return NULL;
	}
	dp->distpoint->type = 0;
	return dp;
}

static int
add_crl_dp(struct build *b)
{
	const char *url = b->issuer->crl_url;
	CRL_DIST_POINTS *list = NULL;
	DIST_POINT *dp = NULL;
	int ok = 0;

	if (!b->p->crl_dp)
		return 1;
	if (url == NULL) {
		build_note(b, "the issuer has no CRL address");
		return 1;
	}
	if (!check_url("crl_url", url))
		return 0;
	if ((list = sk_DIST_POINT_new_null()) == NULL ||
	    (dp = make_dist_point(url)) == NULL ||
	    sk_DIST_POINT_push(list, dp) <= 0) {
		DIST_POINT_free(dp);
		internal("cRLDistributionPoints");
	} else
		ok = push_value(b, NID_crl_distribution_points, 0, list);
	sk_DIST_POINT_pop_free(list, DIST_POINT_free);
	return ok;
}

static int
push_access(AUTHORITY_INFO_ACCESS *aia, int method, const char *url)
{
	ACCESS_DESCRIPTION *ad = ACCESS_DESCRIPTION_new();
	GENERAL_NAME *gn = make_uri(url);

	if (ad == NULL || gn == NULL) {
		ACCESS_DESCRIPTION_free(ad);
		GENERAL_NAME_free(gn);
		return internal("authorityInfoAccess");
	}
	ASN1_OBJECT_free(ad->method);
	ad->method = OBJ_nid2obj(method);
	GENERAL_NAME_free(ad->location);
	ad->location = gn;
	if (sk_ACCESS_DESCRIPTION_push(aia, ad) > 0)
		return 1;
	ACCESS_DESCRIPTION_free(ad);
	return internal("authorityInfoAccess");
}

static int
add_access(struct build *b, AUTHORITY_INFO_ACCESS *aia, int wanted, int method,
    const char *what, const char *url)
{
	if (!wanted)
		return 1;
	if (url == NULL) {
		build_note(b, "the issuer has no %s", what);
		return 1;
	}
	return check_url(what, url) && push_access(aia, method, url);
}

static int
add_aia(struct build *b)
{
	AUTHORITY_INFO_ACCESS *aia = sk_ACCESS_DESCRIPTION_new_null();
	int ok;

	ok = aia != NULL &&
	    add_access(b, aia, b->p->aia_ocsp, NID_ad_OCSP, "ocsp_url",
		b->issuer->ocsp_url) &&
	    add_access(b, aia, b->p->aia_issuers, NID_ad_ca_issuers,
		"issuer_url", b->issuer->issuer_url);
	if (ok && sk_ACCESS_DESCRIPTION_num(aia) > 0)
		ok = push_value(b, NID_info_access, 0, aia);
	sk_ACCESS_DESCRIPTION_pop_free(aia, ACCESS_DESCRIPTION_free);
	return ok;
}

static int
add_status_marks(struct build *b)
{
	static const unsigned char null_der[] = {0x05, 0x00};

	if (b->p->ocsp_nocheck &&
	    !push_der(b, "1.3.6.1.5.5.7.48.1.5", null_der, 2))
		return 0;
	return !b->p->no_rev_avail ||
	    push_der(b, OID_NO_REV_AVAIL, null_der, 2);
}

static int
add_mud_url(struct build *b)
{
	ASN1_IA5STRING *s = NULL;
	unsigned char *der = NULL;
	int n = -1, ok;

	if (b->p->mud_url[0] == '\0')
		return 1;
	if ((s = ASN1_IA5STRING_new()) != NULL &&
	    ASN1_STRING_set(s, b->p->mud_url, -1))
		n = i2d_ASN1_IA5STRING(s, &der);
	ok = n > 0 ? push_der(b, OID_MUD_URL, der, n) : internal("MUD URL");
	OPENSSL_free(der);
	ASN1_IA5STRING_free(s);
	return ok;
}

int
build_extensions(struct build *b)
{
	if ((b->tbs->extensions = sk_X509_EXTENSION_new_null()) == NULL)
		return internal("extensions");
	if (!add_basic_constraints(b) || !add_key_usage(b) ||
	    !add_extended_key_usage(b) || !add_subject_key_id(b) ||
	    !add_authority_key_id(b) || !add_san(b) || !add_policies(b) ||
	    !add_crl_dp(b) || !add_aia(b) || !add_status_marks(b) ||
	    !add_mud_url(b))
		return 0;
	if (b->req->csr != NULL)
		build_note_wishes(b);
	/* RFC 5280 4.1: at least one, or the field is absent. */
	if (sk_X509_EXTENSION_num(b->tbs->extensions) == 0) {
		sk_X509_EXTENSION_free(b->tbs->extensions);
		b->tbs->extensions = NULL;
	}
	return 1;
}
