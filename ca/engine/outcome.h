#ifndef INKAN_CA_ENGINE_OUTCOME_H
#define INKAN_CA_ENGINE_OUTCOME_H

#include <stdint.h>
#include "ca/wire/message.h"

/*
 * What became of a request, in the words of ARCHITECTURE: status for the
 * client, stage, rule and field of a refusal. One place maps reasons on the
 * error queue to statuses.
 */

struct outcome {
	enum wire_status status;
	char stage[16];		/* authenticate possess authorize attest approve
				   build conform reserve sign record */
	char rule[64];		/* "renew.window" */
	char field[64];		/* "csr.san", "" = none */
	char text[400];		/* one line, no internals */
	int64_t retry_after;	/* seconds, 0 none */
	int authenticated;	/* the party was authenticated: a refusal is a
				   log entry, not only a counter */
	int64_t device, known_anchor;	/* row of the device that the party has
				   proven to be by a certificate, and what its
				   row says; 0 none */
	int64_t succeeded;	/* certificate (row) whose successor the party
				   has authenticated with; 0 none */
	char who[320];		/* "fleet/device" or address, for the log */
	char shown[320];	/* the credential that it has shown, where the
				   party chose the name in ${who}; "" */
	char other[320];	/* key.duplicate: whose key it is, for the log
				   only; "" not known */
};

/* What a party leaves in the log by being refused, in an hour. */
#define OUTCOME_REFUSALS_PER_HOUR 20

void outcome_init(struct outcome *o);
/* Whom refusals are counted for: not by a name that the party may choose. */
const char *outcome_party(const struct outcome *o);
/* Fill as a refusal. Always returns 0, so that callers can return it. */
int outcome_refuse(struct outcome *o, enum wire_status status,
    const char *stage, const char *rule, const char *field, const char *fmt,
    ...) __attribute__((format(printf, 6, 7)));
/*
 * Fill from the error queue (left as it is, for the log): the last reason of
 * ours decides the status; the outermost text of ours splits at its first ": "
 * into rule and text. Reasons that are the operator's business (store, token,
 * internal) give the client their class only. Always returns 0.
 */
int outcome_from_errors(struct outcome *o, const char *stage);

#endif
