#ifndef INKAN_CA_CLI_BACKUP_LOOK_H
#define INKAN_CA_CLI_BACKUP_LOOK_H

#include "ca/cli/backup_list.h"

/*
 * What a backup's store and published log say: the store opens and is whole
 * (ca/store/backup.h), and its log is the published one (ca/audit/audit.h).
 * Fills the facts of the store; each thing that is wrong with the log is told
 * on ${told} and counted in *found. 1, or 0 raised. Writes nothing.
 */
int backup_look(const char *dir, int64_t now, FILE *told,
    struct backup_facts *out, size_t *found);

#endif
