#ifndef INKAN_OCSP_STANDING_H
#define INKAN_OCSP_STANDING_H

#include <stdint.h>
#include <time.h>
#include "ocsp/delegate.h"
#include "ocsp/settings.h"
#include "ocsp/state.h"

/*
 * How the responder stands: may anything new be said from what it sees of
 * status.db, and can each delegate sign? The first is the rule that every
 * answer obeys; the rest is for those who watch over it.
 */

enum standing_view {
	STANDING_OK,
	STANDING_UNSEEN,  /* status.db was never read */
	STANDING_STOPPED, /* inkan-ca noted that it stopped */
	STANDING_FILLING, /* heartbeat 0: it is being filled */
	STANDING_STALE,	  /* heartbeat older than max_stale */
	STANDING_AHEAD	  /* heartbeat in our future: a clock is wrong */
};

/* A heartbeat this far ahead of our clock: one of the two clocks is wrong
   (docs/ARCHITECTURE.md, time), and nothing new is said. Seconds. */
#define STANDING_AHEAD_MAX 300

/* May anything new be said at ${now}, having seen ${head} (NULL: nothing)? An
   attacker who stops inkan-ca must not make revocations vanish: STANDING_OK
   ends max_stale after the last heartbeat. */
enum standing_view standing_view(
    const struct settings *set, const struct status_head *head, time_t now);

#define STANDING_TEXT_MAX 200

struct standing_delegate {
	const char *issuer; /* of the settings */
	char state[STANDING_TEXT_MAX + 1]; /* "ok", or why it cannot sign */
	unsigned rate; /* signatures a second in one session; 0 unknown */
};

struct standing {
	enum standing_view view;
	char text[STANDING_TEXT_MAX + 1]; /* "ok", or the view in words */
	int64_t age; /* of the heartbeat, seconds; 0 when there is none */
	struct standing_delegate delegates[SETTINGS_DELEGATES_MAX];
	size_t n;
	size_t n_there; /* of these have a certificate and its key */
};

/* Take stock; each delegate signs a probe. Leaves no errors. */
void standing_take(const struct settings *set, struct state *state,
    struct delegates *delegates, time_t now, struct standing *out);

/* The view and n_there alone, without a signature. Leaves no errors. */
void standing_look(const struct settings *set, struct state *state,
    struct delegates *delegates, time_t now, struct standing *out);

#endif
