#include <strings.h>

#include "tests/unit/ra/attest/soft_tpm.h"
#include "ra/attest/ek.h"

/* Certificates of endorsement keys, as the profile has them and as they are. */

#define SAN_SPLIT 0  /* each attribute in an RDN of its own */
#define SAN_JOINED 1 /* three in one RDN */
#define SAN_SHORT 2  /* no version */
#define SAN_NONE 3

#define OAEP 1
#define OAEP_BROKEN 2 /* and no key behind it */
#define OAEP_FORGED 3 /* signed by another key than the maker's */

struct rig {
	struct maker maker;
	EVP_PKEY *key;
	struct attest_policy policy;
	struct credential_ask ask;
	struct credential_ek ek;
	struct attest_facts *facts;
	unsigned char pins[1][32];
	int san, ca, no_eku, oaep;
	const char *usage, *maker_id; /* keyUsage's octets */
};

static struct rig *
rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->maker = new_maker("Maker of TPMs");
	r->key = new_key("P-256");
	r->policy.tpm.ek.anchors = r->maker.anchors;
	r->policy.tpm.classes = ATTEST_TPM_DISCRETE;
	r->ask.policy = &r->policy;
	r->ask.now = NOW;
	r->ask.certs = sk_X509_new_null();
	r->facts = attest_facts_new();
	r->usage = "\x03\x02\x03\x08"; /* keyAgreement */
	r->maker_id = "id:49465800";
	return r;
}

static void
rig_free(struct rig *r)
{
	EVP_PKEY_free(r->ek.key);
	attest_facts_free(r->facts);
	sk_X509_pop_free(r->ask.certs, X509_free);
	free_maker(&r->maker);
	EVP_PKEY_free(r->key);
	free(r);
}

static void
put_attribute(X509_NAME *name, const char *oid, const char *text, int set)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);

	assert_true(X509_NAME_add_entry_by_OBJ(name, obj, V_ASN1_UTF8STRING,
	    (const unsigned char *)text, -1, -1, set));
	ASN1_OBJECT_free(obj);
}

static struct der_out
san(const struct rig *r)
{
	X509_NAME *name = X509_NAME_new();
	int set = r->san == SAN_JOINED ? -1 : 0, len;
	unsigned char *der = NULL;
	struct der_out out;

	put_attribute(name, "2.23.133.2.1", r->maker_id, 0);
	put_attribute(name, "2.23.133.2.2", "SLB 9670", set);
	if (r->san != SAN_SHORT)
		put_attribute(name, "2.23.133.2.3", "id:0D0B", set);
	len = i2d_X509_NAME(name, &der);
	out = tlv(0xa4, octets_of(der, (size_t)len));
	out = tlv(0x30, octets_of(out.p, out.len));
	OPENSSL_free(der);
	X509_NAME_free(name);
	return out;
}

/* The certificate again, with id-RSAES-OAEP over the same RSAPublicKey, signed
   again and read as if it had come from a TPM. */
static void
say_oaep(struct rig *r)
{
	/* SHA-256, MGF1 with it, the label "DUPLICATE": RFC 4055, 4.1 */
	static const unsigned char params[] =
	    "\x30\x4a\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
	    "\x02\x01\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7"
	    "\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
	    "\x02\x01\x05\x00\xa2\x19\x30\x17\x06\x09\x2a\x86\x48\x86\xf7"
	    "\x0d\x01\x01\x09\x04\x0a" "DUPLICATE\0";
	X509 *cert = sk_X509_pop(r->ask.certs);
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(cert);
	ASN1_STRING *value = ASN1_STRING_new();
	unsigned char *key = NULL, *der = NULL;
	int key_len = i2d_PublicKey(r->key, &key), len;

	assert_true(ASN1_STRING_set(value, params, sizeof(params) - 1));
	key[0] ^= r->oaep == OAEP_BROKEN;
	assert_true(X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaesOaep),
	    V_ASN1_SEQUENCE, value, key, key_len));
	assert_true(X509_sign(cert,
	    r->oaep == OAEP_FORGED ? r->key : r->maker.key, EVP_sha256()) > 0);
	len = i2d_X509(cert, &der);
	X509_free(cert);
	cert = ek_cert_read(der, (size_t)len, 0);
	assert_non_null(cert);
	sk_X509_push(r->ask.certs, cert);
	OPENSSL_free(der);
}

static void
make_cert(struct rig *r)
{
	static const unsigned char no_ca[] = { 0x30, 0x00 };
	struct der_out names = san(r);
	struct ext ext[4];
	size_t n = 0;
	struct want w = { .cn = "", .no_subject = 1, .key = r->key, .ext = ext,
		.issuer = r->maker.root, .issuer_key = r->maker.key,
		.ca = r->ca };

	if (!r->ca) {
		ext[n++] = (struct ext){ "2.5.29.19", 1, no_ca, 2 };
		ext[n++] = (struct ext){ "2.5.29.15", 1, r->usage, 4 };
	}
	if (!r->no_eku)
		ext[n++] = eku("2.23.133.8.1");
	if (r->san != SAN_NONE)
		ext[n++] = (struct ext){ "2.5.29.17", 1, names.p, names.len };
	w.n_ext = n;
	sk_X509_push(r->ask.certs, new_cert(&w));
	if (r->oaep)
		say_oaep(r);
}

