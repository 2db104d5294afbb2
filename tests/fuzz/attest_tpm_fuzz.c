/* tpm_public_read with tpm_ak_check and credential_make, tpm_attest_read,
   tpm_creation_read, ek_cert_read with ek_check; the first octet chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "ra/attest/ek.h"
#include "ra/attest/tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_public(struct attest_octets in)
{
	static const unsigned char secret[CREDENTIAL_SECRET_LEN];
	struct credential blobs;
	struct credential_ek ek;
	struct tpm_public pub;

	if (tpm_public_read("f", "f", in, ~0U, &pub)) {
		if (pub.key == NULL || pub.name_len < 34)
			abort();
		tpm_ak_check("f", &pub);
		ek = (struct credential_ek){ pub.key, pub.hash,
			pub.t.parameters.asymDetail.symmetric.keyBits.aes };
		credential_make(&ek, octets_of(pub.name, pub.name_len), secret,
		    &blobs);
	}
	tpm_public_clear(&pub);
}

static void
look_ek(struct attest_octets in)
{
	X509 *cert = ek_cert_read(in.p, in.len, ~0U);
	STACK_OF(X509) *list = sk_X509_new_null();
	struct attest_facts *facts = attest_facts_new();
	struct attest_policy policy;
	struct credential_ask ask = { .certs = list, .policy = &policy,
		.now = 1796000000 };
	struct credential_ek ek;

	if (cert) {
		memset(&policy, 0, sizeof(policy));
		policy.quirks = policy.tpm.classes = ~0U;
		sk_X509_push(list, cert);
		policy.tpm.ek.anchors = list;
		if (ek_check(&ask, &ek, facts))
			EVP_PKEY_free(ek.key);
	}
	attest_facts_free(facts);
	sk_X509_pop_free(list, X509_free);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attest_octets in;
	TPMS_CREATION_DATA creation;
	TPMS_ATTEST attest;

	setenv("TSS2_LOG", "all+none", 1);
	if (size == 0)
		return 0;
	in = octets_of(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		look_public(in);
		break;
	case 1:
		tpm_attest_read("f", "f", in, &attest);
		break;
	case 2:
		tpm_creation_read("f", "f", in, &creation);
		break;
	default:
		look_ek(in);
	}
	ERR_clear_error();
	return 0;
}
