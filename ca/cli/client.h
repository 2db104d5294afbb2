#ifndef INKAN_CA_CLI_CLIENT_H
#define INKAN_CA_CLI_CLIENT_H

#include "ca/cli/cli.h"
#include "ca/wire/message.h"

/* Call ${op} with ${args} (borrowed; NULL: none) over the connection, which is
   made when there is none; with --store from the file. Returned to be freed with
   WIRE_ANSWER_free(), whatever its status; or NULL raised: no connection (the
   text tells which socket), no answer, out of memory. */
WIRE_ANSWER *client_call(struct cli *cli, const char *op, WIRE_FIELDS *args);

void client_close(struct cli *cli);

/* Is the answer a done one? 1; 0 after the refusal is told on stderr and, with
   --json, as an object on stdout. One that waits for approvals is told of in the
   same way, and remembered in cli->parked. */
int client_done(struct cli *cli, const WIRE_ANSWER *answer);

/* A failure on this side: the error queue on stderr and, with --json, as an
   object on stdout. Returns CLI_FAILED. */
int client_failed(struct cli *cli);

#endif
