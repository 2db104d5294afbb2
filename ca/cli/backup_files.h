#ifndef INKAN_CA_CLI_BACKUP_FILES_H
#define INKAN_CA_CLI_BACKUP_FILES_H

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A backup while it is written: a folder "DIR.tmp" with a manifest that names
 * each file in it by SHA-256, size and name. It gets its own name last, when
 * everything is on the disk: DIR is there whole or not at all.
 *
 * The manifest, one fact a line, octets as they are:
 *
 *	inkan-backup 1
 *	file <SHA-256, 64 hexadecimal digits> <octets> <name>
 *	<key> <value>		facts: backup_list.h
 *	end <number of files>
 *
 * It is not signed. Who keeps its SHA-256 elsewhere knows the whole backup
 * again.
 *
 * Functions return 1, or 0 raised.
 */

#define BACKUP_MANIFEST "MANIFEST"
#define BACKUP_DEPTH 16		/* folders within folders */

struct backup_files {
	char dir[PATH_MAX];	/* its name when it is whole */
	char tmp[PATH_MAX];
	FILE *list;		/* the manifest */
	FILE *told;		/* borrowed: a line for each file left out */
	size_t files, left_out;
	int64_t octets;
};

/* Which files of a folder are wanted: those whose names end so (NULL: all),
   and then none that holds a private key. */
struct backup_want {
	const char *const *ends;	/* ended by NULL */
	int deep;			/* folders in it, too */
};

/* Refuses a DIR that is there ("backup.exists"), and the rest of one that was
   killed ("backup.cut"), which is its owner's to remove. */
int backup_files_begin(struct backup_files *b, const char *dir, FILE *told);
/* Make a folder in it, unless it is there. */
int backup_files_folder(struct backup_files *b, const char *name);
/* Copy a file, if it is there and ${name} is not in the backup already. */
int backup_files_copy(struct backup_files *b, const char *from,
    const char *name);
/* Take a file into the manifest that was written below b->tmp. */
int backup_files_add(struct backup_files *b, const char *name);
/* Copy a folder to ${name}. What goes away meanwhile is passed over; a folder
   that is not there at all is an error. Links are not followed. */
int backup_files_tree(struct backup_files *b, const char *from,
    const char *name, const struct backup_want *want);
int backup_files_fact(struct backup_files *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Manifest closed, all synced, renamed. */
int backup_files_end(struct backup_files *b);
/* Removes what is not finished; after backup_files_end() nothing. */
void backup_files_clear(struct backup_files *b);

#endif
