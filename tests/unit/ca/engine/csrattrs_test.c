#include "tests/unit/ca/engine/admit_change.h"

#include <openssl/bn.h>

#include "ca/engine/attest_evidence.h"
#include "ca/engine/csrattrs.h"
#include "ca/engine/fleet_attest.h"

static STACK_OF(ASN1_TYPE) *
answer(const struct fleet *f)
{
	STACK_OF(ASN1_TYPE) *list;
	unsigned char *der = NULL;
	const unsigned char *p;
	size_t len = 0;

	assert_int_equal(policy_csrattrs(f, &der, &len), 1);
	p = der;
	list = d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)len);
	assert_non_null(list);
	assert_ptr_equal(p, der + len);
	OPENSSL_free(der);
	return list;
}

/* What clients of old read, compared octet by octet: without the template. */
static void
is(struct profile *p, enum fleet_pop_link pop, unsigned types,
    const unsigned char *want, size_t want_len)
{
	struct fleet f = {.compiled = p, .pop_link = pop};
	STACK_OF(ASN1_TYPE) *list;
	unsigned char *der = NULL;

	p->key_types = types;
	list = answer(&f);
	ASN1_TYPE_free(sk_ASN1_TYPE_pop(list));
	assert_int_equal(i2d_ASN1_SEQUENCE_ANY(list, &der), want_len);
	assert_memory_equal(der, want, want_len);
	OPENSSL_free(der);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
}

/* An attribute of that type, with one SEQUENCE for a value. */
static const ASN1_STRING *
sequence_of(X509_ATTRIBUTE *a, const char *oid)
{
	const ASN1_TYPE *v = X509_ATTRIBUTE_get0_type(a, 0);
	char text[64];

	OBJ_obj2txt(text, sizeof(text), X509_ATTRIBUTE_get0_object(a), 1);
	assert_string_equal(text, oid);
	assert_int_equal(X509_ATTRIBUTE_count(a), 1);
	assert_int_equal(ASN1_TYPE_get(v), V_ASN1_SEQUENCE);
	return X509_ATTRIBUTE_get0_data(a, 0, V_ASN1_SEQUENCE, NULL);
}

/* The template of the answer; every other element is of another type. */
static CSRATTRS_CRI *
template_of(const struct fleet *f)
{
	STACK_OF(ASN1_TYPE) *list = answer(f);
	ASN1_TYPE *last = sk_ASN1_TYPE_pop(list);
	const unsigned char *p, *end;
	X509_ATTRIBUTE *a;
	const ASN1_STRING *s;
	CSRATTRS_CRI *cri;

	assert_non_null(last);
	p = ASN1_STRING_get0_data(last->value.sequence);
	a = d2i_X509_ATTRIBUTE(
	    NULL, &p, ASN1_STRING_length(last->value.sequence));
	assert_non_null(a);
	s = sequence_of(a, CSRATTRS_OID_TEMPLATE);
	p = ASN1_STRING_get0_data(s);
	end = p + ASN1_STRING_length(s);
	cri = d2i_CSRATTRS_CRI(NULL, &p, end - p);
	assert_non_null(cri);
	assert_ptr_equal(p, end);
	assert_int_equal(ASN1_INTEGER_get(cri->version), 0);
	X509_ATTRIBUTE_free(a);
	ASN1_TYPE_free(last);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	return cri;
}

/* "CN=;O=Acme;" - a value that the client fills in is empty. */
static void
subject_is(const CSRATTRS_CRI *cri, const char *want)
{
	const CSRATTRS_ATV *atv;
	const CSRATTRS_RDN *rdn;
	char got[512] = "";
	size_t n;
	int i;

	for (i = 0; i < sk_CSRATTRS_RDN_num(cri->subject); i++) {
		rdn = sk_CSRATTRS_RDN_value(cri->subject, i);
		assert_int_equal(sk_CSRATTRS_ATV_num(rdn), 1);
		atv = sk_CSRATTRS_ATV_value(rdn, 0);
		n = strlen(got);
		snprintf(got + n, sizeof(got) - n, "%s=%.*s;",
		    OBJ_nid2sn(OBJ_obj2nid(atv->type)),
		    atv->value == NULL
			? 0
			: ASN1_STRING_length(atv->value->value.asn1_string),
		    atv->value == NULL
			? ""
			: (const char *)ASN1_STRING_get0_data(
			      atv->value->value.asn1_string));
	}
	assert_string_equal(got, want);
}

