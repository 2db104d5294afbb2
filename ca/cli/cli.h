#ifndef INKAN_CA_CLI_CLI_H
#define INKAN_CA_CLI_CLI_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/*
 * The operator's tool. It is thin: a command is one operation on admin.sock
 * (inkan-wire(7)), described by an entry of the table in commands*.c. Who may
 * ask is decided by the server, by what the kernel says of the peer.
 */

#define CLI_DONE 0   /* exit statuses */
#define CLI_FAILED 1 /* refused or failed */
#define CLI_USAGE 2
#define CLI_PARKED 4 /* waits for the approval of others */

#define CLI_SOCKET "/run/inkan/admin.sock"
#define CLI_TIMEOUT 120 /* seconds for one call */

struct cli {
	const char *socket; /* borrowed; NULL: default */
	const char *store;  /* borrowed; read this file instead, or NULL */
	int json;
	FILE *out, *err;
	time_t now;
	int fd; /* connection, -1: none yet */
	int64_t next_id;
	int parked; /* the last call was */
};

#endif
