#include <string.h>
#include <openssl/evp.h>

#include "ra/attest/tpm.h"

/* The PCRs of one state: [first, first + n) of the policy's list. */
static size_t
state_size(const struct attest_tpm_policy *p, size_t first)
{
	size_t n = 1;

	while (first + n < p->n_pcrs &&
	    strcmp(p->pcrs[first + n].state, p->pcrs[first].state) == 0)
		n++;
	return n;
}

/* Exactly these PCRs, no more and no fewer, of this bank. */
static int
selects(const TPMS_PCR_SELECTION *sel, const struct attest_pcr *pcr, size_t n)
{
	unsigned char want[4] = { 0 };
	size_t i;

	if (tpm_hash_nid(sel->hash) != pcr->bank)
		return 0;
	for (i = 0; i < n; i++)
		if (pcr[i].bank != pcr->bank || pcr[i].index >= 32)
			return 0;
		else
			want[pcr[i].index / 8] |=
			    (unsigned char)(1U << (pcr[i].index % 8));
	for (i = 0; i < sizeof(want); i++)
		if (want[i] != (i < sel->sizeofSelect ? sel->pcrSelect[i] : 0))
			return 0;
	return 1;
}

static int
digest_of(const struct attest_pcr *pcr, size_t n, TPM2_ALG_ID bank,
    TPM2_ALG_ID hash, unsigned char *md)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_MD *type = EVP_MD_fetch(NULL, tpm_hash_name(hash), NULL);
	int ok;
	size_t i;

	ok = ctx && type && EVP_DigestInit_ex2(ctx, type, NULL);
	for (i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, pcr[i].digest, tpm_hash_size(bank));
	ok = ok && EVP_DigestFinal_ex(ctx, md, NULL);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(type);
	return ok;
}

int
tpm_quote_check(const TPMS_QUOTE_INFO *quote, TPM2_ALG_ID hash,
    const struct attest_tpm_policy *p, struct attest_facts *facts)
{
	const TPMS_PCR_SELECTION *sel = &quote->pcrSelect.pcrSelections[0];
	unsigned char md[64];
	int selected = 0;
	size_t i, n;

	if (p->n_pcrs == 0)
		return attest_refuse("tpm.pcrs", "policy.pcrs",
		    "a quote, and no reference values to hold it against");
	if (quote->pcrSelect.count != 1)
		return attest_refuse("tpm.pcr-select",
		    "tpmSAttest.attested.pcrSelect", "%u banks; one is read",
		    quote->pcrSelect.count);
	for (i = 0; i < p->n_pcrs; i += n) {
		n = state_size(p, i);
		if (!selects(sel, &p->pcrs[i], n))
			continue;
		selected = 1;
		if (!digest_of(&p->pcrs[i], n, sel->hash, hash, md))
			return attest_internal("tpm.pcrs", "digest", "no digest");
		if (octets_equal(octets_of(quote->pcrDigest.buffer,
				     quote->pcrDigest.size),
			md, tpm_hash_size(hash)))
			return facts_string(
			    facts, "tpm.pcrs", p->pcrs[i].state);
	}
	if (!selected)
		return attest_refuse("tpm.pcr-select",
		    "tpmSAttest.attested.pcrSelect",
		    "other PCRs than the policy has values for");
	return attest_refuse("tpm.pcrs", "tpmSAttest.attested.pcrDigest",
	    "no state that is known has these values");
}
