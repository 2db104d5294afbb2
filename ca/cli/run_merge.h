#ifndef INKAN_CA_CLI_RUN_MERGE_H
#define INKAN_CA_CLI_RUN_MERGE_H

#include "ca/cli/cli.h"
#include "ca/cli/option.h"

/* «inkan restore --merge» (ca/merge/merge.h): the store that ca.conf names takes
   back what DIR (published files), a folder of certificates and an export of the
   log still know. An exit status; 0 also when there was nothing to do. */
int run_merge(struct cli *cli, const struct options *o);

/* run_restore.c. A program that has a store of this name open holds its lock,
   even when the file was moved away under it. 1, or 0 raised
   ("restore.running: ..."). */
int restore_nobody_writes(const char *store);

#endif
