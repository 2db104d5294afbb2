#ifndef INKAN_OCSP_SVC_H
#define INKAN_OCSP_SVC_H

#include "ca/wire/message.h"

/*
 * One call to inkan-ca on svc.sock, on a connection of its own; waits at most
 * 30 seconds. Returned to be freed with WIRE_ANSWER_free(); NULL raised, also
 * when inkan-ca refuses (its stage and text are in the error).
 */
WIRE_ANSWER *svc_call(const char *path, const WIRE_REQUEST *req);

#endif
