#include <string.h>

#include <openssl/crypto.h>

#include "ra/attest/android.h"
#include "ra/attest/private.h"
#include "ra/attest/verifier_policy.h"

enum set { SET_AK, SET_EK, SET_DICE, SET_EAT, SET_ANDROID, SET_WEBAUTHN,
	SETS };

static const char *const NAMES[SETS][2] = {
    {"anchor.tpm-ak", "pin.tpm-ak"},
    {"anchor.tpm-ek", "pin.tpm-ek"},
    {"anchor.dice", "pin.dice"},
    {"anchor.eat", "pin.eat"},
    {"anchor.android", "pin.android"},
    {"anchor.webauthn", "pin.webauthn"},
};

struct verifier_policy {
	struct attest_policy policy;
	struct verifier_anchors *kept; /* borrowed, or NULL */
	STACK_OF(X509) *anchors[SETS];
	unsigned char pins[SETS][VERIFIER_PINS_MAX][32];
	struct verifier_refs *refs;
};

static int
read_anchors(const WIRE_FIELDS *args, struct verifier_anchors *kept,
    const char *name, STACK_OF(X509) *out)
{
	const unsigned char *der;
	size_t i, len;
	X509 *cert;

	for (i = 0; i < field_count(args, name); i++) {
		der = field_get_bytes(field_find(args, name, i), &len);
		cert = der == NULL ? NULL : verifier_anchor(kept, der, len);
		if (cert == NULL)
			return attest_unfit(
			    "policy.anchor", name, "is no certificate");
		if (!sk_X509_push(out, cert)) {
			X509_free(cert);
			return attest_internal(
			    "policy", name, "out of memory");
		}
	}
	return 1;
}

static int
read_trust(const WIRE_FIELDS *args, struct verifier_policy *p, enum set set,
    struct attest_trust *out)
{
	const char *name = NAMES[set][1];
	const unsigned char *md;
	size_t i, len, n = field_count(args, name);

	if ((p->anchors[set] = sk_X509_new_null()) == NULL)
		return attest_internal("policy", name, "out of memory");
	out->anchors = p->anchors[set];
	if (n > VERIFIER_PINS_MAX)
		return attest_unfit("policy.pin", name, "too many");
	for (i = 0; i < n; i++) {
		md = field_get_bytes(field_find(args, name, i), &len);
		if (md == NULL || len != 32)
			return attest_unfit(
			    "policy.pin", name, "a SHA-256 has 32 octets");
		memcpy(p->pins[set][i], md, 32);
	}
	out->pinned = (const unsigned char (*)[32])p->pins[set];
	out->n_pinned = n;
	return read_anchors(args, p->kept, NAMES[set][0], p->anchors[set]);
}

static int
read_formats(const WIRE_FIELDS *args, struct attest_policy *out)
{
	size_t i, n = field_count(args, "format");
	const char *name;
	int f;

	for (i = 0; i < n; i++) {
		name = field_get_text(field_find(args, "format", i));
		for (f = 0; f < ATTEST_N_FORMATS; f++)
			if (name != NULL &&
			    strcmp(name, attest_format_name(f)) == 0)
				break;
		if (f == ATTEST_N_FORMATS)
			return attest_unfit("policy.format", "format",
			    "there is no such format");
		out->formats |= 1u << f;
	}
	return 1;
}

/* The list that came with the question, unless reference values have one. */
static void
read_phones(const WIRE_FIELDS *args, struct attest_android_policy *out)
{
	const char *text = field_text(args, "android.status", NULL);

	if (out->status.len > 0 || text == NULL)
		return;
	out->status.p = (const unsigned char *)text;
	out->status.len = strlen(text);
	out->status_time = (time_t)field_int(args, "android.status_time", 0);
}

static int
read_all(const WIRE_FIELDS *args, struct verifier_policy *p)
{
	const char *text = field_text(args, "references", NULL);
	const char *file = field_text(args, "file", "references");
	struct attest_policy *out = &p->policy;

	out->arc = field_text(args, "arc", NULL);
	out->tpm.classes = ATTEST_TPM_DISCRETE | ATTEST_TPM_FIRMWARE;
	out->android.level_min = 1;
	out->android.status_max_age = ANDROID_STATUS_AGE;
	if (!read_formats(args, out) ||
	    (text != NULL && !verifier_refs_read(
		file, text, strlen(text), out, &p->refs)))
		return 0;
	read_phones(args, &out->android);
	return read_trust(args, p, SET_AK, &out->tpm.ak) &&
	    read_trust(args, p, SET_EK, &out->tpm.ek) &&
	    read_trust(args, p, SET_DICE, &out->dice.trust) &&
	    read_trust(args, p, SET_EAT, &out->eat.trust) &&
	    read_trust(args, p, SET_ANDROID, &out->android.trust) &&
	    read_trust(args, p, SET_WEBAUTHN, &out->webauthn.trust);
}

struct verifier_policy *
verifier_policy_read(const WIRE_FIELDS *args, struct verifier_anchors *kept)
{
	struct verifier_policy *p = OPENSSL_zalloc(sizeof(*p));

	if (p == NULL) {
		attest_internal("policy", "", "out of memory");
		return NULL;
	}
	p->kept = kept;
	if (read_all(args, p))
		return p;
	verifier_policy_free(p);
	return NULL;
}

void
verifier_policy_free(struct verifier_policy *p)
{
	int i;

	if (p == NULL)
		return;
	for (i = 0; i < SETS; i++)
		sk_X509_pop_free(p->anchors[i], X509_free);
	verifier_refs_free(p->refs);
	OPENSSL_free(p);
}

const struct attest_policy *
verifier_policy_get(const struct verifier_policy *p)
{
	return &p->policy;
}
