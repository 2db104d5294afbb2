#ifndef INKAN_CA_AUDIT_MONITOR_H
#define INKAN_CA_AUDIT_MONITOR_H

#include "ca/audit/audit.h"
#include "ca/audit/details.h"

/*
 * The other side's watcher: follows a published log from the checkpoint that it
 * has seen last, and holds everything that is new against it. It keeps that
 * checkpoint in a file, which is nothing but the signed note.
 */

#define MONITOR_KINDS_MAX 64	/* counted apart; more go to the last */

struct monitor_kind {
	char kind[LEAF_KIND_MAX];
	int64_t n;
};

/* A certificate that was reserved; texts are borrowed. */
struct monitor_cert {
	int64_t index, time;
	const char *issuer, *serial, *subject, *fleet, *device;
};

struct monitor {
	struct source *source;
	const struct note_key *key;
	const char *state;		/* file of the last checkpoint */
	struct details *details;	/* NULL: commitments are not opened */
	const char *match;		/* '*' is any run of characters; NULL */
	audit_fn *found;		/* what is wrong, before it is raised */
	void (*cert)(void *arg, const struct monitor_cert *c);
	void *arg;

	/* Filled by a round. */
	uint64_t from, to;		/* leaves that were new */
	struct monitor_kind kind[MONITOR_KINDS_MAX];
	size_t n_kinds;
	int64_t opened, unopened;	/* commitments */
};

/* 1 all is well, and the state is written; 0 raised: it could not be looked at
   (not reachable, state not readable, or another run's); -1 raised: the log is
   forked, has shrunk, or holds what it must not ("log.fork: ..."). Then the state
   stays, and what was served is kept in "<state>.fork": both are signed, and
   prove it. */
int monitor_round(struct monitor *m);

/* Two that look at once may be shown two logs, each of which continues the state:
   one of them holds "<state>.lock". To be closed; -1 raised ("log.state: another
   run has ..."). A round and a cosignature do it themselves. */
int monitor_lock(const char *state);
/* The checkpoint that a state file holds: 1, 0 there is none yet, -1 raised. */
int monitor_read_state(const char *path, const struct note_key *key,
    struct log_checkpoint *out);
/* Whole or not at all. 1, or 0 raised. */
int monitor_write_file(const char *path, const char *text);

/*
 * A witness: the cosignature of ${cosigner} (its private half ${pkey}) on the
 * log's checkpoint of now, after it was shown to begin with the one that the
 * state file has; which it then becomes. Returns the note with the new line, to
 * be freed with OPENSSL_free(); NULL raised ("log.fork: ..." where it does
 * not).
 */
char *monitor_cosign(struct source *s, const struct note_key *key,
    const char *state, const struct note_key *cosigner, EVP_PKEY *pkey,
    int64_t now);

#endif
