#include <string.h>
#include <openssl/x509v3.h>

#include "profiles/spki.h"
#include "ra/attest/android.h"

#define TAG_PURPOSE 1
#define TAG_ORIGIN 702
#define TAG_ROOT_OF_TRUST 704
#define TAG_OS_VERSION 705
#define TAG_OS_PATCH 706
#define TAG_VENDOR_PATCH 718
#define TAG_BOOT_PATCH 719

#define PURPOSE_SIGN 2
#define ORIGIN_GENERATED 0
#define LEVEL_TEE 1
#define BOOT_VERIFIED 0
#define BOOT_SELF_SIGNED 1

struct work {
	const struct attest_input *in;
	const struct attest_android_policy *policy;
	struct attest_facts *facts;
	STACK_OF(X509) *path;
	ANDROID_KEY *key;
};

/* ---- The chain ---- */

/* Roots are issued anew with the same key, and devices send the old ones: who
   has an anchor's key is an anchor. */
static STACK_OF(X509) *
anchors_of(const struct attest_input *in)
{
	STACK_OF(X509) *given = in->policy->android.trust.anchors;
	STACK_OF(X509) *all = given ? sk_X509_dup(given) : sk_X509_new_null();
	int i, j;

	for (i = 0; all && i < sk_X509_num(in->certs); i++) {
		X509 *cert = sk_X509_value(in->certs, i);
		EVP_PKEY *key = X509_get0_pubkey(cert);

		for (j = 0; j < sk_X509_num(given); j++) {
			EVP_PKEY *root =
			    X509_get0_pubkey(sk_X509_value(given, j));

			if (spki_same(key, root) &&
			    sk_X509_push(all, cert) <= 0) {
				sk_X509_free(all);
				return NULL;
			}
		}
	}
	return all;
}

static int
find_path(struct work *w, X509 *leaf)
{
	struct attest_trust trust = w->policy->trust;
	const struct chain_rules rules = { "android.path", &trust, NULL, 0, NULL };
	int ok = 0;

	trust.anchors = anchors_of(w->in);
	trust.pinned = NULL;
	trust.n_pinned = 0;
	if (trust.anchors == NULL)
		attest_internal("android.path", "certs", "out of memory");
	else
		ok = chain_check(
		    &rules, leaf, w->in->certs, w->in->now, &w->path);
	sk_X509_free(trust.anchors);
	return ok;
}

/* The extension nearest the root is the keystore's; one that stands nearer to the
   leaf is what an app could have made with an attested key. So there may be one
   only, and it must be of the leaf. */
static int
read_extension(struct work *w)
{
	struct attest_octets ext = { NULL, 0 }, one;
	const unsigned char *p;
	int i, where = -1, has, n = 0;

	for (i = 0; i < sk_X509_num(w->path); i++) {
		has = chain_extension(
		    sk_X509_value(w->path, i), ANDROID_OID, &one, NULL);
		n += has < 0 ? 2 : has;
		if (has == 1) {
			where = i;
			ext = one;
		}
	}
	if (n != 1 || where != 0)
		return attest_refuse("android.extension", "certs",
		    "%d descriptions of keys in the path; one must be there, in "
		    "the leaf", n);
	p = ext.p;
	w->key = (ANDROID_KEY *)ASN1_item_d2i(
	    NULL, &p, (long)ext.len, ASN1_ITEM_rptr(ANDROID_KEY));
	if (w->key == NULL || p != ext.p + ext.len ||
	    !android_list_is_fit(w->key->software) ||
	    !android_list_is_fit(w->key->hardware))
		return attest_malformed("android.extension",
		    "KeyDescription", "cannot be read");
	return 1;
}

/* ---- What it says ---- */

static int
level_of(const ASN1_ENUMERATED *e)
{
	long level = ASN1_ENUMERATED_get(e);

	return level < 0 || level > 2 ? -1 : (int)level;
}

