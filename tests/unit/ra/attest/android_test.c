#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/android.h"

/* Android key attestation: a root, a batch certificate, the key. */

struct rig {
	struct maker maker;
	EVP_PKEY *batch_key, *key;
	struct attest_policy policy;
	struct attest_input in;
	unsigned char nonce[32];
	/* the description */
	int level, keymint_level, locked, state, origin, purpose;
	long os_patch, vendor_patch;
	int soft_boot, no_boot, twice, trailing;
	int forged_leaf; /* the attested key issues a certificate of its own */
	EVP_PKEY *forged_key;
	char status[256];
	const char *stmt;
};

static struct rig *
rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->maker = new_maker("Hardware attestation root");
	r->batch_key = new_key("P-256");
	r->key = new_key("P-256");
	r->level = r->keymint_level = 1;
	r->locked = 0xff;
	r->purpose = 2;
	r->os_patch = 202609;
	r->vendor_patch = 20260905;
	memset(r->nonce, 0x5a, 32);
	strcpy(r->status, "{\"entries\":{}}");
	r->stmt = "\x30";
	r->in.nonce = octets_of("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", 32);
	r->in.spki = spki_of(r->key);
	r->in.now = NOW;
	r->in.policy = &r->policy;
	r->policy.formats = 1U << ATTEST_ANDROID;
	r->policy.android.trust.anchors = r->maker.anchors;
	r->policy.android.level_min = 1;
	r->policy.android.status_time = NOW - 3600;
	r->policy.android.status_max_age = 86400;
	return r;
}

static void
rig_free(struct rig *r)
{
	sk_X509_pop_free(r->in.certs, X509_free);
	EVP_PKEY_free(r->batch_key);
	EVP_PKEY_free(r->key);
	EVP_PKEY_free(r->forged_key);
	free_maker(&r->maker);
	free(r);
}

static struct attest_octets
all(const struct der_out *o)
{
	return octets_of(o->p, o->len);
}

