#include "tests/unit/ra/attest/cbor_out.h"
#include "tests/unit/ra/attest/soft_tpm.h"
#include "ra/attest/webauthn.h"

/* Attestation objects of both formats, step by step. */

#define RP "devices.example"
#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"

struct rig {
	struct maker maker;
	struct soft_key ak, key; /* of the authenticator; the credential's */
	struct attest_policy policy;
	struct attest_input in;
	const char *fmt, *rp, *client, *origins[1], *ou;
	unsigned char aaguid[16], cert_aaguid, allowed[1][16];
	int no_client, no_x5c, spoil, ca, subject, no_eku, trailing, flags;
	int bare, no_san, alg;
	uint32_t magic;
	int extra, other_area, other_name;
	const char *ver;
};

static struct rig *
rig_new(const char *fmt)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->maker = new_maker("Maker of authenticators");
	r->ak = soft_key(AK_ATTRIBUTES, 1);
	r->key = soft_key(KEY_ATTRIBUTES, 0);
	r->fmt = fmt;
	r->rp = RP;
	r->client = "{\"type\":\"webauthn.create\",\"challenge\":"
		    "\"WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo\","
		    "\"origin\":\"https://devices.example\"}";
	r->origins[0] = "https://devices.example";
	r->ou = "Authenticator Attestation";
	memset(r->aaguid, 7, 16);
	r->cert_aaguid = 7;
	r->flags = 0x41;
	r->alg = -7;
	r->magic = TPM2_GENERATED_VALUE;
	r->ver = "2.0";
	r->subject = strcmp(fmt, "packed") == 0;
	r->in.nonce = octets_of("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", 32);
	r->in.spki = spki_of(r->key.pkey);
	r->in.now = NOW;
	r->in.policy = &r->policy;
	r->policy.formats = 1U << ATTEST_WEBAUTHN;
	r->policy.tpm.classes = ATTEST_TPM_DISCRETE;
	r->policy.webauthn.trust.anchors = r->maker.anchors;
	r->policy.webauthn.rp_id = RP;
	r->policy.webauthn.origins = r->origins;
	r->policy.webauthn.n_origins = 1;
	return r;
}

static void
rig_free(struct rig *r)
{
	EVP_PKEY_free(r->ak.pkey);
	EVP_PKEY_free(r->key.pkey);
	free_maker(&r->maker);
	free(r);
}

/* ---- The attestation key's certificate ---- */

static void
put_name(X509_NAME *name, const char *oid, const char *text)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);

	assert_true(X509_NAME_add_entry_by_OBJ(name, obj, MBSTRING_UTF8,
	    (const unsigned char *)text, -1, -1, 0));
	ASN1_OBJECT_free(obj);
}

static struct der_out
tpm_san(void)
{
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;
	struct der_out out;
	int len;

	put_name(name, "2.23.133.2.1", "id:49465800");
	put_name(name, "2.23.133.2.2", "SLB 9670");
	put_name(name, "2.23.133.2.3", "id:0D0B");
	len = i2d_X509_NAME(name, &der);
	out = tlv(0xa4, octets_of(der, (size_t)len));
	out = tlv(0x30, octets_of(out.p, out.len));
	OPENSSL_free(der);
	X509_NAME_free(name);
	return out;
}

static void
put_x5c(struct cbor_out *o, const struct rig *r)
{
	unsigned char id[16], *der = NULL;
	struct der_out san = tpm_san(), aaguid;
	struct ext ext[3];
	size_t n = 0;
	struct want w = { .cn = "x", .no_subject = 1, .key = r->ak.pkey,
		.issuer = r->maker.root, .issuer_key = r->maker.key, .ext = ext,
		.ca = r->ca };
	X509 *cert;
	X509_NAME *name;
	int len;

	memset(id, r->cert_aaguid, 16);
	aaguid = tlv(0x04, octets_of(id, 16));
	ext[n++] = (struct ext){ OID_AAGUID, 0, aaguid.p, aaguid.len };
	if (!r->no_san)
		ext[n++] = (struct ext){ "2.5.29.17", 1, san.p, san.len };
	if (!r->no_eku)
		ext[n++] = eku("2.23.133.8.3");
	w.n_ext = n;
	cert = new_cert(&w);
	if (r->subject) { /* new_cert has one attribute only */
		name = X509_get_subject_name(cert);
		put_name(name, "2.5.4.6", "DE");
		put_name(name, "2.5.4.10", "Maker");
		put_name(name, "2.5.4.11", r->ou);
		put_name(name, "2.5.4.3", "Model 1");
		assert_true(X509_sign(cert, r->maker.key, EVP_sha256()) > 0);
	}
	len = i2d_X509(cert, &der);
	put_head(o, 0x80, 1);
	put_bytes(o, octets_of(der, (size_t)len));
	OPENSSL_free(der);
	X509_free(cert);
}

