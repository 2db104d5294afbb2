#ifndef INKAN_CA_STORE_BACKUP_H
#define INKAN_CA_STORE_BACKUP_H

#include "ca/store/store.h"

/*
 * A copy of the whole store as it was at one moment, and whether a store is
 * whole. Both read one snapshot: a writer beside them goes on, also one of
 * another process; only its WAL grows until they have ended.
 *
 * Not looked at: whether what the store says is true. That is the log's to
 * tell (ca/audit/audit.h).
 */

/* Into ${to}, a file that must not exist, mode 0600; it is a store without a
   WAL. A store that no program had open is read as it lies; one that begins to
   write meanwhile may spoil the copy, which store_check() finds. Not synced: the caller does that, with what else it writes. 1, or 0
   raised (CA_E_STORE) and no file is left. */
int store_backup(struct store *store, const char *to);

/* SQLite's own integrity check of pages and indexes, and each reference between
   tables. 1, or 0 raised (CA_E_STORE, "store.damaged: ..." with the first thing
   found). CHECK rules of tables are not looked at again: SQLite does not on a
   read-only connection. */
int store_check(struct store *store);

#endif