static void
key_attributes(void **state)
{
	static const unsigned char p256[] = {0x30, 0x17, 0x30, 0x15, 0x06, 0x07,
	    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x31, 0x0a, 0x06, 0x08,
	    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	static const unsigned char p384[] = {0x30, 0x14, 0x30, 0x12, 0x06, 0x07,
	    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x31, 0x07, 0x06, 0x05,
	    0x2b, 0x81, 0x04, 0x00, 0x22};
	static const unsigned char rsa[] = {0x30, 0x13, 0x30, 0x11, 0x06, 0x09,
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x31, 0x04,
	    0x02, 0x02, 0x0c, 0x00};
	static const unsigned char ed[] = {
	    0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
	struct profile *p = calloc(1, sizeof(*p));

	(void)state;
	is(p, FLEET_POP_OFF, SPKI_EC_P256, p256, sizeof(p256));
	is(p, FLEET_POP_OFF, SPKI_EC_P384, p384, sizeof(p384));
	is(p, FLEET_POP_OFF, SPKI_RSA_3072, rsa, sizeof(rsa));
	is(p, FLEET_POP_OFF, SPKI_ED25519, ed, sizeof(ed));
	/* Of several the one that we like best. */
	is(p, FLEET_POP_OFF, SPKI_EC_P256 | SPKI_RSA_2048 | SPKI_ED25519, p256,
	    sizeof(p256));
	is(p, FLEET_POP_OFF, SPKI_RSA_2048 | SPKI_RSA_3072, rsa, sizeof(rsa));
	free(p);
}

/* RFC 7030 3.5: a server that looks at the link says so. */
static void
challenge_password(void **state)
{
	static const unsigned char with[] = {0x30, 0x10, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07, 0x06, 0x03, 0x2b, 0x65,
	    0x70};
	static const unsigned char without[] = {
	    0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
	struct profile *p = calloc(1, sizeof(*p));

	(void)state;
	is(p, FLEET_POP_REQUIRED, SPKI_ED25519, with, sizeof(with));
	is(p, FLEET_POP_IF_PRESENT, SPKI_ED25519, with, sizeof(with));
	is(p, FLEET_POP_OFF, SPKI_ED25519, without, sizeof(without));
	free(p);
}

static struct profile *
profile_of(const char *subject, const char *san)
{
	char text[2048];
	struct profile *p;

	snprintf(text, sizeof(text),
	    "name = \"t\"; class = \"ldevid\"; issued_by = [ \"est\" ];\n"
	    "issuer = \"devices\"; key_types = [ \"ec-p256\" ];\n"
	    "validity: { duration = \"90d\"; };\nsubject = ( %s );\n%s\n"
	    "key_usage: { critical = true; bits = [ \"digitalSignature\" ]; };\n",
	    subject, san);
	p = profile_compile("t.conf", text, strlen(text));
	if (p == NULL)
		ERR_print_errors_fp(stderr);
	assert_non_null(p);
	return p;
}

static void
subject_template(void **state)
{
	struct profile *p = profile_of(
	    "{ attribute = \"O\"; value = \"Acme\"; },"
	    "{ attribute = \"OU\"; from = \"csr.OU\"; },"
	    "{ attribute = \"L\"; from = \"csr.L\"; optional = true; },"
	    "{ attribute = \"serialNumber\"; from = \"registry.sn\";"
	    "  optional = true; }, { attribute = \"CN\"; from = \"identity.cn\";"
	    "  optional = true; }", "");
	struct fleet f = {.compiled = p};
	CSRATTRS_CRI *cri = template_of(&f);

	(void)state;
	/* Not what is optional, nor what others know. */
	subject_is(cri, "O=Acme;OU=;");
	assert_null(sk_CSRATTRS_ATV_value(
	    sk_CSRATTRS_RDN_value(cri->subject, 1), 0)->value);
	assert_int_equal(sk_CSRATTRS_ATV_value(
	    sk_CSRATTRS_RDN_value(cri->subject, 0), 0)->value->type,
	    V_ASN1_UTF8STRING);
	CSRATTRS_CRI_free(cri);
	f.basic = 1; /* the CN names the device */
	cri = template_of(&f);
	subject_is(cri, "O=Acme;OU=;CN=;");
	CSRATTRS_CRI_free(cri);
	profile_free(p);
}

/* With Basic there is one CN, and it is the client's to fill in. */
static void
one_common_name(void **state)
{
	struct profile *p = profile_of(
	    "{ attribute = \"CN\"; value = \"Gateway\"; },"
	    "{ attribute = \"serialNumber\"; from = \"csr.CN\"; }", "");
	struct fleet f = {.compiled = p, .basic = 1};
	CSRATTRS_CRI *cri = template_of(&f);

	(void)state;
	subject_is(cri, "CN=;");
	CSRATTRS_CRI_free(cri);
	f.basic = 0;
	cri = template_of(&f);
	subject_is(cri, "CN=Gateway;CN=;");
	CSRATTRS_CRI_free(cri);
	profile_free(p);
	/* Nothing demanded: no subject at all. */
	p = profile_of("{ attribute = \"serialNumber\";"
		       " from = \"identity.serial\"; }", "");
	f.compiled = p;
	cri = template_of(&f);
	assert_null(cri->subject);
	assert_int_equal(sk_X509_ATTRIBUTE_num(cri->attributes), 0);
	CSRATTRS_CRI_free(cri);
	profile_free(p);
}

static int
has_oid(const ASN1_OBJECT *o, const char *oid)
{
	char text[64];

	OBJ_obj2txt(text, sizeof(text), o, 1);
	return strcmp(text, oid) == 0;
}

/* In both forms: clients of old, and those that know the template. */
static void
evidence_is(const struct fleet *f, int wanted)
{
	STACK_OF(ASN1_TYPE) *list = answer(f);
	CSRATTRS_CRI *cri = template_of(f);
	const ASN1_TYPE *t;
	X509_ATTRIBUTE *a;
	int i, listed = 0, filled = 0;

	for (i = 0; i < sk_ASN1_TYPE_num(list); i++) {
		t = sk_ASN1_TYPE_value(list, i);
		listed += ASN1_TYPE_get(t) == V_ASN1_OBJECT &&
		    has_oid(t->value.object, EVIDENCE_OID);
	}
	for (i = 0; i < sk_X509_ATTRIBUTE_num(cri->attributes); i++) {
		a = sk_X509_ATTRIBUTE_value(cri->attributes, i);
		filled += has_oid(X509_ATTRIBUTE_get0_object(a), EVIDENCE_OID) &&
		    X509_ATTRIBUTE_count(a) == 0;
	}
	assert_int_equal(listed, wanted);
	assert_int_equal(filled, wanted);
	CSRATTRS_CRI_free(cri);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
}

static void
evidence_is_asked_for(void **state)
{
	struct profile *p = profile_of(
	    "{ attribute = \"CN\"; from = \"identity.cn\"; }", "");
	struct fleet_evidence e;
	struct fleet f = {.compiled = p};

	(void)state;
	memset(&e, 0, sizeof(e));
	evidence_is(&f, 0);
	f.attest = FLEET_ATTEST_PINNED_KEY;
	evidence_is(&f, 0);
	f.attest = FLEET_ATTEST_EVIDENCE;
	f.evidence = &e;
	evidence_is(&f, 1);
	f.pop_link = FLEET_POP_REQUIRED;
	evidence_is(&f, 1);
	profile_free(p);
}

static void
names_are_asked_for(void **state)
{
	static const char *const SUBJECT =
	    "{ attribute = \"CN\"; from = \"identity.cn\"; optional = true; }";
	struct profile *p = profile_of(SUBJECT,
	    "san = ( { type = \"dns\"; from = \"csr.san\"; max = 2; } );");
	struct fleet f = {.compiled = p, .basic = 1,
	    .pop_link = FLEET_POP_REQUIRED};
	CSRATTRS_CRI *cri = template_of(&f);
	CSRATTRS_EXTS *exts;
	CSRATTRS_EXT *e;
	const unsigned char *q;
	const ASN1_STRING *s;
	X509_ATTRIBUTE *a;

	(void)state;
	assert_int_equal(sk_X509_ATTRIBUTE_num(cri->attributes), 2);
	a = sk_X509_ATTRIBUTE_value(cri->attributes, 0);
	assert_int_equal(OBJ_obj2nid(X509_ATTRIBUTE_get0_object(a)),
	    NID_pkcs9_challengePassword);
	assert_int_equal(X509_ATTRIBUTE_count(a), 0);
	s = sequence_of(sk_X509_ATTRIBUTE_value(cri->attributes, 1),
	    CSRATTRS_OID_EXTENSIONS);
	q = ASN1_STRING_get0_data(s);
	exts = (CSRATTRS_EXTS *)ASN1_item_d2i(NULL, &q, ASN1_STRING_length(s),
	    ASN1_ITEM_rptr(CSRATTRS_EXTS));
	assert_non_null(exts);
	assert_int_equal(sk_CSRATTRS_EXT_num(exts), 1);
	e = sk_CSRATTRS_EXT_value(exts, 0);
	assert_int_equal(OBJ_obj2nid(e->id), NID_subject_alt_name);
	assert_int_equal(e->critical, 0);
	assert_null(e->value);
	sk_CSRATTRS_EXT_pop_free(exts, CSRATTRS_EXT_free);
	CSRATTRS_CRI_free(cri);
	profile_free(p);
	/* A wish that may stay away is not demanded. */
	p = profile_of(SUBJECT, "san = ( { type = \"dns\"; from = \"csr.san\";"
				" optional = true; max = 2; } );");
	f.compiled = p;
	f.pop_link = FLEET_POP_OFF;
	cri = template_of(&f);
	assert_int_equal(sk_X509_ATTRIBUTE_num(cri->attributes), 0);
	CSRATTRS_CRI_free(cri);
	profile_free(p);
}

static void
key_is(unsigned types, int alg, int curve, int bits)
{
	struct profile p = {.key_types = types};
	struct fleet f = {.compiled = &p};
	CSRATTRS_CRI *cri = template_of(&f);
	const ASN1_OBJECT *oid;
	const unsigned char *q;
	const void *v;
	CSRATTRS_RSA *rsa;
	BIGNUM *n;
	int type;

	X509_ALGOR_get0(&oid, &type, &v, cri->spki->algorithm);
	assert_int_equal(OBJ_obj2nid(oid), alg);
	assert_int_equal(type, curve != 0 ? V_ASN1_OBJECT
		: bits != 0		  ? V_ASN1_NULL
					  : V_ASN1_UNDEF);
	if (curve != 0)
		assert_int_equal(OBJ_obj2nid(v), curve);
	assert_int_equal(cri->spki->key != NULL, bits != 0);
	if (bits != 0) {
		q = ASN1_STRING_get0_data(cri->spki->key);
		rsa = d2i_CSRATTRS_RSA(
		    NULL, &q, ASN1_STRING_length(cri->spki->key));
		assert_non_null(rsa);
		n = ASN1_INTEGER_to_BN(rsa->modulus, NULL);
		assert_int_equal(BN_num_bits(n), bits);
		assert_int_equal(ASN1_INTEGER_get(rsa->exponent), 65537);
		BN_free(n);
		CSRATTRS_RSA_free(rsa);
	}
	CSRATTRS_CRI_free(cri);
}

static void
key_template(void **state)
{
	(void)state;
	key_is(SPKI_EC_P256, NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 0);
	key_is(SPKI_EC_P384 | SPKI_RSA_2048, NID_X9_62_id_ecPublicKey,
	    NID_secp384r1, 0);
	key_is(SPKI_ED25519, NID_ED25519, 0, 0);
	key_is(SPKI_RSA_2048, NID_rsaEncryption, 0, 2048);
	key_is(SPKI_RSA_4096, NID_rsaEncryption, 0, 4096);
}

/* The module of RFC 9908 has IMPLICIT TAGS, and attributes are not OPTIONAL. */
static void
octets(void **state)
{
	static const unsigned char want[] = {0x30, 0x1f, 0x06, 0x0b, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x3d, 0x31, 0x10,
	    0x30, 0x0e, 0x02, 0x01, 0x00, 0xa0, 0x07, 0x30, 0x05, 0x06, 0x03,
	    0x2b, 0x65, 0x70, 0xa1, 0x00};
	struct profile p = {.key_types = SPKI_ED25519};
	struct fleet f = {.compiled = &p};
	X509_ATTRIBUTE *a = csrattrs_template(&f);
	unsigned char *der = NULL;

	(void)state;
	assert_int_equal(i2d_X509_ATTRIBUTE(a, &der), sizeof(want));
	assert_memory_equal(der, want, sizeof(want));
	OPENSSL_free(der);
	X509_ATTRIBUTE_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(key_attributes),
	    cmocka_unit_test(challenge_password),
	    cmocka_unit_test(subject_template),
	    cmocka_unit_test(one_common_name),
	    cmocka_unit_test(names_are_asked_for),
	    cmocka_unit_test(evidence_is_asked_for),
	    cmocka_unit_test(key_template), cmocka_unit_test(octets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