/* ---- The object ---- */

static struct cbor_out
auth_data(const struct rig *r)
{
	struct cbor_out o = { { 0 }, 0 };
	unsigned char md[32], fixed[5] = { (unsigned char)r->flags };
	unsigned char id[6] = { 0, 4, 'i', 'd', 'e', 'n' };

	assert_true(EVP_Q_digest(
	    NULL, "SHA256", NULL, r->rp, strlen(r->rp), md, NULL));
	put_raw(&o, octets_of(md, 32));
	put_raw(&o, octets_of(fixed, 5));
	put_raw(&o, octets_of(r->aaguid, 16));
	put_raw(&o, octets_of(id, 6));
	put_key(&o, r->key.pkey, -7);
	if (r->trailing)
		put_int(&o, 0);
	return o;
}

static struct cbor_out
to_be_signed(const struct rig *r, const struct cbor_out *auth)
{
	struct cbor_out o = *auth;
	unsigned char md[32];

	if (r->no_client)
		assert_true(EVP_Q_digest(NULL, "SHA256", NULL, r->in.nonce.p,
		    r->in.nonce.len, md, NULL));
	else
		assert_true(EVP_Q_digest(NULL, "SHA256", NULL, r->client,
		    strlen(r->client), md, NULL));
	put_raw(&o, octets_of(md, 32));
	return o;
}

static void
put_packed(struct cbor_out *o, const struct rig *r, const struct cbor_out *tbs)
{
	struct cbor_out sig = es256(
	    r->no_x5c ? r->key.pkey : r->ak.pkey, out_of(tbs), 1);

	sig.p[sig.len - 1] ^= r->spoil ? 1 : 0;
	put_head(o, 0xa0, r->no_x5c ? 2 : 3);
	put_text(o, "alg");
	put_int(o, r->alg);
	put_text(o, "sig");
	put_bytes(o, out_of(&sig));
	if (!r->no_x5c) {
		put_text(o, "x5c");
		put_x5c(o, r);
	}
}

static void
put_tpm(struct cbor_out *o, struct rig *r, const struct cbor_out *tbs)
{
	struct soft_key area = r->other_area ? r->ak : r->key;
	unsigned char md[32], info[512], sig[256];
	struct cbor_out bare;
	TPMS_ATTEST a;
	size_t n = 0;

	assert_true(EVP_Q_digest(
	    NULL, "SHA256", NULL, tbs->p, tbs->len, md, NULL));
	md[0] ^= r->extra ? 1 : 0;
	a = soft_certify(r->other_name ? &r->ak : &r->key, octets_of(md, 32));
	a.magic = r->magic;
	assert_int_equal(
	    Tss2_MU_TPMS_ATTEST_Marshal(&a, info, sizeof(info), &n), 0);
	put_head(o, 0xa0, 6);
	put_text(o, "ver");
	put_text(o, r->ver);
	put_text(o, "alg");
	put_int(o, r->alg);
	put_text(o, "x5c");
	put_x5c(o, r);
	put_text(o, "sig");
	if (r->bare) {
		bare = es256(r->ak.pkey, octets_of(info, n), 1);
		put_bytes(o, out_of(&bare));
	} else
		put_bytes(o, soft_sign(r->ak.pkey, octets_of(info, n),
				 TPM2_ALG_SHA256, sig));
	if (r->spoil)
		o->p[o->len - 1] ^= 1;
	put_text(o, "certInfo");
	put_bytes(o, octets_of(info, n));
	put_text(o, "pubArea");
	put_bytes(o, octets_of(area.pub, area.pub_len));
}

