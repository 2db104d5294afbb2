#ifndef INKAN_CA_CLI_OFFLINE_H
#define INKAN_CA_CLI_OFFLINE_H

#include "ca/cli/cli.h"
#include "ca/wire/message.h"

/* Answer ${op} from the store file ${cli}->store, read-only, with or without a
   server beside it: cert.list and cert.show. As client_call(). */
WIRE_ANSWER *offline_call(const struct cli *cli, const char *op,
    const WIRE_FIELDS *args);
int offline_knows(const char *op);

#endif