/* Of the attestation and of the keystore: the lesser counts. */
static int
check_levels(struct work *w)
{
	static const char *const names[] = { "software", "tee", "strongbox" };
	int a = level_of(w->key->level), k = level_of(w->key->keymint_level);
	int want = w->policy->level_min > LEVEL_TEE ? w->policy->level_min
						    : LEVEL_TEE;

	if (a < want || k < want)
		return attest_refuse("android.level",
		    "KeyDescription.securityLevel",
		    "attestation %d, keystore %d; %d is wanted", a, k, want);
	return facts_string(w->facts, "android.level", names[a < k ? a : k]);
}

static int
boot_key_known(const struct work *w, const ASN1_OCTET_STRING *key)
{
	size_t i;

	for (i = 0; i < w->policy->n_boot_keys; i++)
		if (octets_equal(w->policy->boot_keys[i],
			ASN1_STRING_get0_data(key),
			(size_t)ASN1_STRING_length(key)))
			return 1;
	return 0;
}

static int
judge_boot(struct work *w, const ANDROID_BOOT *b)
{
	long state = ASN1_ENUMERATED_get(b->state);

	if (!b->locked)
		return attest_refuse("android.boot", "rootOfTrust.deviceLocked",
		    "the bootloader is not locked");
	if (state != BOOT_VERIFIED &&
	    !(state == BOOT_SELF_SIGNED && boot_key_known(w, b->key)))
		return attest_refuse("android.boot",
		    "rootOfTrust.verifiedBootState",
		    "%ld: neither verified nor by an owner's key that is known",
		    state);
	return facts_string(w->facts, "android.boot",
		   state == BOOT_VERIFIED ? "verified" : "self-signed") &&
	    facts_octets(w->facts, "android.boot.key",
		ASN1_STRING_get0_data(b->key),
		(size_t)ASN1_STRING_length(b->key)) &&
	    (b->hash == NULL ||
		facts_octets(w->facts, "android.boot.hash",
		    ASN1_STRING_get0_data(b->hash),
		    (size_t)ASN1_STRING_length(b->hash)));
}

static int
check_boot(struct work *w)
{
	struct attest_octets in;
	const unsigned char *p;
	ANDROID_BOOT *b = NULL;
	int ok;

	if (!android_find(w->key->hardware, TAG_ROOT_OF_TRUST, &in))
		return attest_refuse("android.boot", "hardwareEnforced",
		    "without a root of trust");
	p = in.p;
	b = (ANDROID_BOOT *)ASN1_item_d2i(
	    NULL, &p, (long)in.len, ASN1_ITEM_rptr(ANDROID_BOOT));
	if (b == NULL || p != in.p + in.len)
		ok = attest_malformed("android.boot", "rootOfTrust",
		    "cannot be read");
	else
		ok = judge_boot(w, b);
	ASN1_item_free((ASN1_VALUE *)b, ASN1_ITEM_rptr(ANDROID_BOOT));
	return ok;
}

/* SET OF INTEGER: may it sign? */
static int
may_sign(const STACK_OF(ASN1_TYPE) *list)
{
	struct attest_octets in;
	const unsigned char *p;
	ASN1_SEQUENCE_ANY *set;
	int i, yes = 0;

	if (!android_find(list, TAG_PURPOSE, &in))
		return 0;
	p = in.p;
	set = d2i_ASN1_SET_ANY(NULL, &p, (long)in.len);
	if (p == in.p + in.len)
		for (i = 0; i < sk_ASN1_TYPE_num(set) && !yes; i++) {
			const ASN1_TYPE *any = sk_ASN1_TYPE_value(set, i);

			yes = ASN1_TYPE_get(any) == V_ASN1_INTEGER &&
			    ASN1_INTEGER_get(any->value.integer) == PURPOSE_SIGN;
		}
	sk_ASN1_TYPE_pop_free(set, ASN1_TYPE_free);
	return yes;
}

