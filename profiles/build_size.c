#include <string.h>

#include "profiles/error.h"
#include "profiles/sig.h"
#include "profiles/build_part.h"

/* What a profile for small devices allows: octets are airtime there. */

#define RSA_SIG_MAX 512 /* RSA-4096, the largest key that we sign with */

static size_t
signature_max(const struct build *b)
{
	struct sig sig;

	if (b->issuer->sig_max > 0)
		return b->issuer->sig_max;
	if (!sig_read(b->tbs->signature, "build.sigalg", &sig))
		return RSA_SIG_MAX;
	if (sig.key_nid == EVP_PKEY_ED25519)
		return 64;
	if (sig.key_nid != EVP_PKEY_EC)
		return RSA_SIG_MAX;
	/* Two INTEGERs of the order's size and a sign octet, in a SEQUENCE. */
	return EVP_MD_get_size(sig.md) == 32 ? 72 : 104;
}

static int
refuse(const char *what, size_t have, size_t most)
{
	profile_raise(PROFILE_E_REFUSED,
	    "size.budget: %s of up to %zu octets, the profile allows %zu", what,
	    have, most);
	return 0;
}

int
build_check_size(struct build *b, size_t tbs_len)
{
	const struct profile *p = b->p;
	size_t url =
	    b->issuer->crl_url != NULL ? strlen(b->issuer->crl_url) : 0;
	int bits, whole;

	if (p->max_issuer > 0 && b->issuer->name_len > p->max_issuer)
		return refuse(
		    "an issuer's name", b->issuer->name_len, p->max_issuer);
	if (p->max_crl_url > 0 && p->crl_dp && url > p->max_crl_url)
		return refuse("a CRL address", url, p->max_crl_url);
	if (p->max_der == 0)
		return 1;
	bits =
	    ASN1_object_size(0, (int)signature_max(b) + 1, V_ASN1_BIT_STRING);
	whole = ASN1_object_size(1,
	    (int)tbs_len + (int)b->issuer->sigalg_len + bits, V_ASN1_SEQUENCE);
	return (size_t)whole <= p->max_der ||
	    refuse("a certificate", (size_t)whole, p->max_der);
}
