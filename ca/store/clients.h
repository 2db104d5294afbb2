#ifndef INKAN_CA_STORE_CLIENTS_H
#define INKAN_CA_STORE_CLIENTS_H

#include "ca/store/store.h"

/*
 * Clients by fleet and User-Agent, and what was counted of each: requests,
 * answers, refusals by rule, and in what they differ (ca/shape/shape.h). No
 * address and no device stands here. How many there may be is the caller's to
 * see to.
 */

#define CLIENT_AGENT_MAX 128
#define CLIENT_WHAT_MAX 80
/* A count stays there: a number of JSON is exact up to it. */
#define CLIENT_COUNT_MAX (((int64_t)1 << 53) - 1)

struct client_row {
	int64_t id;
	char fleet[64];
	char agent[CLIENT_AGENT_MAX + 1];	/* "": none was said */
	int known;		/* has authenticated at least once */
	int64_t first, last;	/* seconds */
};

struct client_fact {
	char what[CLIENT_WHAT_MAX + 1];
	int64_t count, first, last;
};

/* 1 found, 0 not there, -1 raised. */
int clients_get(struct store_tx *tx, const char *fleet, const char *agent,
    struct client_row *out);
/* How many of a fleet there are that are known, or that are not. */
int clients_count(struct store_tx *tx, const char *fleet, int known,
    int64_t *n);
/* Insert (sets row->id), or write known and last of ${row}->id. */
int clients_add(struct store_tx *tx, struct client_row *row);
int clients_touch(struct store_tx *tx, const struct client_row *row);

/* ${n} more of ${what}, 1 to CLIENT_COUNT_MAX, at most ${max} different ones per
   client: 1, or 0 raised. What is one too many is counted as ${other}. */
int clients_fact(struct store_tx *tx, int64_t id, const char *what, int64_t n,
    int64_t now, int64_t max, const char *other);

/* In order of id, after ${after}; ${fleet} NULL: of all; ${cb} returns 0 to
   stop. Those last seen before ${since} are left out. 1, or 0 raised. */
int clients_list(struct store_tx *tx, const char *fleet, int64_t since,
    int64_t after, size_t limit,
    int (*cb)(const struct client_row *row, void *arg), void *arg);
int clients_facts(struct store_tx *tx, int64_t id,
    int (*cb)(const struct client_fact *fact, void *arg), void *arg);

/* Forget who was last seen, and facts that were last so, before ${before}. */
int clients_prune(struct store_tx *tx, int64_t before);

#endif
