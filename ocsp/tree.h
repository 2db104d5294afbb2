#ifndef INKAN_OCSP_TREE_H
#define INKAN_OCSP_TREE_H

#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

/* Folders of files that others serve: walking them, and writing into them so
   that a reader finds a file whole or not at all. */

#define TREE_PATH_MAX 4096
#define TREE_DEPTH_MAX 64

/*
 * Call ${cb} for each regular file below ${root}/${rel}, and for each folder
 * after what is in it; names that begin with a dot are passed over, links are
 * not followed. ${path} is relative to ${root}. A folder that is not there is
 * empty. ${cb} returns 0 to end the walk. 1, or 0: ended, or raised.
 */
typedef int (*tree_cb)(
    const char *path, const struct stat *st, void *arg);
int tree_walk(const char *root, const char *rel, tree_cb cb, void *arg);

/*
 * Write ${root}/${path} beside its place and rename it there, with ${modified}
 * as its time of change, mode 0644 whatever the umask; folders are made as
 * tree_folder() does. Not synced to the disk: after a power failure a file may
 * be empty or old; tree_sync() at the end. 1, or 0 raised.
 */
int tree_write(const char *root, const char *path, const void *data,
    size_t len, struct timespec modified);
int tree_sync(const char *root);
/* Make this one folder, mode 0755 whatever the umask; one that is there stays
   as it is. 1, or 0 raised. */
int tree_folder(const char *path);

/* Copy what is new or changed (size, time of change) of ${from}/${rel} to
   ${to}/${rel}; ${n} counts. 1, or 0 raised. */
int tree_copy(const char *from, const char *to, const char *rel, size_t *n);

#endif
