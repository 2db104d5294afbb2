#include "tests/unit/ra/attest/evidence.h"
#include "ra/attest/dice.h"

/* A device of three certificates below its maker: DeviceID, layer 1, alias. */

#define ECA "2.23.133.5.4.100.12"
#define ATTEST_LOC "2.23.133.5.4.100.9"

struct layer {
	const char *vendor;
	int layer, svn;
	unsigned char fwid;  /* the digest is 32 times this */
	unsigned char flags, mask; /* first octets of the BIT STRINGs */
	int no_flags, no_tcb, multi; /* how many TcbInfos; 0: one alone */
	unsigned char ueid; /* last octet; 0: no extension */
	const char *purpose;
	unsigned char fresh; /* first octet of a nonce; 0: no extension */
	int critical;
	int ca, both, behind; /* basicConstraints, both extensions, octets more */
};

struct rig {
	struct maker maker;
	EVP_PKEY *key[3]; /* DeviceID, layer 1, alias */
	struct layer layer[3];
	struct attest_policy policy;
	struct attest_input in;
	struct attest_dice_ref refs[2];
	struct attest_digest fwid[2];
	unsigned char digest[2][32], nonce[32], pins[1][32];
	struct der_out stmt;
	int wrong_signer; /* DeviceID signs the alias in layer 1's name */
	int old_device_id;
};

static void
append_raw(struct der_out *out, const struct der_out *more)
{
	assert_true(out->len + more->len <= sizeof(out->p));
	memcpy(out->p + out->len, more->p, more->len);
	out->len += more->len;
}

static struct der_out
tcb_info(const struct layer *l)
{
	static const unsigned char sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65,
		0x03, 0x04, 0x02, 0x01 };
	unsigned char digest[32], n[1], b[2] = { 0, 0 };
	struct der_out out = { { 0 }, 0 }, fwid = { { 0 }, 0 }, one;
	int i;

	memset(digest, l->fwid, sizeof(digest));
	append(&out, 0x80, text_of(l->vendor));
	append(&out, 0x81, text_of("M1"));
	n[0] = (unsigned char)l->svn;
	append(&out, 0x83, octets_of(n, 1));
	n[0] = (unsigned char)l->layer;
	append(&out, 0x84, octets_of(n, 1));
	append(&fwid, 0x06, octets_of(sha256, sizeof(sha256)));
	append(&fwid, 0x04, octets_of(digest, sizeof(digest)));
	fwid = tlv(0x30, octets_of(fwid.p, fwid.len));
	append(&out, 0xa6, octets_of(fwid.p, fwid.len));
	b[1] = l->flags;
	if (!l->no_flags)
		append(&out, 0x87, octets_of(b, 2));
	b[1] = l->mask;
	if (!l->no_flags)
		append(&out, 0x8a, octets_of(b, 2));
	out = tlv(0x30, octets_of(out.p, out.len));
	one = out;
	for (i = 1; i < l->multi; i++)
		append_raw(&out, &one);
	if (l->multi < 0) /* none */
		out.len = 0;
	out = l->multi ? tlv(0x30, octets_of(out.p, out.len)) : out;
	out.len += (size_t)l->behind;
	return out;
}

/* SEQUENCE { OCTET STRING } */
static struct der_out
wrapped(const unsigned char *p, size_t len)
{
	struct der_out out = tlv(0x04, octets_of(p, len));

	return tlv(0x30, octets_of(out.p, out.len));
}

static X509 *
layer_cert(struct rig *r, int i, X509 *issuer)
{
	struct layer *l = &r->layer[i];
	unsigned char ueid[17] = { 1 }, fresh[32];
	struct der_out tcb = tcb_info(l), u, f;
	struct ext ext[5];
	size_t n = 0;
	struct want w = { .cn = i == 0 ? "DeviceID" : i == 1 ? "L1" : "Alias",
		.key = r->key[i], .issuer = issuer, .ca = i < 2 || l->ca, .ext = ext,
		.from = i > 0 ? 1 : 0, .to = i > 0 ? 100 : 0,
		.issuer_key = i == 0 ? r->maker.key : r->key[i - 1] };

	ueid[16] = l->ueid;
	u = wrapped(ueid, sizeof(ueid));
	memset(fresh, l->fresh, sizeof(fresh));
	f = wrapped(fresh, sizeof(fresh));
	if (i == 2 && r->wrong_signer)
		w.issuer_key = r->key[0];
	if (i == 0 && r->old_device_id)
		w.from = 1, w.to = 100;
	if (l->purpose)
		ext[n++] = eku(l->purpose);
	if (!l->no_tcb)
		ext[n++] = (struct ext){ l->multi ? DICE_OID_MULTI
						  : DICE_OID_TCB,
			l->critical, tcb.p, tcb.len };
	if (l->both)
		ext[n++] = (struct ext){ l->multi ? DICE_OID_TCB
						  : DICE_OID_MULTI,
			0, tcb.p, tcb.len };
	if (l->ueid)
		ext[n++] = (struct ext){ DICE_OID_UEID, 0, u.p, u.len };
	if (l->fresh)
		ext[n++] = (struct ext){ DICE_OID_FRESHNESS, 0, f.p, f.len };
	w.n_ext = n;
	return new_cert(&w);
}

