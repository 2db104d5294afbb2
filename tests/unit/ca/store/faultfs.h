#ifndef INKAN_TESTS_STORE_FAULTFS_H
#define INKAN_TESTS_STORE_FAULTFS_H

/*
 * A file system under SQLite whose disk can be made to fail: it becomes the
 * default VFS and hands everything on to the real one, but writes and syncs of
 * the WAL say ${fault_code} while that is not 0.
 */

#include <stdatomic.h>
#include <sqlite3.h>

static atomic_int fault_code, fault_sync;

struct fault_file {
	sqlite3_file base;
	int wal;
	sqlite3_file *real;
};

#define REAL(f) (((struct fault_file *)(f))->real)
#define CALL(f, m, ...) REAL(f)->pMethods->m(REAL(f), ##__VA_ARGS__)

static sqlite3_vfs *real_vfs;

static int
f_close(sqlite3_file *f)
{
	return CALL(f, xClose);
}

static int
f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return CALL(f, xRead, p, n, at);
}

static int
f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	if (((struct fault_file *)f)->wal && fault_code != 0)
		return fault_code;
	return CALL(f, xWrite, p, n, at);
}

static int
f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	return CALL(f, xTruncate, n);
}

static int
f_sync(sqlite3_file *f, int flags)
{
	if (((struct fault_file *)f)->wal && fault_sync != 0)
		return fault_sync;
	return CALL(f, xSync, flags);
}

static int
f_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return CALL(f, xFileSize, n);
}

static int
f_lock(sqlite3_file *f, int how)
{
	return CALL(f, xLock, how);
}

static int
f_unlock(sqlite3_file *f, int how)
{
	return CALL(f, xUnlock, how);
}

static int
f_reserved(sqlite3_file *f, int *out)
{
	return CALL(f, xCheckReservedLock, out);
}

static int
f_control(sqlite3_file *f, int op, void *arg)
{
	return CALL(f, xFileControl, op, arg);
}

static int
f_sector(sqlite3_file *f)
{
	return CALL(f, xSectorSize);
}

static int
f_traits(sqlite3_file *f)
{
	return CALL(f, xDeviceCharacteristics);
}

static int
f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return CALL(f, xShmMap, page, size, extend, out);
}

static int
f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return CALL(f, xShmLock, offset, n, flags);
}

static void
f_shm_barrier(sqlite3_file *f)
{
	CALL(f, xShmBarrier);
}

static int
f_shm_unmap(sqlite3_file *f, int del)
{
	return CALL(f, xShmUnmap, del);
}

static const sqlite3_io_methods fault_methods = {2, f_close, f_read, f_write,
    f_truncate, f_sync, f_size, f_lock, f_unlock, f_reserved, f_control,
    f_sector, f_traits, f_shm_map, f_shm_lock, f_shm_barrier, f_shm_unmap, NULL,
    NULL};

static int
fault_open(
    sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct fault_file *ff = (struct fault_file *)f;
	int rc;

	(void)v;
	ff->real = (sqlite3_file *)(ff + 1);
	ff->wal = (flags & SQLITE_OPEN_WAL) != 0;
	rc = real_vfs->xOpen(real_vfs, name, ff->real, flags, out);
	f->pMethods = ff->real->pMethods != NULL ? &fault_methods : NULL;
	return rc;
}

/* Before the first store is opened. */
static void
fault_install(void)
{
	static sqlite3_vfs vfs;

	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "fault";
	vfs.pNext = NULL;
	vfs.szOsFile += (int)sizeof(struct fault_file);
	vfs.xOpen = fault_open;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

#endif
