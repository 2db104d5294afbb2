#include <string.h>
#include <openssl/evp.h>
#include "profiles/conform_rule.h"

/* The budget of octets that a profile for small devices sets. The signature is
   not made yet; how long it can become is known. */

#define RSA_SIG_MAX 512

static size_t
signature_max(const struct conform_view *v)
{
	struct conform_alg alg;

	if (v->ctx->issuer->sig_max > 0)
		return v->ctx->issuer->sig_max;
	if (!conform_alg_read(v->sigalg, &alg) || alg.key_nid == EVP_PKEY_RSA)
		return RSA_SIG_MAX;
	if (alg.key_nid == EVP_PKEY_ED25519)
		return 64;
	/* P-256 signs with SHA-256: two INTEGERs of at most 33 octets. */
	return strcmp(alg.md, "SHA256") == 0 ? 72 : 104;
}

/* A tag and a length in front of ${len} octets. */
static size_t
element(size_t len)
{
	return len < 0x80 ? 2 + len
	    : len < 0x100 ? 3 + len
	    : len < 65536 ? 4 + len
			  : 5 + len;
}

static int
check_budget(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	const char *url = v->ctx->issuer->crl_url;
	size_t whole;

	whole =
	    element(v->tbs.len + v->sigalg.len + element(1 + signature_max(v)));
	if (p->max_der && whole > p->max_der)
		return conform_breach(v,
		    "up to %zu octets, the profile allows %zu", whole,
		    p->max_der);
	if (p->max_issuer && v->issuer.len > p->max_issuer)
		return conform_breach(v,
		    "an issuer's name of %zu octets, the profile allows %zu",
		    v->issuer.len, p->max_issuer);
	if (p->max_crl_url && v->ext[CONFORM_CRLDP].present &&
	    strlen(url) > p->max_crl_url)
		return conform_breach(v,
		    "a CRL address of %zu octets, the profile allows %zu",
		    strlen(url), p->max_crl_url);
	return 1;
}

const struct conform_rule conform_size_rules[] = {
    {"size.budget", "profile, RFC 7228 3", check_budget}, {NULL, NULL, NULL}};