/* [tag] EXPLICIT around one INTEGER. */
static void
put_number(struct der_out *out, int tag, long n)
{
	unsigned char be[4] = { (unsigned char)(n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };
	size_t skip = 0;
	struct der_out value;

	while (skip < 3 && be[skip] == 0 && !(be[skip + 1] & 0x80))
		skip++;
	value = tlv(0x02, octets_of(be + skip, 4 - skip));
	if (tag < 31) {
		append(out, (unsigned char)(0xa0 | tag), all(&value));
		return;
	}
	out->p[out->len++] = 0xbf;
	out->p[out->len++] = (unsigned char)(0x80 | (tag >> 7));
	out->p[out->len++] = (unsigned char)(tag & 0x7f);
	out->p[out->len++] = (unsigned char)value.len;
	memcpy(out->p + out->len, value.p, value.len);
	out->len += value.len;
}

static void
put_boot(struct der_out *out, const struct rig *r)
{
	static const unsigned char key[32] = "verified boot key";
	unsigned char b[1] = { (unsigned char)r->locked };
	struct der_out boot = { { 0 }, 0 };

	append(&boot, 0x04, octets_of(key, 32));
	append(&boot, 0x01, octets_of(b, 1));
	b[0] = (unsigned char)r->state;
	append(&boot, 0x0a, octets_of(b, 1));
	append(&boot, 0x04, octets_of(key, 32));
	boot = tlv(0x30, all(&boot));
	out->p[out->len++] = 0xbf;
	out->p[out->len++] = 0x85;
	out->p[out->len++] = 0x40; /* 704 */
	out->p[out->len++] = (unsigned char)boot.len;
	memcpy(out->p + out->len, boot.p, boot.len);
	out->len += boot.len;
}

static struct der_out
description(const struct rig *r)
{
	struct der_out out = { { 0 }, 0 }, hw = { { 0 }, 0 }, sw = { { 0 }, 0 };
	unsigned char n[1] = { (unsigned char)r->purpose };
	struct der_out set = tlv(0x02, octets_of(n, 1));

	set = tlv(0x31, all(&set));
	append(&hw, 0xa1, all(&set));
	put_number(&hw, 2, 3);
	put_number(&hw, 702, r->origin);
	if (!r->soft_boot && !r->no_boot)
		put_boot(&hw, r);
	if (r->soft_boot)
		put_boot(&sw, r);
	put_number(&hw, 705, 150000);
	put_number(&hw, 706, r->os_patch);
	put_number(&hw, 718, r->vendor_patch);
	if (r->twice)
		put_number(&hw, 706, r->os_patch);
	n[0] = 4;
	append(&out, 0x02, octets_of(n, 1));
	n[0] = (unsigned char)r->level;
	append(&out, 0x0a, octets_of(n, 1));
	n[0] = 100;
	append(&out, 0x02, octets_of(n, 1));
	n[0] = (unsigned char)r->keymint_level;
	append(&out, 0x0a, octets_of(n, 1));
	append(&out, 0x04, octets_of(r->nonce, 32));
	append(&out, 0x04, octets_of(NULL, 0));
	append(&out, 0x30, all(&sw));
	append(&out, 0x30, all(&hw));
	out = tlv(0x30, all(&out));
	if (r->trailing)
		out.p[out.len++] = 0;
	return out;
}

static void
make_certs(struct rig *r)
{
	struct der_out d = description(r);
	struct ext ext = { ANDROID_OID, 0, d.p, d.len };
	struct want batch = { .cn = "Batch", .key = r->batch_key, .ca = 1,
		.issuer = r->maker.root, .issuer_key = r->maker.key };
	struct want key = { .cn = "Android Keystore Key", .key = r->key,
		.issuer_key = r->batch_key, .ext = &ext, .n_ext = 1,
		.ca = r->forged_leaf };
	struct want forged = { .cn = "Forged", .issuer_key = r->key,
		.ext = &ext, .n_ext = 1 };

	r->in.certs = sk_X509_new_null();
	batch.issuer = r->maker.root;
	key.issuer = new_cert(&batch);
	sk_X509_push(r->in.certs, key.issuer);
	forged.issuer = new_cert(&key);
	sk_X509_push(r->in.certs, forged.issuer);
	if (r->forged_leaf) {
		forged.key = r->forged_key = new_key("P-256");
		sk_X509_push(r->in.certs, new_cert(&forged));
		r->in.spki = spki_of(r->forged_key);
	}
}

static int
judge(struct rig *r, struct attest_facts *facts)
{
	struct attest_statement s = { ATTEST_KIND_ANDROID, { NULL, 0 } };
	static unsigned char stmt[2];

	memcpy(stmt, r->stmt, 1);
	s.stmt = octets_of(stmt, 2);
	if (r->in.certs == NULL)
		make_certs(r);
	r->policy.android.status = text_of(r->status);
	if (!attest_appraise(&s, &r->in, facts))
		return 0;
	seed_out("android", &s, &r->in, r->maker.root);
	return 1;
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
	assert_non_null(attest_facts_get(facts, "android.boot"));
	assert_string_equal(
	    attest_facts_get(facts, "android.os.patch"), "202609");
	attest_facts_free(facts);
	rig_free(r);
}

static void
good(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	accepted(r);
	r = rig_new();
	r->stmt = "\x05";
	refused(r, "attest.android.stmt");
}

static void
chain(void **state)
{
	struct rig *r = rig_new();
	struct maker other = new_maker("Another root");
	EVP_PKEY *software = new_key("P-256");

	(void)state;
	r->policy.android.trust.anchors = other.anchors;
	refused(r, "attest.android.path");
	r = rig_new();
	r->in.now = NOW + 86400;
	r->policy.android.status_max_age *= 3;
	refused(r, "attest.android.path");
	r = rig_new();
	r->in.now = NOW + 86400;
	r->policy.android.status_max_age *= 3;
	r->policy.android.trust.ignore_expiry = 1;
	accepted(r);
	r = rig_new();
	r->in.spki = spki_of(software);
	refused(r, "attest.android.leaf");
	free_maker(&other);
	EVP_PKEY_free(software);
}

/* The root was issued anew: same key, another certificate. */
static void
root_again(void **state)
{
	struct rig *r = rig_new();
	struct want w = { .cn = "Hardware attestation root, again",
		.key = r->maker.key, .issuer_key = r->maker.key, .ca = 1 };
	STACK_OF(X509) *anchors = sk_X509_new_null();

	(void)state;
	make_certs(r);
	sk_X509_push(r->in.certs, r->maker.root);
	X509_up_ref(r->maker.root);
	sk_X509_push(anchors, new_cert(&w));
	r->policy.android.trust.anchors = anchors;
	accepted(r);
	sk_X509_pop_free(anchors, X509_free);
}

/* An attested key signs a certificate with a description of its own. */
static void
extension(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->forged_leaf = 1;
	refused(r, "attest.android.extension");
	r = rig_new();
	r->twice = 1;
	refused(r, "attest.android.extension");
	r = rig_new();
	r->trailing = 1;
	refused(r, "attest.android.extension");
}

static void
status(void **state)
{
	struct rig *r = rig_new();
	BIGNUM *bn;
	char *hex, *p;
	int i;

	(void)state;
	r->status[0] = '\0';
	refused(r, "attest.android.status");
	r = rig_new();
	strcpy(r->status, "{\"entries\":[]}");
	refused(r, "attest.android.status");
	r = rig_new();
	r->policy.android.status_time = NOW - 86401;
	refused(r, "attest.android.status-age");
	r = rig_new();
	r->policy.android.status_time = NOW + 86401;
	refused(r, "attest.android.status-age");
	for (i = 0; i < 2; i++) { /* the batch certificate, the leaf */
		r = rig_new();
		make_certs(r);
		bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(
		    sk_X509_value(r->in.certs, i)), NULL);
		hex = BN_bn2hex(bn);
		for (p = hex; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'F' ? *p + 32 : *p);
		p = hex[0] == '0' ? hex + 1 : hex;
		snprintf(r->status, sizeof(r->status),
		    "{\"entries\":{\"%s\":{\"status\":\"%s\"}}}", p,
		    i ? "SUSPENDED" : "REVOKED");
		OPENSSL_free(hex);
		BN_free(bn);
		refused(r, "attest.android.status");
	}
}

