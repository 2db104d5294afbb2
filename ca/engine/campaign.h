#ifndef INKAN_CA_ENGINE_CAMPAIGN_H
#define INKAN_CA_ENGINE_CAMPAIGN_H

#include "ca/engine/ca.h"
#include "ca/engine/where.h"
#include "ca/store/campaigns.h"

/*
 * Revocation of many certificates: planned (nothing is written), started,
 * then worked off in stages by a thread of its own, which goes on after a
 * restart where it was.
 *
 * What an expression finds is chosen but for CA and OCSP certificates, as the
 * active policy knows them by their profile; what a certificate itself says is
 * looked at again when it is revoked. What has to do with a value that a device
 * does not have, or that cannot be compared, is not chosen, but counted: an
 * operator must know what he does not know.
 *
 * The choice is made once, when the campaign is started, from the certificates
 * that there are and by what is known of them at that moment; what is issued or
 * becomes known afterwards is not in it. A campaign that ends while it chooses -
 * it is stopped, the program ends - is over and has revoked nothing.
 */

#define CAMPAIGN_STAGE_DEFAULT 500
#define CAMPAIGN_STAGE_MAX 5000
#define CAMPAIGN_PAUSE_MAX 3600	/* seconds */
#define CAMPAIGN_GROUPS_MAX 64
#define CAMPAIGN_SAMPLE_MAX 10

struct campaign_request {	/* borrowed */
	const char *query;
	const char *note, *who;	/* note "": none */
	int reason;
	int64_t invalidity;	/* 0: none */
	int64_t stage, pause;
	int approvals;		/* that it has, for kinds of certificates */
	time_t now;
};

struct campaign_group {		/* of one issuer and profile */
	char issuer[80], profile[64];
	int64_t certs, octets;
};

struct campaign_plan {
	int64_t certs;		/* would be revoked */
	int64_t devices;	/* that these are of */
	int64_t skipped;	/* found, but the rules refuse them */
	int64_t excluded;	/* CA and OCSP certificates */
	int64_t undecided;	/* a value is missing or not comparable */
	int64_t crls;		/* that change: one signature each */
	int64_t entries, octets;	/* more on these CRLs, at most */
	int need;		/* approvals, by the rules for kinds */
	struct campaign_group group[CAMPAIGN_GROUPS_MAX];
	size_t n_groups;
	int groups_full;	/* there are more than stand here */
	struct where_row sample[CAMPAIGN_SAMPLE_MAX];	/* values are NULL */
	size_t n_sample;
};

/* Only reads; page by page, so that no snapshot stays open for long. 1, or 0
   raised: CA_E_BADREQUEST "where.*" ("where.field": no device has such a
   field), "campaign.*". ${out} is to be freed with OPENSSL_free(). */
int campaign_plan(struct store *store, const struct policy *policy,
    const struct campaign_request *r, struct campaign_plan **out);

/* Octets that one more entry takes on a CRL (RFC 5280 5.1.2.6). */
size_t campaign_entry_octets(const struct where_row *row, int reason,
    int64_t invalidity, time_t now);

/* Written, with its log entry, and chosen, page by page; the worker does the
   rest. As campaign_plan(); CA_E_DENIED "campaign.approvals: ..." when what is
   chosen needs more of them, "campaign.state: ..." when it was stopped. */
int campaign_start(struct store *store, const struct policy *policy,
    const struct campaign_request *r, struct campaign_row *out);
/* Those that a crash left choosing are over. Once, at start. */
int campaign_close_open(struct store *store, time_t now);
/* Between two stages; one that is choosing is over then. CA_E_DENIED
   "campaign.state: ..." when it is over; CA_E_NOTFOUND. */
int campaign_stop(struct store *store, int64_t id, const char *who, time_t now,
    struct campaign_row *out);
/* Let a stopped one go on; 1 also for one that runs. */
int campaign_resume(struct store *store, int64_t id, const char *who,
    time_t now, struct campaign_row *out);

/* One step of the oldest campaign that runs, but for those of which ${later}
   (NULL: none) says 1: a stage is revoked, in one transaction. 1 with ${row} as it
   is now, 0 when there is none, -1 raised (nothing was done, or it was but status.db
   was not told: either way the next step is right). */
typedef int campaign_later_fn(const struct campaign_row *row, void *arg);
int campaign_step(struct ca *ca, time_t now, campaign_later_fn *later,
    void *arg, struct campaign_row *row);

/* The thread. While a campaign pauses between two stages, others are served. */
struct campaign_worker;
struct campaign_worker *campaign_worker_start(struct ca *ca);
void campaign_worker_stop(struct campaign_worker *w);	/* NULL is fine */

/* --- shared by the campaign*.c files --- */
int campaign_check(struct store *store, const struct campaign_request *r,
    struct where *w);
enum campaign_verdict {
	CAMPAIGN_NOT, CAMPAIGN_CHOSEN, CAMPAIGN_SKIPPED, CAMPAIGN_EXCLUDED,
	CAMPAIGN_UNDECIDED
};
enum campaign_verdict campaign_judge(const struct policy *policy,
    const struct where *w, int reason, int64_t invalidity,
    const struct where_row *row);
/* All that ${row}, just begun, finds; then it runs. As campaign_start(). */
int campaign_choose(struct store *store, const struct policy *policy,
    const struct campaign_request *r, struct campaign_row *row);
int campaign_log(struct store_tx *tx, const char *kind,
    const struct campaign_row *row, const char *who, time_t now);

#endif