static int
check(struct rig *r)
{
	return ek_check(&r->ask, &r->ek, r->facts);
}

static void
refused(struct rig *r, const char *rule)
{
	make_cert(r);
	assert_false(check(r));
	assert_null(r->ek.key);
	assert_rule(rule);
	rig_free(r);
}

static void
accepted(struct rig *r)
{
	make_cert(r);
	if (!check(r))
		assert_rule("nothing");
	assert_int_equal(r->ek.hash, NID_sha256);
	assert_int_equal(r->ek.aes, 128);
	assert_non_null(attest_facts_get(r->facts, "tpm.ek.key"));
	rig_free(r);
}

static void
good(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	make_cert(r);
	assert_true(check(r));
	assert_string_equal(attest_facts_get(r->facts, "tpm.maker"), "Infineon");
	assert_string_equal(attest_facts_get(r->facts, "tpm.model"), "SLB 9670");
	assert_string_equal(attest_facts_get(r->facts, "tpm.version"), "id:0D0B");
	assert_string_equal(attest_facts_get(r->facts, "tpm.class"), "discrete");
	rig_free(r);
	r = rig_new();
	r->san = SAN_JOINED;
	accepted(r);
}

static void
profile(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->usage = "\x03\x02\x07\x80"; /* digitalSignature */
	refused(r, "attest.tpm.ek-cert");
	r = rig_new();
	r->ca = 1;
	refused(r, "attest.tpm.ek-cert");
	r = rig_new();
	r->san = SAN_SHORT;
	refused(r, "attest.tpm.ek-san");
	r = rig_new();
	r->maker_id = "Infineon";
	refused(r, "attest.tpm.ek-san");
	r = rig_new();
	r->maker_id = "id:494658zz";
	refused(r, "attest.tpm.ek-san");
}

static void
quirks(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->no_eku = 1;
	refused(r, "attest.tpm.ek-cert");
	r = rig_new();
	r->no_eku = 1;
	r->policy.quirks = ATTEST_QUIRK_EK_NO_EKU;
	accepted(r);
	r = rig_new();
	r->san = SAN_NONE;
	refused(r, "attest.tpm.ek-san");
	r = rig_new();
	r->san = SAN_NONE;
	r->policy.quirks = ATTEST_QUIRK_EK_NO_SAN;
	refused(r, "attest.tpm.ek-class");
	r = rig_new();
	r->san = SAN_NONE;
	r->policy.quirks = ATTEST_QUIRK_EK_NO_SAN;
	r->policy.tpm.classes = ATTEST_TPM_UNKNOWN;
	accepted(r);
}

static struct rig *
rig_oaep(unsigned quirks)
{
	struct rig *r = rig_new();

	EVP_PKEY_free(r->key);
	r->key = new_key("RSA");
	r->usage = "\x03\x02\x05\x20"; /* keyEncipherment */
	r->policy.quirks = quirks;
	r->oaep = OAEP;
	return r;
}

/* An RSA key under id-RSAES-OAEP: none without the quirk, the same with it. */
static void
oaep(void **state)
{
	struct rig *r = rig_oaep(ATTEST_QUIRK_EK_OAEP);
	unsigned char md[32];
	char hex[65];

	(void)state;
	make_cert(r);
	if (!check(r))
		assert_rule("nothing");
	assert_int_equal(EVP_PKEY_eq(r->ek.key, r->key), 1);
	assert_true(attest_key_sha256(r->key, md));
	assert_true(OPENSSL_buf2hexstr_ex(
	    hex, sizeof(hex), NULL, md, 32, '\0'));
	assert_int_equal(strcasecmp(
	    attest_facts_get(r->facts, "tpm.ek.key"), hex), 0);
	rig_free(r);
	refused(rig_oaep(0), "attest.tpm.ek-key");
	refused(rig_oaep(~ATTEST_QUIRK_EK_OAEP), "attest.tpm.ek-key");
	r = rig_oaep(ATTEST_QUIRK_EK_OAEP);
	r->oaep = OAEP_BROKEN;
	refused(r, "attest.tpm.ek-key");
	/* The quirk is of the key's name, and of nothing else. */
	r = rig_oaep(ATTEST_QUIRK_EK_OAEP);
	r->oaep = OAEP_FORGED;
	refused(r, "attest.tpm.ek-path");
	r = rig_oaep(ATTEST_QUIRK_EK_OAEP);
	r->usage = "\x03\x02\x07\x80"; /* digitalSignature */
	refused(r, "attest.tpm.ek-cert");
	r = rig_oaep(ATTEST_QUIRK_EK_OAEP);
	r->ask.now = NOW + 86400;
	refused(r, "attest.tpm.ek-path");
}

static void
expired(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->ask.now = NOW + 86400;
	refused(r, "attest.tpm.ek-path");
	r = rig_new();
	r->ask.now = NOW + 86400;
	r->policy.tpm.ek.ignore_expiry = 1;
	accepted(r);
}

