#ifndef TESTS_CONFORM_MAKE_H
#define TESTS_CONFORM_MAKE_H

/*
 * A maker of TBSCertificates for the tests of conform: OpenSSL's X509 and a
 * profile written by hand, so that neither build.c nor the profile compiler has
 * a part in what is judged. Each case makes a good TBS, sees it accepted,
 * spoils one thing, and must see it refused under that rule's name.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include "profiles/conform_rule.h"
#include "profiles/error.h"

#define MAYBE __attribute__((unused)) static
#define MAKE_NOW ((time_t)1767225600) /* 20260101000000Z */
#define OID_HW "1.3.6.1.4.1.99999.1"
#define OID_NO_REV_AVAIL "2.5.29.56"
#define OID_MUD "1.3.6.1.5.5.7.1.25"
#define SAN_HW                                                                 \
	"3022a020" /* [0] otherName id-on-hardwareModuleName */                \
	"06082b06010505070804a014"                                             \
	"301206092b06010401868d1f01" /* hwType 1.3.6.1.4.1.99999.1 */          \
	"0405534e303031"	     /* OCTET STRING "SN001" */

enum make_key { KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519, N_KEYS };

struct make {
	struct profile profile;
	struct build_issuer issuer;
	struct conform_context ctx;
	unsigned char serial[BUILD_SERIAL_LEN], key_id[20];
	enum make_key key;
	unsigned char *spki, *name, *sigalg, *tbs;
	size_t tbs_len;
	X509 *x;
};

MAYBE EVP_PKEY *
make_key(enum make_key k)
{
	static EVP_PKEY *keys[N_KEYS];

	if (keys[k] == NULL)
		keys[k] = k == KEY_P256 ? EVP_EC_gen("P-256")
		    : k == KEY_P384	? EVP_EC_gen("P-384")
		    : k == KEY_RSA	? EVP_RSA_gen(2048)
				   : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_non_null(keys[k]);
	return keys[k];
}

/* ---- parts ------------------------------------------------------------ */

MAYBE void
set_hex(unsigned char **out, size_t *len, const char *hex)
{
	long n = 0;

	OPENSSL_free(*out);
	*out = *hex ? OPENSSL_hexstr2buf(hex, &n) : OPENSSL_zalloc(1);
	assert_non_null(*out);
	*len = n;
}

MAYBE void
drop(struct make *m, const char *oid)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	int at = X509_get_ext_by_OBJ(m->x, obj, -1);

	assert_true(at >= 0);
	X509_EXTENSION_free(X509_delete_ext(m->x, at));
	ASN1_OBJECT_free(obj);
}

/* Adds an extension with the value in hex. */
MAYBE void
put(struct make *m, const char *oid, int critical, const char *hex)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char *der = NULL;
	X509_EXTENSION *ext;
	size_t len;

	set_hex(&der, &len, hex);
	assert_true(ASN1_OCTET_STRING_set(value, der, len));
	ext = X509_EXTENSION_create_by_OBJ(NULL, obj, critical, value);
	assert_true(X509_add_ext(m->x, ext, -1));
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(obj);
	OPENSSL_free(der);
}

/* In place of the one that is there. */
MAYBE void
swap(struct make *m, const char *oid, int critical, const char *hex)
{
	drop(m, oid);
	put(m, oid, critical, hex);
}

/* Adds an extension as openssl.cnf writes it. */
MAYBE void
put_text(struct make *m, int nid, const char *text)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, text);
	assert_non_null(ext);
	assert_true(X509_add_ext(m->x, ext, -1));
	X509_EXTENSION_free(ext);
}

MAYBE void
swap_text(struct make *m, int nid, const char *text)
{
	int at = X509_get_ext_by_NID(m->x, nid, -1);

	assert_true(at >= 0);
	X509_EXTENSION_free(X509_delete_ext(m->x, at));
	put_text(m, nid, text);
}

MAYBE void
add_attr(X509_NAME *name, int nid, int type, const char *text)
{
	assert_true(X509_NAME_add_entry_by_NID(
	    name, nid, type, (const unsigned char *)text, -1, -1, 0));
}

MAYBE void
hex_of(const unsigned char *p, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", p[i]);
}

#include "tests/unit/profiles/conform_shape.h"

/* ---- a certificate from a profile ------------------------------------- */

MAYBE void
fill_name(struct make *m)
{
	X509_NAME *name = X509_NAME_new();
	const struct profile_subject_rule *r;
	size_t i;

	for (i = 0; i < m->profile.n_subject; i++) {
		r = &m->profile.subject[i];
		if (r->optional && r->nid != NID_commonName)
			continue;
		add_attr(name, r->nid,
		    r->nid == NID_countryName || r->nid == NID_serialNumber
			? V_ASN1_PRINTABLESTRING
			: V_ASN1_UTF8STRING,
		    r->kind == PROFILE_FROM_FIXED ? r->source : "dev-1");
	}
	assert_true(X509_set_subject_name(m->x, name));
	if (m->issuer.name == NULL)
		assert_true(X509_set_issuer_name(m->x, name));
	X509_NAME_free(name);
}

