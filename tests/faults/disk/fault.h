#ifndef INKAN_TESTS_FAULTS_DISK_FAULT_H
#define INKAN_TESTS_FAULTS_DISK_FAULT_H

/*
 * The commands of the library that stands before the C library (preload.c). They
 * stand in the file that $INKAN_DISK_FAULTS names, one a line:
 *
 *	CALL FAULT [path=PART] [skip=N] [count=N]
 *
 * CALL is open (for writing), read, write, sync, rename, remove, truncate,
 * mkdir, mode, or `change`: any of them but read. FAULT is the name of an errno
 * (ENOSPC, EIO, EROFS, EDQUOT, EACCES), or one of
 *
 *	kill	the process ends by SIGKILL, before the call
 *	half	write: half of the octets are written, then ENOSPC
 *
 * path=PART: only where the file's path has that in it. Descriptors that are no
 * files (sockets, pipes) have none and are never meant.
 * skip=N: not the first N; count=N: the next N calls, then no more. Write the
 * file anew under another name and rename(2) it: counting begins again with
 * every new file. `#` begins a comment.
 *
 * Not seen: what goes through stdio (SoftHSM's token), mmap, and the kernel's
 * own writing back.
 */

enum disk_call {
	DISK_OPEN = 1,
	DISK_READ = 2,
	DISK_WRITE = 4,
	DISK_SYNC = 8,
	DISK_RENAME = 16,
	DISK_REMOVE = 32,
	DISK_TRUNCATE = 64,
	DISK_MKDIR = 128,
	DISK_MODE = 256
};

#define DISK_HALF (-1)

/*
 * What ${call} on that path is to do now: 0 to go on, an errno, or DISK_HALF. It
 * does not come back when the process is to be killed. Counts; may be called by
 * many threads. errno is left alone.
 */
int disk_fault(enum disk_call call, const char *path);

/* The same for an open file. */
int disk_fault_fd(enum disk_call call, int fd);

#endif