static int
judge(struct rig *r, struct attest_facts *facts)
{
	struct cbor_out auth = auth_data(r), tbs = to_be_signed(r, &auth);
	struct cbor_out object = { { 0 }, 0 };
	struct attest_statement s = { ATTEST_KIND_WEBAUTHN, { NULL, 0 } };
	struct der_out stmt;

	put_head(&object, 0xa0, 3);
	put_text(&object, "fmt");
	put_text(&object, r->fmt);
	put_text(&object, "attStmt");
	if (strcmp(r->fmt, "tpm") == 0)
		put_tpm(&object, r, &tbs);
	else
		put_packed(&object, r, &tbs);
	put_text(&object, "authData");
	put_bytes(&object, out_of(&auth));
	stmt = tlv(0x04, out_of(&object));
	if (!r->no_client)
		append(&stmt, 0x04, text_of(r->client));
	stmt = tlv(0x30, octets_of(stmt.p, stmt.len));
	s.stmt = octets_of(stmt.p, stmt.len);
	return attest_appraise(&s, &r->in, facts);
}

static void
refused(struct rig *r, const char *rule)
{
	struct attest_facts *facts = attest_facts_new();

	assert_false(judge(r, facts));
	assert_rule(rule);
	attest_facts_free(facts);
	rig_free(r);
}

static void
accepted(struct rig *r)
{
	struct attest_facts *facts = attest_facts_new();

	if (!judge(r, facts))
		assert_rule("nothing");
	assert_true(octets_equal(
	    attest_facts_key(facts), r->in.spki.p, r->in.spki.len));
	assert_string_equal(attest_facts_get(facts, "webauthn.format"), r->fmt);
	attest_facts_free(facts);
	rig_free(r);
}

static void
good(void **state)
{
	struct rig *r;

	(void)state;
	accepted(rig_new("packed"));
	accepted(rig_new("tpm"));
	r = rig_new("packed");
	r->no_client = 1;
	accepted(r);
	r = rig_new("tpm");
	r->no_client = 1;
	r->bare = 1;
	accepted(r);
}

static void
shape(void **state)
{
	struct attest_statement s = { ATTEST_KIND_WEBAUTHN, { NULL, 0 } };
	struct attest_facts *facts = attest_facts_new();
	struct rig *r = rig_new("fido-u2f");

	(void)state;
	refused(r, "attest.webauthn.format");
	r = rig_new("packed");
	s.stmt = octets_of("\x30\x03\x04\x01\x00", 5);
	assert_false(attest_appraise(&s, &r->in, facts));
	assert_rule("attest.webauthn.stmt");
	s.stmt = octets_of("\x30\x02\x05\x00", 4);
	assert_false(attest_appraise(&s, &r->in, facts));
	assert_rule("attest.webauthn.stmt");
	attest_facts_free(facts);
	r->trailing = 1;
	refused(r, "attest.webauthn.auth-data");
	r = rig_new("packed");
	r->flags = 0x01; /* no credential */
	refused(r, "attest.webauthn.auth-data");
	r = rig_new("packed");
	r->flags = 0xc1; /* extensions, and there are none */
	refused(r, "attest.webauthn.auth-data");
	r = rig_new("tpm");
	r->ver = "1.2";
	refused(r, "attest.webauthn.att-stmt");
}

static void
client(void **state)
{
	struct rig *r = rig_new("packed");

	(void)state;
	r->client = "{\"type\":\"webauthn.get\"}";
	refused(r, "attest.webauthn.client-data");
	r = rig_new("packed");
	r->origins[0] = "https://other.example";
	refused(r, "attest.webauthn.client-data");
	r = rig_new("packed");
	r->client = "[]";
	refused(r, "attest.webauthn.client-data");
	r = rig_new("packed");
	r->in.nonce = octets_of("YZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", 32);
	refused(r, "attest.webauthn.nonce");
	r = rig_new("packed");
	r->policy.webauthn.rp_id = "other.example";
	refused(r, "attest.webauthn.rp-id");
	r = rig_new("packed");
	r->policy.webauthn.rp_id = NULL;
	refused(r, "attest.webauthn.rp-id");
}

