#ifndef INKAN_CA_ENGINE_PARKING_STEP_H
#define INKAN_CA_ENGINE_PARKING_STEP_H

#include "ca/engine/parking.h"

/* The inside of parking*.c. */

/* An entry about a request; ${text} NULL: none. */
int parking_log(struct store_tx *tx, const char *kind,
    const struct parked_row *row, const char *who, const char *text,
    time_t now);
/* End it as void; c->o says so. Always 0. */
int parking_void(struct ops_call *c, struct parked_row *row);
/* The call that was parked, as it would be asked now: borrows all, but *args is
   to be freed with field_list_free(). 1, or 0 raised. */
int parking_call(struct ops_call *c, const struct parked_row *row,
    const WIRE_FIELDS *content, struct socket_peer *peer,
    struct ops_call *call, WIRE_FIELDS **args);
/* Does such a call have the content of ${row} now? 1, 0 not (call->o or the error
   queue may say why), -1 raised. */
int parking_same(struct ops_call *call, const struct parked_row *row,
    const WIRE_FIELDS *content);

#endif