static void
classes(void **state)
{
	static const struct {
		const char *id;
		unsigned class;
	} cases[] = {
		{ "id:53544D20", ATTEST_TPM_DISCRETE },
		{ "id:494e5443", ATTEST_TPM_FIRMWARE },
		{ "id:00001014", ATTEST_TPM_VIRTUAL },
		{ "id:58595A00", ATTEST_TPM_UNKNOWN },
	};
	struct rig *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ek_class(cases[i].id), cases[i].class);
		r = rig_new();
		r->maker_id = cases[i].id;
		r->policy.tpm.classes = cases[i].class;
		accepted(r);
		r = rig_new();
		r->maker_id = cases[i].id;
		r->policy.tpm.classes = 0xffU & ~cases[i].class;
		refused(r, "attest.tpm.ek-class");
	}
}

/* ---- Without a certificate, and the public area ---- */

static struct soft_key
ek_area(uint32_t attributes)
{
	struct soft_key k = soft_key(attributes, 0);
	TPMT_SYM_DEF_OBJECT *sym = &k.t.parameters.eccDetail.symmetric;

	sym->algorithm = TPM2_ALG_AES;
	sym->keyBits.aes = 128;
	sym->mode.aes = TPM2_ALG_CFB;
	soft_settle(&k);
	return k;
}

static void
pinned(void **state)
{
	struct rig *r = rig_new();
	struct soft_key k = ek_area(0x000300b2);

	(void)state;
	r->ask.ek_public = octets_of(k.pub, k.pub_len);
	assert_false(check(r));
	assert_rule("attest.tpm.ek-pin");
	assert_true(attest_key_sha256(k.pkey, r->pins[0]));
	r->policy.tpm.ek.pinned = (const unsigned char(*)[32])r->pins;
	r->policy.tpm.ek.n_pinned = 1;
	assert_false(check(r));
	assert_rule("attest.tpm.ek-class");
	r->policy.tpm.classes |= ATTEST_TPM_NO_CERT;
	assert_true(check(r));
	EVP_PKEY_free(r->ek.key);
	r->policy.tpm.ek.denied = r->policy.tpm.ek.pinned;
	r->policy.tpm.ek.n_denied = 1;
	assert_false(check(r));
	assert_rule("attest.tpm.ek-pin");
	r->ask.ek_public.len = 0;
	assert_false(check(r));
	assert_rule("attest.tpm.ek-cert");
	rig_free(r);
	EVP_PKEY_free(k.pkey);
}

static void
public_area(void **state)
{
	struct rig *r = rig_new();
	struct soft_key k = ek_area(0x000300b2);

	(void)state;
	EVP_PKEY_free(r->key);
	r->key = k.pkey;
	r->ask.ek_public = octets_of(k.pub, k.pub_len);
	accepted(r); /* frees the key */
	r = rig_new();
	r->ask.ek_public = octets_of(k.pub, k.pub_len);
	refused(r, "attest.tpm.ek-key");
	r = rig_new();
	k = ek_area(0x000300b2);
	EVP_PKEY_free(r->key);
	r->key = k.pkey;
	r->ask.ek_public = octets_of(k.pub, k.pub_len - 1);
	refused(r, "attest.tpm.ek-public");
	r = rig_new();
	k = ek_area(0x00040072); /* it signs */
	EVP_PKEY_free(r->key);
	r->key = k.pkey;
	r->ask.ek_public = octets_of(k.pub, k.pub_len);
	refused(r, "attest.tpm.ek-template");
	r = rig_new();
	k = ek_area(0x000300b2);
	k.t.parameters.eccDetail.symmetric.keyBits.aes = 256;
	soft_settle(&k);
	EVP_PKEY_free(r->key);
	r->key = k.pkey;
	r->ask.ek_public = octets_of(k.pub, k.pub_len);
	refused(r, "attest.tpm.ek-template");
}

static void
padded(void **state)
{
	unsigned char nv[2048];
	struct attest_octets der = golden("tpm.txt", "ek-rsa.cert");
	X509 *cert;

	(void)state;
	memcpy(nv, der.p, der.len);
	memset(nv + der.len, 0xff, 100);
	cert = ek_cert_read(nv, der.len, 0);
	assert_non_null(cert);
	X509_free(cert);
	assert_null(ek_cert_read(nv, der.len + 100, 0));
	assert_rule("attest.tpm.ek-cert");
	cert = ek_cert_read(nv, der.len + 100, ATTEST_QUIRK_EK_PADDING);
	assert_non_null(cert);
	X509_free(cert);
	nv[der.len + 50] = 1;
	assert_null(ek_cert_read(nv, der.len + 100, ATTEST_QUIRK_EK_PADDING));
	assert_rule("attest.tpm.ek-cert");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(profile),
		cmocka_unit_test(quirks), cmocka_unit_test(oaep),
		cmocka_unit_test(expired), cmocka_unit_test(classes),
		cmocka_unit_test(pinned), cmocka_unit_test(public_area),
		cmocka_unit_test(padded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