static void
model(void **state)
{
	struct rig *r = rig_new("packed");

	(void)state;
	r->cert_aaguid = 8;
	refused(r, "attest.webauthn.aaguid");
	r = rig_new("packed");
	r->policy.webauthn.aaguids = (const unsigned char(*)[16])r->allowed;
	r->policy.webauthn.n_aaguids = 1;
	refused(r, "attest.webauthn.aaguid");
	r = rig_new("packed");
	memcpy(r->allowed[0], r->aaguid, 16);
	r->policy.webauthn.aaguids = (const unsigned char(*)[16])r->allowed;
	r->policy.webauthn.n_aaguids = 1;
	accepted(r);
}

static void
packed(void **state)
{
	struct maker other = new_maker("Another maker");
	struct rig *r = rig_new("packed");

	(void)state;
	r->spoil = 1;
	refused(r, "attest.webauthn.signature");
	r = rig_new("packed");
	r->alg = -65535; /* RS1 */
	refused(r, "attest.webauthn.signature");
	r = rig_new("packed");
	r->ou = "Something else";
	refused(r, "attest.webauthn.certificate");
	r = rig_new("packed");
	r->ca = 1;
	refused(r, "attest.webauthn.certificate");
	r = rig_new("packed");
	r->policy.webauthn.trust.anchors = other.anchors;
	refused(r, "attest.webauthn.path");
	free_maker(&other);
}

static void
self(void **state)
{
	struct rig *r = rig_new("packed");

	(void)state;
	r->no_x5c = 1;
	refused(r, "attest.webauthn.self");
	r = rig_new("packed");
	r->no_x5c = 1;
	r->policy.webauthn.allow_self = 1;
	accepted(r);
	r = rig_new("packed");
	r->no_x5c = 1;
	r->policy.webauthn.allow_self = 1;
	r->alg = -35;
	refused(r, "attest.webauthn.self");
}

static void
tpm(void **state)
{
	struct rig *r = rig_new("tpm");

	(void)state;
	r->spoil = 1;
	refused(r, "attest.webauthn.signature");
	r = rig_new("tpm");
	r->no_eku = 1;
	refused(r, "attest.webauthn.certificate");
	r = rig_new("tpm");
	r->no_san = 1;
	refused(r, "attest.webauthn.certificate");
	r = rig_new("tpm");
	r->subject = 1;
	refused(r, "attest.webauthn.certificate");
	r = rig_new("tpm");
	r->policy.tpm.classes = ATTEST_TPM_VIRTUAL;
	refused(r, "attest.webauthn.tpm-class");
	r = rig_new("tpm");
	r->magic = 1;
	refused(r, "attest.webauthn.tpm-info");
	r = rig_new("tpm");
	r->other_name = 1;
	refused(r, "attest.webauthn.tpm-info");
	r = rig_new("tpm");
	r->extra = 1;
	refused(r, "attest.webauthn.tpm-extra");
	r = rig_new("tpm");
	r->other_area = 1;
	refused(r, "attest.webauthn.tpm-key");
	r = rig_new("tpm");
	r->key.t.objectAttributes &= ~(uint32_t)TPMA_OBJECT_FIXEDTPM;
	soft_settle(&r->key);
	refused(r, "attest.webauthn.tpm-key");
}

static void
other_key(void **state)
{
	struct rig *r = rig_new("packed");
	EVP_PKEY *software = new_key("P-256");

	(void)state;
	r->in.spki = spki_of(software);
	refused(r, "attest.webauthn.csr-key");
	EVP_PKEY_free(software);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(shape),
		cmocka_unit_test(client), cmocka_unit_test(model),
		cmocka_unit_test(packed), cmocka_unit_test(self),
		cmocka_unit_test(tpm), cmocka_unit_test(other_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
