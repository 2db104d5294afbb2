/* attest_appraise of every kind. An input brings all that an appraisal has: a
   kind (the high bit chooses one of two nonces), then with two octets of length
   each the public area of an AK, the request's key, certificates (the last is the
   anchor), and the statement. The seeds with that bit were written by the unit
   tests, with SEEDS=tests/fuzz/corpus/attest_statement. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include "ra/attest/tpm.h"

#define NOW 1796000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct attest_octets
take(const uint8_t **data, size_t *size)
{
	size_t len = *size < 2 ? 0 : ((size_t)(*data)[0] << 8) + (*data)[1];
	struct attest_octets out = { NULL, 0 };

	if (*size < 2 || len > *size - 2)
		return out;
	out = octets_of(*data + 2, len);
	*data += 2 + len;
	*size -= 2 + len;
	return out;
}

static STACK_OF(X509) *
certs_of(struct attest_octets in)
{
	STACK_OF(X509) *out = sk_X509_new_null();
	const unsigned char *p = in.p, *end = in.len ? in.p + in.len : p;
	X509 *cert;

	while (p < end && sk_X509_num(out) < 8 &&
	    (cert = d2i_X509(NULL, &p, end - p)) != NULL)
		sk_X509_push(out, cert);
	return out;
}

/* Whatever was accepted is about the key that was asked for, and can be shown. */
static void
must_hold(const struct attest_input *in, const struct attest_facts *facts)
{
	struct attest_octets key = attest_facts_key(facts);
	size_t i;

	if (key.len > 0 && !octets_equal(key, in->spki.p, in->spki.len))
		abort();
	for (i = 0; i < attest_facts_count(facts); i++) {
		const char *p = attest_facts_at(facts, i)->value;

		for (; *p; p++)
			if ((unsigned char)*p < 0x20)
				abort();
	}
}

/* What dice_test.c has for its layers. */
static void
fill_dice(struct attest_dice_policy *p)
{
	static unsigned char digest[2][32];
	static struct attest_digest fwid[2];
	static struct attest_dice_ref refs[2];
	int i;

	for (i = 0; i < 2; i++) {
		memset(digest[i], 0x10 * (i + 1), 32);
		fwid[i] = (struct attest_digest){ NID_sha256,
			{ digest[i], 32 } };
		refs[i] = (struct attest_dice_ref){ .vendor = "V",
			.model = "M1", .layer = i + 1, .index = -1,
			.svn_min = 3, .fwids = &fwid[i], .n_fwids = 1 };
	}
	p->refs = refs;
	p->n_refs = 2;
}

static void
fill(struct attest_policy *p, STACK_OF(X509) *anchors)
{
	static const struct attest_pcr pcr = { "s", NID_sha256, 7, { 0 } };
	static const char *const profiles[] = { "tag:example.com,2026:device",
		"tag:psacertified.org,2023:psa#tfm" };
	static const char *const origins[] = { "https://devices.example" };

	memset(p, 0, sizeof(*p));
	p->formats = ~0U;
	p->quirks = ~0U;
	p->tpm.pcrs = &pcr;
	p->tpm.n_pcrs = 1;
	p->tpm.classes = ~0U;
	fill_dice(&p->dice);
	p->eat.profiles = profiles;
	p->eat.n_profiles = 2;
	p->eat.signer_is_key = 1;
	p->android.level_min = 1;
	p->android.status = octets_of("{\"entries\":{}}", 14);
	p->android.status_time = NOW;
	p->android.status_max_age = 1;
	p->webauthn.rp_id = "devices.example";
	p->webauthn.origins = origins;
	p->webauthn.n_origins = 1;
	p->webauthn.allow_self = 1;
	p->tpm.ak.anchors = p->tpm.ek.anchors = anchors;
	p->dice.trust.anchors = p->eat.trust.anchors = anchors;
	p->android.trust.anchors = p->webauthn.trust.anchors = anchors;
	p->dice.trust.ignore_expiry = p->tpm.ak.ignore_expiry = 1;
	p->eat.trust.ignore_expiry = p->android.trust.ignore_expiry = 1;
	p->webauthn.trust.ignore_expiry = 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char nonce[32];
	STACK_OF(X509) *anchors = sk_X509_new_null();
	struct attest_facts *facts = attest_facts_new();
	struct attest_policy policy;
	struct attest_input in = { .now = NOW, .policy = &policy };
	struct attest_statement s;
	struct tpm_public ak = { .key = NULL };
	int n;

	setenv("TSS2_LOG", "all+none", 1);
	SHA256((const unsigned char *)"a nonce of the relying party", 28, nonce);
	if (size > 0) {
		s.kind = (enum attest_kind)(data[0] & 0x7f);
		if (data[0] & 0x80)
			memset(nonce, 'Z', sizeof(nonce));
		data++;
		size--;
		in.ak_public = take(&data, &size);
		in.spki = take(&data, &size);
		in.certs = certs_of(take(&data, &size));
		s.stmt = octets_of(data, size);
		n = sk_X509_num(in.certs);
		if (n > 0)
			sk_X509_push(anchors, sk_X509_value(in.certs, n - 1));
		fill(&policy, anchors);
		if (in.ak_public.len > 0 &&
		    tpm_public_read("f", "f", in.ak_public, ~0U, &ak))
			in.ak_name = octets_of(ak.name, ak.name_len);
		in.nonce = octets_of(nonce, sizeof(nonce));
		if (attest_appraise(&s, &in, facts))
			must_hold(&in, facts);
	}
	tpm_public_clear(&ak);
	sk_X509_free(anchors);
	sk_X509_pop_free(in.certs, X509_free);
	attest_facts_free(facts);
	ERR_clear_error();
	return 0;
}
