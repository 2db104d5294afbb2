#ifndef INKAN_CA_ENGINE_PARKING_STEP_H
#define INKAN_CA_ENGINE_PARKING_STEP_H

#include "ca/engine/parking.h"

/* The inside of parking*.c. */

#define PARKING_NONCE 16

struct parking_making {		/* a content; all borrowed */
	int64_t id, created, expires, need;
	const char *op, *who;
	const unsigned char *nonce;	/* PARKING_NONCE octets */
	const unsigned char *args; size_t args_len;	/* DER of fields */
	const WIRE_FIELDS *rests_on;
};
/* The same octets for the same. OPENSSL_free(). 1, or 0 raised. */
int parking_make(const struct parking_making *m, unsigned char **out,
    size_t *len);

/* What an entry or event about the request is called: "request.parked", of a
   device's "enrol.parked". ${verb} is one of those that parking_log.c lists. */
const char *parking_name(const struct parked_row *row, const char *verb);
/* An entry about a request; ${text} NULL: none. */
int parking_log(struct store_tx *tx, const char *verb,
    const struct parked_row *row, const char *who, const char *text,
    time_t now);
/* Whose it is: nothing where an operator asked. 1, or 0 raised. */
int parking_add_device(WIRE_FIELDS *l, const struct parked_row *row);
/* The event. ${c} may be NULL. */
void parking_tell(const struct ops_call *c, const char *verb,
    const struct parked_row *row);
/* End it, where its state is one of ${from}, a set of 1 << state: to ${to}, with
   its entry. 1, or 0 raised ("approval.state"). */
int parking_end(struct store_tx *tx, int64_t id, unsigned from,
    enum parked_state to, const char *verb, const char *who, const char *text,
    time_t now);
#define PARKING_OPEN ((1u << PARKED_WAITING) | (1u << PARKED_APPROVED))
/* End it as void; c->o says so. Always 0. */
int parking_void(struct ops_call *c, struct parked_row *row);
/* The call that was parked, as it would be asked now: borrows all, but *args is
   to be freed with field_list_free(). 1, or 0 raised. */
int parking_call(struct ops_call *c, const struct parked_row *row,
    const WIRE_FIELDS *content, struct socket_peer *peer,
    struct ops_call *call, WIRE_FIELDS **args);
/* Does such a call have the content of ${row} now? 1, 0 not (call->o or the
   error queue may say why), -1 raised. */
int parking_same(struct ops_call *call, const struct parked_row *row,
    const WIRE_FIELDS *content);

#endif
