#ifndef INKAN_CA_CLI_BACKUP_LIST_H
#define INKAN_CA_CLI_BACKUP_LIST_H

#include <stdint.h>
#include <stdio.h>

/*
 * The manifest of a backup (backup_files.h) read again, and every file held
 * against it: one that is missing, another one, or one too many is found.
 *
 * Not shown: that the manifest is the one that was written. Its SHA-256 was
 * printed then.
 */

struct backup_facts {
	int64_t time;		/* "time", seconds */
	int64_t schema;		/* "schema", of the store */
	int64_t entries;	/* "entries", of the store */
	int64_t published;	/* "published", of the checkpoint */
	char root[64];		/* "root", base64, over all of the published
				   log, or of the store where there is none */
	int64_t files;		/* the manifest itself not counted */
	int64_t octets;
};

/* 1: the manifest could be read to its end; *found says how many files are not
   as it says, each told in a line on ${told}. 0 raised ("backup.manifest: ..."):
   it is none, is cut, or names a file outside of the backup. */
int backup_list_check(const char *dir, FILE *told, struct backup_facts *out,
    size_t *found);

#endif
