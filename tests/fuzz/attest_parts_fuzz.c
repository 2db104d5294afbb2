/* What stands behind a signature, and so is seldom reached with changed octets:
   claims of tokens (eat_read_json, eat_read_cbor), envelopes (jws_read,
   cose_read), wrappers (cmw_read), authenticator data (webauthn_data_read),
   TcbInfos (dice_tcb_check), Android's lists (android_list_is_fit,
   android_number) and status list (android_status_check). The first octet
   chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "ra/attest/android.h"
#include "ra/attest/dice.h"
#include "ra/attest/eat.h"
#include "ra/attest/webauthn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_claims(struct attest_octets in, int json)
{
	struct eat_claims c;

	if (json ? eat_read_json(in, &c) : eat_read_cbor(in, &c))
		if (c.n_nonces > EAT_NONCES_MAX || c.dbgstat > 4 ||
		    c.n_measurements > EAT_MEASUREMENTS_MAX ||
		    c.n_components > EAT_MEASUREMENTS_MAX)
			abort();
	eat_claims_clear(&c);
}

static void
look_envelope(struct attest_octets in, int jws)
{
	struct envelope e;

	if (jws ? jws_read(in, &e) : cose_read(in, &e))
		if (e.alg > -7 || e.alg < -39 ||
		    sk_X509_num(e.x5c) > ENVELOPE_CERTS_MAX)
			abort();
	envelope_clear(&e);
}

static void
look_wrapper(struct attest_octets in, enum attest_kind kind)
{
	struct cmw c;

	if (cmw_read(kind, in, &c) && strlen(c.profile) >= sizeof(c.profile))
		abort();
	cmw_clear(&c);
}

static void
look_data(struct attest_octets in)
{
	struct webauthn_data d;

	if (webauthn_data_read(in, &d) && d.key == NULL)
		abort();
	webauthn_data_clear(&d);
}

static void
look_tcb(struct attest_octets in)
{
	const unsigned char *p = in.p;
	struct attest_facts *facts = attest_facts_new();
	const struct attest_dice_ref ref = { .vendor = "V", .model = "M1",
		.layer = 2, .index = -1, .svn_min = -1 };
	const struct attest_dice_policy policy = { .refs = &ref, .n_refs = 1 };
	DICE_TCB *tcb = (DICE_TCB *)ASN1_item_d2i(
	    NULL, &p, (long)in.len, ASN1_ITEM_rptr(DICE_TCB));

	if (tcb)
		dice_tcb_check(tcb, 0, 1, &policy, facts);
	ASN1_item_free((ASN1_VALUE *)tcb, ASN1_ITEM_rptr(DICE_TCB));
	attest_facts_free(facts);
}

static void
look_android(struct attest_octets in)
{
	const unsigned char *p = in.p;
	struct attest_octets value;
	ANDROID_KEY *key = (ANDROID_KEY *)ASN1_item_d2i(
	    NULL, &p, (long)in.len, ASN1_ITEM_rptr(ANDROID_KEY));
	int tag;

	if (key && android_list_is_fit(key->hardware))
		for (tag = 0; tag < 1000; tag += 7)
			if (android_number(key->hardware, tag) >= 0 &&
			    !android_find(key->hardware, tag, &value))
				abort();
	ASN1_item_free((ASN1_VALUE *)key, ASN1_ITEM_rptr(ANDROID_KEY));
}

static void
look_status(struct attest_octets in)
{
	const struct attest_android_policy policy = { .status = in };

	android_status_check(&policy, NULL, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attest_octets in;

	if (size < 2)
		return 0;
	in = octets_of(data + 1, size - 1);
	switch (data[0] % 9) {
	case 0:
	case 1:
		look_claims(in, data[0] % 9);
		break;
	case 2:
	case 3:
		look_envelope(in, data[0] % 9 == 3);
		break;
	case 4:
		look_wrapper(in, data[0] & 0x80 ? ATTEST_KIND_CMW
						: ATTEST_KIND_DICE_CMW);
		break;
	case 5:
		look_data(in);
		break;
	case 6:
		look_tcb(in);
		break;
	case 7:
		look_android(in);
		break;
	default:
		look_status(in);
	}
	ERR_clear_error();
	return 0;
}
