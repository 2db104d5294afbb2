/* verifier_refs_read: any text as a fleet's reference values. What is taken is
   within its limits, and all of it can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "ra/attest/verifier_policy.h"
#include "ra/attest/verifier_refs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static volatile unsigned sink;

static void
read_octets(struct attest_octets o)
{
	size_t i;

	for (i = 0; i < o.len; i++)
		sink += o.p[i];
}

static void
look_tpm(const struct attest_tpm_policy *p)
{
	size_t i;

	if (p->classes >= 2 * ATTEST_TPM_NO_CERT || p->n_pcrs > REFS_LIST_MAX)
		abort();
	for (i = 0; i < p->n_pcrs; i++)
		if (p->pcrs[i].index > 23 || p->pcrs[i].state == NULL)
			abort();
}

static void
look_dice(const struct attest_dice_policy *p)
{
	size_t i, k;

	if (p->n_refs > REFS_LIST_MAX)
		abort();
	for (i = 0; i < p->n_refs; i++)
		for (k = 0; k < p->refs[i].n_fwids; k++) {
			if (p->refs[i].fwids[k].octets.len < 32)
				abort();
			read_octets(p->refs[i].fwids[k].octets);
		}
}

static void
look_eat(const struct attest_eat_policy *p)
{
	size_t i;

	if (p->dbgstat_min < 0 || p->dbgstat_min > 4 ||
	    p->n_profiles > REFS_LIST_MAX || p->n_keys > REFS_LIST_MAX)
		abort();
	for (i = 0; i < p->n_profiles; i++)
		sink += (unsigned)strlen(p->profiles[i]);
	for (i = 0; i < p->n_keys; i++) {
		read_octets(p->keys[i].id);
		read_octets(p->keys[i].spki);
	}
	for (i = 0; i < p->n_oemids; i++)
		read_octets(p->oemids[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verifier_refs *keep = NULL;
	struct attest_policy p;

	memset(&p, 0, sizeof(p));
	if (verifier_refs_read(
		"r", (const char *)data, size, &p, &keep)) {
		look_tpm(&p.tpm);
		look_dice(&p.dice);
		look_eat(&p.eat);
		read_octets(p.android.status);
		if (p.webauthn.rp_id != NULL)
			sink += (unsigned)strlen(p.webauthn.rp_id);
	} else if (ERR_peek_error() == 0)
		abort(); /* refused without a word */
	verifier_refs_free(keep);
	ERR_clear_error();
	return 0;
}
