#ifndef INKAN_CA_CLI_RESTORE_FILES_H
#define INKAN_CA_CLI_RESTORE_FILES_H

#include <sys/types.h>

/*
 * Files of a backup put back where they belong. What is there already is never
 * written over: moving it away is for whoever knows whether it is needed. Run
 * by root, what is made belongs to the owner and group of ${like}.
 *
 * Functions return 1, or 0 raised; then nothing new is under the name ${to}.
 */

/* Is nothing there, or an empty folder? 0 raised ("restore.exists: ..."). */
int restore_is_free(const char *to);
/* A folder with all that is in it, synced; files 0644, folders 0755. ${to} must
   be free. */
int restore_tree(const char *from, const char *to, const char *like);
/* A file, synced, mode 0600. ${to} must be free. */
int restore_file(const char *from, const char *to, const char *like);

#endif
