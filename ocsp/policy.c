#include <stdint.h>

#include "ocsp/policy.h"

#define CENTURY (36525 * 86400LL)

#define BUDGET_BITS 24 /* holds POLICY_BUDGET_MAX */

static const struct policy program_default = {
    .nonce = POLICY_NONCE_ACCEPT,
    .not_issued = POLICY_UNKNOWN,
    .sign_budget = POLICY_BUDGET_DEFAULT,
    .both_hashes = POLICY_BOTH_DEFAULT,
};

int
policy_read(const struct conf_group *g, const struct policy *dflt,
    struct policy *out)
{
	static const char *const nonces[] = {
	    "ignore", "accept", "require", NULL};
	static const char *const says[] = {
	    "unknown", "unauthorized", "revoked", NULL};
	int64_t budget, both, archive;
	int nonce, not_issued;

	if (dflt == NULL)
		dflt = &program_default;
	nonce = conf_choice(g, "nonce", nonces, (int)dflt->nonce);
	if (nonce < 0)
		return 0;
	not_issued = conf_choice(g, "not_issued", says, (int)dflt->not_issued);
	if (not_issued < 0 ||
	    !conf_int(g, "sign_budget", 0, POLICY_BUDGET_MAX,
		(int64_t)dflt->sign_budget, &budget) ||
	    !conf_size(g, "both_hashes", 0, POLICY_BOTH_MAX,
		(int64_t)dflt->both_hashes, &both) ||
	    !conf_duration(
		g, "archive", 0, CENTURY, (int64_t)dflt->archive, &archive))
		return 0;
	out->nonce = (enum policy_nonce)nonce;
	out->not_issued = (enum policy_not_issued)not_issued;
	out->sign_budget = (size_t)budget;
	out->both_hashes = (size_t)both;
	out->archive = (time_t)archive;
	return 1;
}

int
budget_take(struct budget *b, size_t per_second, time_t now)
{
	const unsigned long long mask = (1ULL << BUDGET_BITS) - 1;
	unsigned long long second = (unsigned long long)now << BUDGET_BITS;
	unsigned long long seen = atomic_load(&b->spent), next;

	if (per_second == 0)
		return 1;
	do {
		if ((seen & ~mask) != second)
			next = second | 1;
		else if ((seen & mask) >= per_second)
			return 0;
		else
			next = seen + 1;
	} while (!atomic_compare_exchange_weak(&b->spent, &seen, next));
	return 1;
}

time_t
policy_cutoff(const struct policy *policy, const X509 *issuer, time_t now)
{
	struct tm tm;
	time_t began = 0;

	if (policy->archive == 0)
		return 0;
	if (ASN1_TIME_to_tm(X509_get0_notBefore(issuer), &tm) == 1)
		began = timegm(&tm);
	return now - policy->archive > began ? now - policy->archive : began;
}