static int
check_key(struct work *w)
{
	if (android_number(w->key->hardware, TAG_ORIGIN) != ORIGIN_GENERATED)
		return attest_refuse("android.origin",
		    "hardwareEnforced.origin", "not made in the hardware");
	if (!may_sign(w->key->hardware))
		return attest_refuse("android.purpose",
		    "hardwareEnforced.purpose", "the key may not sign");
	return 1;
}

static int
check_patch(struct work *w)
{
	const struct attest_android_policy *p = w->policy;
	const struct {
		int tag;
		long min;
		const char *field, *fact;
	} levels[] = {
		{ TAG_OS_PATCH, p->os_patch_min, "osPatchLevel",
		    "android.os.patch" },
		{ TAG_VENDOR_PATCH, p->vendor_patch_min, "vendorPatchLevel",
		    "android.vendor.patch" },
		{ TAG_BOOT_PATCH, p->boot_patch_min, "bootPatchLevel",
		    "android.boot.patch" },
		{ TAG_OS_VERSION, 0, "osVersion", "android.os.version" },
	};
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		int64_t have = android_number(w->key->hardware, levels[i].tag);

		if (levels[i].min > 0 && have < levels[i].min)
			return attest_refuse("android.patch", levels[i].field,
			    "%lld; the policy wants %ld", (long long)have,
			    levels[i].min);
		if (have >= 0 && !facts_number(w->facts, levels[i].fact, have))
			return 0;
	}
	return 1;
}

/* What the hardware vouches for of the device's identity, where it does. */
static int
note_identity(struct work *w)
{
	static const struct {
		int tag;
		const char *fact;
	} ids[] = {
		{ 710, "android.brand" }, { 711, "android.device" },
		{ 712, "android.product" }, { 713, "android.serial" },
		{ 714, "android.imei" }, { 715, "android.meid" },
		{ 716, "android.manufacturer" }, { 717, "android.model" },
	};
	struct attest_octets in;
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const unsigned char *p;
		ASN1_OCTET_STRING *s;
		int ok = 1;

		if (!android_find(w->key->hardware, ids[i].tag, &in))
			continue;
		p = in.p;
		s = d2i_ASN1_OCTET_STRING(NULL, &p, (long)in.len);
		if (s && p == in.p + in.len)
			ok = facts_text(w->facts, ids[i].fact,
			    (const char *)ASN1_STRING_get0_data(s),
			    (size_t)ASN1_STRING_length(s));
		ASN1_OCTET_STRING_free(s);
		if (!ok)
			return 0;
	}
	return 1;
}

int
android_appraise(const struct attest_statement *s, const struct attest_input *in,
    struct attest_facts *facts)
{
	static const unsigned char empty[] = { 0x30, 0x00 };
	struct work w = { in, &in->policy->android, facts, NULL, NULL };
	X509 *leaf;
	int ok;

	if (!octets_equal(s->stmt, empty, sizeof(empty)))
		return attest_malformed("android.stmt", "stmt",
		    "not an empty SEQUENCE: the evidence is in certs");
	leaf = attest_csr_cert("android.leaf", in);
	ok = leaf && find_path(&w, leaf) &&
	    android_status_check(w.policy, w.path, in->now) &&
	    read_extension(&w) &&
	    attest_nonce_check("android.nonce", "attestationChallenge", in,
		ASN1_STRING_get0_data(w.key->challenge),
		(size_t)ASN1_STRING_length(w.key->challenge)) &&
	    check_levels(&w) && check_boot(&w) && check_key(&w) &&
	    check_patch(&w) && note_identity(&w) &&
	    chain_fact(facts, "android.certificate", leaf) &&
	    attest_key_check("android.leaf", "certificate.key",
		X509_get0_pubkey(leaf), in, facts);
	ASN1_item_free((ASN1_VALUE *)w.key, ASN1_ITEM_rptr(ANDROID_KEY));
	sk_X509_pop_free(w.path, X509_free);
	return ok;
}