static struct rig *
rig_new(void)
{
	static const struct layer alike = { .vendor = "V", .mask = 0xf0,
		.svn = 3 };
	struct rig *r = calloc(1, sizeof(*r));
	int i;

	r->maker = new_maker("Maker of devices");
	for (i = 0; i < 3; i++) {
		r->key[i] = new_key("P-256");
		r->layer[i] = alike;
		r->layer[i].layer = i;
		r->layer[i].fwid = (unsigned char)(0x10 * i);
		r->layer[i].ueid = 7;
		r->layer[i].purpose = i < 2 ? ECA : ATTEST_LOC;
		if (i == 0)
			r->layer[i].no_tcb = 1;
	}
	for (i = 0; i < 2; i++) {
		memset(r->digest[i], 0x10 * (i + 1), 32);
		r->fwid[i] = (struct attest_digest){ NID_sha256,
			{ r->digest[i], 32 } };
		r->refs[i] = (struct attest_dice_ref){ .vendor = "V",
			.model = "M1", .layer = i + 1, .index = -1,
			.svn_min = 3, .fwids = &r->fwid[i], .n_fwids = 1 };
	}
	memset(r->nonce, 0x5a, sizeof(r->nonce));
	r->stmt = wrapped(r->nonce, sizeof(r->nonce));
	r->policy.formats = 1U << ATTEST_DICE;
	r->policy.dice.trust.anchors = r->maker.anchors;
	r->policy.dice.refs = r->refs;
	r->policy.dice.n_refs = 2;
	r->in.policy = &r->policy;
	r->in.now = NOW;
	r->in.nonce = octets_of(r->nonce, sizeof(r->nonce));
	r->in.spki = spki_of(r->key[2]);
	return r;
}

static void
rig_free(struct rig *r)
{
	int i;

	sk_X509_pop_free(r->in.certs, X509_free);
	for (i = 0; i < 3; i++)
		EVP_PKEY_free(r->key[i]);
	free_maker(&r->maker);
	free(r);
}

