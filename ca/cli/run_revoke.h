#ifndef INKAN_CA_CLI_RUN_REVOKE_H
#define INKAN_CA_CLI_RUN_REVOKE_H

#include "ca/cli/run.h"

/*
 * «inkan revoke» says in one of these ways what is meant, and each of them is an
 * operation of its own:
 *
 *   --serial   revoke           one certificate
 *   --device   revoke.device    a device's certificates
 *   --spki     revoke.key       whatever is on a key, and the key
 *   --key      revoke.key
 *   --where    revoke.plan      a plan; nothing is changed
 *   --where --execute           campaign.start, then campaign.show until it is
 *                               over
 *   --resume   campaign.resume, then the same
 *   --abort    campaign.stop
 *
 * An option that does not belong to the way is a usage error.
 */
extern const struct option_spec run_revoke_options[];

struct run_revoke_way {
	const char *option;	/* that says so */
	const char *op;
	const char *execute;	/* operation with --execute; NULL: as op */
	const char *also;	/* options that belong to it, a blank before
				   each */
	const char *const *columns;	/* of rows */
	const char *rows;
};

/* Ends with option == NULL. */
extern const struct run_revoke_way run_revoke_ways[];

command_fn run_revoke;

#endif
