#ifndef INKAN_CA_ENGINE_CRL_PLAN_H
#define INKAN_CA_ENGINE_CRL_PLAN_H

#include <stdint.h>

/*
 * What revocation will cost a fleet of a given size: a forecast for each way of
 * publishing it. Formulae only; nothing is read and nothing decided.
 *
 *   entries = fleet x rate x validity / 2
 *
 * because a revoked certificate is listed until it expires, which on the
 * average is half a validity away. Where it never leaves (certificates without
 * end, expiredCertsOnCRL) the list grows: the forecast is for
 * CRL_PLAN_YEARS years.
 *
 * Not foreseen: a revocation of many at once. It makes a list of that size from
 * one day to the next; who must be ready for it gives it as ${rate}.
 */

#define CRL_PLAN_YEARS 10
#define CRL_PLAN_SMALL (64 * 1024)	/* octets that any device can hold */
#define CRL_PLAN_LARGE (1024 * 1024)	/* above: not for devices at all */
#define CRL_PLAN_SHORT (7 * 86400)	/* a short life, in seconds */

struct crl_plan_in {
	double fleet;		/* certificates that are in use at a time */
	double rate;		/* share of them revoked in a year, 0 to 1 */
	int64_t validity;	/* of a certificate; 0: without end */
	int64_t interval;	/* between CRLs */
	int keep_expired, ocsp;	/* ocsp: verifiers can ask while they verify */
	double base_octets;	/* of a CRL without entries */
	double entry_octets;
	double entry_seconds;	/* to read and write one entry */
	double sign_seconds;	/* one CRL besides its entries */
	double signature_seconds;	/* one certificate or answer */
	int64_t answer_validity;	/* of OCSP answers */
	double answer_octets;
};

enum crl_plan_way {
	CRL_PLAN_FULL,
	CRL_PLAN_SHARDS,
	CRL_PLAN_SHORT_LIFE,
	CRL_PLAN_OCSP,
	CRL_PLAN_N
};

struct crl_plan_row {
	int shards;		/* CRL_PLAN_SHARDS */
	double entries;		/* in one CRL */
	double octets;		/* of one CRL or answer */
	double verifier_day;	/* octets a day for one that takes each */
	double signatures_day;
	double seconds_day;	/* of the CA's machine and token */
	int fits;
	const char *why;	/* it does not fit, or what it asks for */
};

struct crl_plan {
	struct crl_plan_row row[CRL_PLAN_N];
	double entries;		/* of all shards together */
	int grows;		/* it never stops growing */
	enum crl_plan_way best;
	const char *advice;	/* static text */
	const char *beside;	/* what goes well with it; NULL */
	const char *deltas;	/* NULL, or why somebody will ask for them */
};

const char *crl_plan_name(enum crl_plan_way way);
void crl_plan(const struct crl_plan_in *in, struct crl_plan *out);

#endif
