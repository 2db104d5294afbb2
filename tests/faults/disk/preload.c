/*
 * To be named by LD_PRELOAD: system calls on files fail as the commands say
 * (fault.h). What is not to fail is handed on to the C library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include "tests/faults/disk/fault.h"

#define EXPORT __attribute__((visibility("default")))

/* The C library's own, found once. */
#define REAL(ret, name, ...)                                                 \
	static ret (*real)(__VA_ARGS__);                                     \
	if (real == NULL)                                                    \
		*(void **)&real = dlsym(RTLD_NEXT, #name)

static int
fail(int fault)
{
	errno = fault == DISK_HALF ? ENOSPC : fault;
	return -1;
}

static int
for_writing(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
}

/* open() and openat(), under both names. */
#define OPEN_BODY(name, proto, args)                                         \
	va_list ap;                                                          \
	mode_t mode;                                                         \
	int fault;                                                           \
	REAL(int, name, proto);                                              \
	va_start(ap, flags);                                                 \
	mode = va_arg(ap, mode_t);                                           \
	va_end(ap);                                                          \
	fault = for_writing(flags) ? disk_fault(DISK_OPEN, path) : 0;        \
	return fault != 0 ? fail(fault) : real args

#define COMMA ,
EXPORT int open(const char *path, int flags, ...);
EXPORT int open64(const char *path, int flags, ...);
EXPORT int openat(int dir, const char *path, int flags, ...);
EXPORT int openat64(int dir, const char *path, int flags, ...);

int
open(const char *path, int flags, ...)
{
	OPEN_BODY(open, const char * COMMA int COMMA ..., (path, flags, mode));
}

int
open64(const char *path, int flags, ...)
{
	OPEN_BODY(open64, const char * COMMA int COMMA ...,
	    (path, flags, mode));
}

int
openat(int dir, const char *path, int flags, ...)
{
	OPEN_BODY(openat, int COMMA const char * COMMA int COMMA ...,
	    (dir, path, flags, mode));
}

int
openat64(int dir, const char *path, int flags, ...)
{
	OPEN_BODY(openat64, int COMMA const char * COMMA int COMMA ...,
	    (dir, path, flags, mode));
}

EXPORT ssize_t
read(int fd, void *buf, size_t n)
{
	int fault = disk_fault_fd(DISK_READ, fd);
	REAL(ssize_t, read, int, void *, size_t);

	return fault != 0 ? fail(fault) : real(fd, buf, n);
}

EXPORT ssize_t
pread64(int fd, void *buf, size_t n, off64_t at)
{
	int fault = disk_fault_fd(DISK_READ, fd);
	REAL(ssize_t, pread64, int, void *, size_t, off64_t);

	return fault != 0 ? fail(fault) : real(fd, buf, n, at);
}

EXPORT ssize_t
pread(int fd, void *buf, size_t n, off_t at)
{
	return pread64(fd, buf, n, at);
}

/* How a write ends whose fault is that: one that is cut in the middle says how
   much it has written, and the next one fails. */
EXPORT ssize_t
write(int fd, const void *buf, size_t n)
{
	int fault = disk_fault_fd(DISK_WRITE, fd);
	REAL(ssize_t, write, int, const void *, size_t);

	if (fault == DISK_HALF && n > 1)
		return real(fd, buf, n / 2);
	return fault != 0 ? fail(fault) : real(fd, buf, n);
}

EXPORT ssize_t
pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
	int fault = disk_fault_fd(DISK_WRITE, fd);
	REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);

	if (fault == DISK_HALF && n > 1)
		return real(fd, buf, n / 2, at);
	return fault != 0 ? fail(fault) : real(fd, buf, n, at);
}

EXPORT ssize_t
pwrite(int fd, const void *buf, size_t n, off_t at)
{
	return pwrite64(fd, buf, n, at);
}

/* Those that take a descriptor and nothing that matters here. */
#define ON_FD(name, call, proto, args)                                       \
	EXPORT int name proto                                                \
	{                                                                    \
		int fault = disk_fault_fd(call, fd);                         \
		static int(*real) proto;                                     \
		if (real == NULL)                                            \
			*(void **)&real = dlsym(RTLD_NEXT, #name);           \
		return fault != 0 ? fail(fault) : real args;                 \
	}
#define ON_PATH(name, call, proto, args)                                     \
	EXPORT int name proto                                                \
	{                                                                    \
		int fault = disk_fault(call, path);                          \
		static int(*real) proto;                                     \
		if (real == NULL)                                            \
			*(void **)&real = dlsym(RTLD_NEXT, #name);           \
		return fault != 0 ? fail(fault) : real args;                 \
	}

ON_FD(fsync, DISK_SYNC, (int fd), (fd))
ON_FD(fdatasync, DISK_SYNC, (int fd), (fd))
ON_FD(ftruncate, DISK_TRUNCATE, (int fd, off_t n), (fd, n))
ON_FD(ftruncate64, DISK_TRUNCATE, (int fd, off64_t n), (fd, n))
ON_FD(fchmod, DISK_MODE, (int fd, mode_t mode), (fd, mode))
ON_PATH(rename, DISK_RENAME, (const char *from, const char *path),
    (from, path))
ON_PATH(unlink, DISK_REMOVE, (const char *path), (path))
ON_PATH(mkdir, DISK_MKDIR, (const char *path, mode_t mode), (path, mode))
ON_PATH(chmod, DISK_MODE, (const char *path, mode_t mode), (path, mode))
ON_PATH(mkostemp, DISK_OPEN, (char *path, int flags), (path, flags))
ON_PATH(mkostemp64, DISK_OPEN, (char *path, int flags), (path, flags))
