#ifndef INKAN_CA_STORE_CAMPAIGNS_H
#define INKAN_CA_STORE_CAMPAIGNS_H

#include "ca/store/store.h"

/*
 * Revocations of many certificates. A campaign first chooses (rows go into
 * campaign_certs, which does not change afterwards), then runs, which can be
 * stopped and go on, also after a restart.
 */

enum campaign_state {
	CAMPAIGN_CHOOSING = 1, CAMPAIGN_RUNNING, CAMPAIGN_DONE, CAMPAIGN_STOPPED
};

#define CAMPAIGN_QUERY_MAX 1023

struct campaign_row {
	int64_t id;
	char author[128], query[CAMPAIGN_QUERY_MAX + 1], note[256];
	int reason;		/* CRLReason */
	int64_t invalidity;	/* 0: none */
	enum campaign_state state;
	int64_t created, ended;	/* ended 0: not yet */
	int64_t total, done, skipped;
	int64_t stage, pause;	/* certificates in one transaction; seconds */
	int64_t upto;		/* last row to choose from; 0: all is chosen */
	int64_t position;	/* last row that was looked at */
};

/* Insert; row->id is set. */
int campaigns_add(struct store_tx *tx, struct campaign_row *row);
int campaigns_get(struct store_tx *tx, int64_t id,
    struct campaign_row *out);	/* 1 found, 0 not there, -1 raised */
/* What changes: state, ended, the counts, upto and position. */
int campaigns_update(struct store_tx *tx, const struct campaign_row *row);
/* The oldest one in that state with an id above ${after}; as campaigns_get(). */
int campaigns_open(struct store_tx *tx, enum campaign_state state,
    int64_t after, struct campaign_row *out);
/* Newest first, with an id below ${before} (0: any). */
int campaigns_list(struct store_tx *tx, int64_t before, size_t limit,
    int (*cb)(const struct campaign_row *row, void *arg), void *arg);

/* Choose a certificate; 1 also when it is chosen already. */
int campaigns_choose(struct store_tx *tx, int64_t id, int64_t cert);
/* Rows chosen after ${position}, in order. Stops when cb returns 0. */
int campaigns_chosen(struct store_tx *tx, int64_t id, int64_t position,
    size_t limit, int (*cb)(int64_t cert, void *arg), void *arg);

const char *campaigns_state_name(enum campaign_state s);

#endif