MAYBE void
fill_ids(struct make *m)
{
	unsigned char md[32];
	char hex[80];

	if (m->profile.ski) {
		/* The key's bits are what X509_pubkey_digest() hashes. */
		assert_true(X509_pubkey_digest(m->x, EVP_sha256(), md, NULL));
		strcpy(hex, "0414");
		hex_of(md, 20, hex + 4);
		put(m, "2.5.29.14", 0, hex);
	}
	if (m->profile.aki) {
		X509_pubkey_digest(m->x, EVP_sha256(), md, NULL);
		strcpy(hex, "30168014");
		hex_of(m->issuer.name ? m->key_id : md, 20, hex + 8);
		put(m, "2.5.29.35", 0, hex);
	}
}

MAYBE void
fill_usage(struct make *m)
{
	const struct profile *p = &m->profile;
	char text[512] = "";
	size_t i;

	snprintf(text, sizeof(text), "%s%s%s%s%s%s",
	    p->key_usage_critical ? "critical," : "",
	    p->key_usage & KU_DIGITAL_SIGNATURE ? "digitalSignature," : "",
	    p->key_usage & KU_KEY_ENCIPHERMENT ? "keyEncipherment," : "",
	    p->key_usage & KU_KEY_AGREEMENT ? "keyAgreement," : "",
	    p->key_usage & KU_KEY_CERT_SIGN ? "keyCertSign,cRLSign," : "",
	    p->key_usage & KU_DECIPHER_ONLY ? "decipherOnly," : "");
	text[strlen(text) - 1] = '\0';
	put_text(m, NID_key_usage, text);
	if (p->has_basic_constraints && p->path_len >= 0)
		put_text(
		    m, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
	else if (p->has_basic_constraints)
		put_text(m, NID_basic_constraints,
		    p->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	strcpy(text, p->eku_critical ? "critical," : "");
	for (i = 0; i < p->n_eku; i++)
		strcat(strcat(text, p->eku[i]), ",");
	for (i = 0; m->ctx.attested && i < p->n_eku_attested; i++)
		strcat(strcat(text, p->eku_attested[i]), ",");
	if (strchr(text, '.')) {
		text[strlen(text) - 1] = '\0';
		put_text(m, NID_ext_key_usage, text);
	}
}

/* The policies of the shapes are all 1.3.6.1.4.1.99999.N, N one digit. */
MAYBE void
fill_policies(struct make *m)
{
	const struct profile *p = &m->profile;
	char list[256] = "", hex[300];
	size_t i, n = 0;

	for (i = 0; i < p->n_policies; i++) {
		if (p->policies[i].unless_attested && m->ctx.attested)
			continue;
		sprintf(list + strlen(list), "300b06092b06010401868d1f0%c",
		    p->policies[i].oid[strlen(p->policies[i].oid) - 1]);
		n++;
	}
	sprintf(hex, "30%02zx%s", n * 13, list);
	if (n > 0)
		put(m, "2.5.29.32", 0, hex);
}

MAYBE void
fill_links(struct make *m)
{
	const struct profile *p = &m->profile;
	char text[512] = "";

	if (p->crl_dp && m->issuer.crl_url) {
		snprintf(text, sizeof(text), "URI:%s", m->issuer.crl_url);
		put_text(m, NID_crl_distribution_points, text);
	}
	text[0] = '\0';
	if (p->aia_ocsp && m->issuer.ocsp_url)
		sprintf(text, "OCSP;URI:%s,", m->issuer.ocsp_url);
	if (p->aia_issuers && m->issuer.issuer_url)
		sprintf(text + strlen(text), "caIssuers;URI:%s,",
		    m->issuer.issuer_url);
	if (text[0]) {
		text[strlen(text) - 1] = '\0';
		put_text(m, NID_info_access, text);
	}
	fill_policies(m);
	if (p->ocsp_nocheck)
		put(m, "1.3.6.1.5.5.7.48.1.5", 0, "0500");
	if (p->no_rev_avail)
		put(m, OID_NO_REV_AVAIL, 0, "0500");
}

MAYBE void
fill_names(struct make *m)
{
	const struct profile *p = &m->profile;
	char hex[200] = "161e";

	if (p->n_san && p->san[0].type == PROFILE_SAN_HW_MODULE_NAME)
		put(m, "2.5.29.17", p->san_critical, SAN_HW);
	else if (p->n_san)
		put_text(m, NID_subject_alt_name,
		    p->san_critical ? "critical,DNS:dev-1.example"
				    : "DNS:dev-1.example");
	if (p->mud_url[0]) {
		sprintf(hex, "16%02zx", strlen(p->mud_url));
		hex_of((const unsigned char *)p->mud_url, strlen(p->mud_url),
		    hex + 4);
		put(m, OID_MUD, 0, hex);
	}
}

MAYBE void
fill_times(struct make *m)
{
	int64_t from = MAKE_NOW - m->profile.backdate;
	int64_t to = from + m->profile.duration - 1;
	ASN1_TIME *t;

	if (m->profile.no_end)
		to = BUILD_NO_END;
	else if (m->issuer.name && to > m->issuer.not_after)
		to = m->issuer.not_after;
	t = ASN1_TIME_set(NULL, from);
	assert_true(X509_set1_notBefore(m->x, t));
	assert_non_null(ASN1_TIME_set(t, to));
	assert_true(X509_set1_notAfter(m->x, t));
	ASN1_TIME_free(t);
}

/* The algorithm inside the TBS, from an AlgorithmIdentifier. */
MAYBE void
set_algorithm(struct make *m, const char *hex)
{
	X509_ALGOR *tbs = (X509_ALGOR *)X509_get0_tbs_sigalg(m->x), *a = NULL;
	const unsigned char *p;

	set_hex(&m->sigalg, &m->issuer.sigalg_len, hex);
	m->issuer.sigalg = p = m->sigalg;
	assert_non_null(d2i_X509_ALGOR(&a, &p, m->issuer.sigalg_len));
	assert_true(X509_ALGOR_copy(tbs, a));
	X509_ALGOR_free(a);
}

MAYBE void
set_key(struct make *m, enum make_key key)
{
	assert_true(X509_set_pubkey(m->x, make_key(key)));
	OPENSSL_free(m->spki);
	m->spki = NULL;
	m->ctx.spki_len = i2d_PUBKEY(make_key(key), &m->spki);
	m->ctx.spki = m->spki;
}

MAYBE void
make_fill(struct make *m)
{
	ASN1_INTEGER *serial;
	BIGNUM *bn;

	assert_true(X509_set_version(m->x, X509_VERSION_3));
	bn = BN_bin2bn(m->serial, sizeof(m->serial), NULL);
	serial = BN_to_ASN1_INTEGER(bn, NULL);
	assert_true(X509_set_serialNumber(m->x, serial));
	ASN1_INTEGER_free(serial);
	BN_free(bn);
	set_key(m, m->key);
	fill_name(m);
	fill_times(m);
	fill_ids(m);
	fill_usage(m);
	fill_links(m);
	fill_names(m);
}

MAYBE void
make_encode(struct make *m)
{
	int len;

	OPENSSL_free(m->tbs);
	m->tbs = NULL;
	len = i2d_re_X509_tbs(m->x, &m->tbs);
	assert_true(len > 0);
	m->tbs_len = len;
}

/* ${shape} makes the profile (or spoils it before anything is made). */
MAYBE struct make *
make_new(void (*shape)(struct make *), void (*more)(struct make *))
{
	struct make *m = calloc(1, sizeof(*m));
	X509_NAME *name = X509_NAME_new();
	size_t i;

	assert_non_null(m);
	for (i = 0; i < sizeof(m->serial); i++)
		m->serial[i] = 0x41 + i;
	memset(m->key_id, 0xa5, sizeof(m->key_id));
	add_attr(name, NID_countryName, V_ASN1_PRINTABLESTRING, "JP");
	add_attr(name, NID_commonName, V_ASN1_UTF8STRING, "devices-g1");
	m->issuer.name_len = i2d_X509_NAME(name, &m->name);
	m->issuer.name = m->name;
	m->issuer.key_id = m->key_id;
	m->issuer.key_id_len = sizeof(m->key_id);
	m->issuer.not_after = MAKE_NOW + (int64_t)3650 * 86400;
	m->issuer.path_len = 0;
	m->issuer.crl_url = "http://localhost:8444/crl/devices-g1.crl";
	m->issuer.ocsp_url = "http://localhost:8444/ocsp";
	m->issuer.issuer_url = "http://localhost:8444/ca/devices-g1.cer";
	m->x = X509_new();
	assert_true(X509_set_issuer_name(m->x, name));
	X509_NAME_free(name);
	set_algorithm(m, "300a06082a8648ce3d040302");
	m->ctx.profile = &m->profile;
	m->ctx.issuer = &m->issuer;
	m->ctx.serial = m->serial;
	m->ctx.now = MAKE_NOW;
	profile_common(&m->profile);
	shape(m);
	if (more)
		more(m);
	make_fill(m);
	make_encode(m);
	return m;
}

MAYBE void
make_free(struct make *m)
{
	X509_free(m->x);
	OPENSSL_free(m->spki);
	OPENSSL_free(m->name);
	OPENSSL_free(m->sigalg);
	OPENSSL_free(m->tbs);
	free(m);
	ERR_clear_error();
}

#endif