static int
judge(struct rig *r, struct attest_facts *facts)
{
	struct attest_statement s = { ATTEST_KIND_DICE,
		octets_of(r->stmt.p, r->stmt.len) };
	X509 *issuer = r->maker.root;
	int i;

	r->in.certs = sk_X509_new_null();
	for (i = 0; i < 3; i++) {
		issuer = layer_cert(r, i, issuer);
		sk_X509_unshift(r->in.certs, issuer);
	}
	i = attest_appraise(&s, &r->in, facts);
	if (i)
		seed_out(r->layer[2].multi ? "dice-multi" : "dice-chain", &s,
		    &r->in, r->maker.root);
	return i;
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

/* Each claim of the alias certificate's only TcbInfo. */
static void
alias_facts(const struct attest_facts *facts, int several)
{
	if (several) {
		assert_null(attest_facts_get(facts, "dice.svn"));
		return;
	}
	assert_string_equal(attest_facts_get(facts, "dice.vendor"), "V");
	assert_string_equal(attest_facts_get(facts, "dice.model"), "M1");
	assert_string_equal(attest_facts_get(facts, "dice.svn"), "3");
	assert_string_equal(attest_facts_get(facts, "dice.layer"), "2");
	assert_string_equal(attest_facts_get(facts, "dice.fwid"),
	    "2020202020202020202020202020202020202020202020202020202020202020");
	assert_null(attest_facts_get(facts, "dice.index"));
	assert_null(attest_facts_get(facts, "dice.version"));
}

static void
accepted(struct rig *r)
{
	struct attest_facts *facts = attest_facts_new();

	if (!judge(r, facts))
		assert_rule("nothing");
	assert_true(octets_equal(
	    attest_facts_key(facts), r->in.spki.p, r->in.spki.len));
	assert_string_equal(attest_facts_get(facts, "dice.tcb"),
	    "V M1 - layer=2 index=-1 svn=3");
	alias_facts(facts, r->layer[2].multi > 1);
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
	r->layer[2].multi = 1;
	accepted(r);
	r = rig_new();
	r->layer[2].multi = 2;
	accepted(r);
	r = rig_new();
	r->layer[2].critical = 1;
	accepted(r);
}

/* ---- The chain ---- */

static void
path(void **state)
{
	struct rig *r = rig_new();
	struct maker other = new_maker("Another maker");

	(void)state;
	r->policy.dice.trust.anchors = other.anchors;
	refused(r, "attest.dice.path");
	r = rig_new();
	r->wrong_signer = 1;
	refused(r, "attest.dice.path");
	/* What devices make has no time; what makers make has. */
	r = rig_new();
	r->old_device_id = 1;
	refused(r, "attest.dice.path");
	r = rig_new();
	r->old_device_id = 1;
	r->policy.dice.trust.ignore_expiry = 1;
	accepted(r);
	free_maker(&other);
}

static void
pinned(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->policy.dice.trust.anchors = NULL;
	assert_true(attest_key_sha256(r->key[0], r->pins[0]));
	r->policy.dice.trust.pinned = (const unsigned char(*)[32])r->pins;
	r->policy.dice.trust.n_pinned = 1;
	accepted(r);
	r = rig_new();
	assert_true(attest_key_sha256(r->key[0], r->pins[0]));
	r->policy.dice.trust.denied = (const unsigned char(*)[32])r->pins;
	r->policy.dice.trust.n_denied = 1;
	refused(r, "attest.dice.path");
}

static void
other_key(void **state)
{
	struct rig *r = rig_new();
	EVP_PKEY *software = new_key("P-256");

	(void)state;
	r->in.spki = spki_of(software);
	refused(r, "attest.dice.alias");
	r = rig_new();
	r->in.spki = spki_of(r->key[1]); /* a CA's key is no alias */
	refused(r, "attest.dice.purpose");
	EVP_PKEY_free(software);
}

static void
purposes(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->layer[2].purpose = "1.3.6.1.5.5.7.3.2";
	refused(r, "attest.dice.purpose");
	r = rig_new();
	r->layer[1].purpose = NULL;
	r->policy.dice.trust.ignore_expiry = 1;
	refused(r, "attest.dice.purpose");
	r = rig_new();
	r->layer[2].ca = 1; /* with a purpose of a key that signs for itself */
	refused(r, "attest.dice.purpose");
}

/* ---- What it says ---- */

/* One extension, with one value, of as many TcbInfos as there may be. */
static void
infos(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->layer[2].both = 1;
	refused(r, "attest.dice.tcb-info");
	r = rig_new();
	r->layer[2].behind = 1;
	refused(r, "attest.dice.tcb-info");
	r = rig_new();
	r->layer[2].multi = 2;
	r->layer[2].behind = 1;
	refused(r, "attest.dice.tcb-info");
	r = rig_new();
	r->layer[2].multi = -1;
	refused(r, "attest.dice.tcb-info");
	r = rig_new();
	r->layer[2].multi = DICE_TCBS_MAX;
	accepted(r);
	r = rig_new();
	r->layer[2].multi = DICE_TCBS_MAX + 1;
	refused(r, "attest.dice.tcb-info");
}

static void
fresh(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->stmt.p[10] ^= 1;
	refused(r, "attest.dice.nonce");
	r = rig_new();
	r->stmt.len--;
	refused(r, "attest.dice.nonce");
	r = rig_new();
	r->stmt = tlv(0x05, octets_of(NULL, 0)); /* NULL, and no extension */
	refused(r, "attest.dice.nonce");
	r = rig_new();
	r->stmt = tlv(0x05, octets_of(NULL, 0));
	r->layer[2].fresh = 0x5a;
	accepted(r);
	r = rig_new();
	r->stmt = tlv(0x05, octets_of(NULL, 0));
	r->layer[2].fresh = 0x5b;
	refused(r, "attest.dice.nonce");
	r = rig_new();
	r->layer[2].fresh = 0x5b; /* right in one place is not enough */
	refused(r, "attest.dice.nonce");
}

static void
ueid(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->layer[1].ueid = 8;
	refused(r, "attest.dice.ueid");
	r = rig_new();
	r->layer[0].ueid = r->layer[1].ueid = 0; /* only in the alias */
	accepted(r);
}

static void
tcb(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->layer[1].no_tcb = 1;
	refused(r, "attest.dice.tcb-info");
	r = rig_new();
	r->layer[2].no_tcb = 1;
	refused(r, "attest.dice.tcb-info");
	r = rig_new();
	r->layer[2].svn = -1;
	refused(r, "attest.dice.tcb-info");
	r = rig_new();
	r->layer[2].vendor = "W";
	refused(r, "attest.dice.reference");
	r = rig_new();
	r->layer[2].layer = 5;
	refused(r, "attest.dice.reference");
	r = rig_new();
	r->layer[1].fwid = 0x11;
	refused(r, "attest.dice.fwids");
	r = rig_new();
	r->layer[2].svn = 2;
	refused(r, "attest.dice.svn");
}

static void
flags(void **state)
{
	struct rig *r = rig_new();

	(void)state;
	r->layer[2].no_flags = 1;
	refused(r, "attest.dice.flags");
	r = rig_new();
	r->layer[2].mask = 0xe0; /* debug is not told */
	refused(r, "attest.dice.flags");
	r = rig_new();
	r->layer[1].flags = 0x10; /* debug */
	refused(r, "attest.dice.flags");
	r = rig_new();
	r->policy.dice.flags_known = 1U << 4;
	refused(r, "attest.dice.flags");
	r = rig_new();
	r->layer[2].flags = 0x08; /* not in the mask: not told */
	accepted(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(path),
		cmocka_unit_test(pinned), cmocka_unit_test(other_key),
		cmocka_unit_test(purposes), cmocka_unit_test(infos),
		cmocka_unit_test(fresh),
		cmocka_unit_test(ueid), cmocka_unit_test(tcb),
		cmocka_unit_test(flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