static void
levels(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->level = 0;
	refused(r, "attest.android.level");
	r = rig_new();
	r->keymint_level = 0;
	refused(r, "attest.android.level");
	r = rig_new();
	r->policy.android.level_min = 2;
	refused(r, "attest.android.level");
	r = rig_new();
	r->level = 7;
	refused(r, "attest.android.level");
	r = rig_new();
	r->policy.android.level_min = 2;
	r->level = r->keymint_level = 2;
	accepted(r);
}

static void
boot(void **state)
{
	static const unsigned char key[32] = "verified boot key";
	const struct attest_octets keys = { key, 32 };
	struct rig *r = rig_new();

	(void)state;
	r->no_boot = 1;
	refused(r, "attest.android.boot");
	r = rig_new();
	r->soft_boot = 1; /* software says so: it counts for nothing */
	refused(r, "attest.android.boot");
	r = rig_new();
	r->locked = 0;
	refused(r, "attest.android.boot");
	r = rig_new();
	r->state = 2;
	refused(r, "attest.android.boot");
	r = rig_new();
	r->state = 1;
	refused(r, "attest.android.boot");
	r = rig_new();
	r->state = 1;
	r->policy.android.boot_keys = &keys;
	r->policy.android.n_boot_keys = 1;
	accepted(r);
}

static void
the_key(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->nonce[0] ^= 1;
	refused(r, "attest.android.nonce");
	r = rig_new();
	r->origin = 2; /* imported */
	refused(r, "attest.android.origin");
	r = rig_new();
	r->purpose = 1;
	refused(r, "attest.android.purpose");
	r = rig_new();
	r->policy.android.os_patch_min = 202610;
	refused(r, "attest.android.patch");
	r = rig_new();
	r->policy.android.boot_patch_min = 20260101; /* is not told */
	refused(r, "attest.android.patch");
	r = rig_new();
	r->policy.android.vendor_patch_min = 20260905;
	accepted(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(chain),
		cmocka_unit_test(root_again), cmocka_unit_test(extension),
		cmocka_unit_test(status), cmocka_unit_test(levels),
		cmocka_unit_test(boot), cmocka_unit_test(the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
