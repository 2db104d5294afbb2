#ifndef INKAN_CA_ENGINE_MIRROR_H
#define INKAN_CA_ENGINE_MIRROR_H

struct status_writer;
struct store;

/*
 * Keeps status.db equal to the store. Brings it up to date (what is behind is
 * copied; one that is ahead of the store, because the store was restored, is
 * emptied and filled again), then follows every commit through the store's
 * hook: whoever changed a certificate is told of success only when the change
 * stands durably in status.db.
 *
 * The heartbeat is the caller's to beat. A followed change moves it to the time
 * of that change and never back, so that no answer tells of a revocation that
 * is later than the answer; while status.db is stopped or was never beaten, it
 * stays as it is. While a status.db that was emptied, or is far behind, is being
 * filled, it is 0, and afterwards until the caller beats: a certificate that is
 * not there yet must not be told to be unknown.
 *
 * ${writer} is borrowed until the store is closed. 1, or 0 raised (CA_E_STORE).
 */
int mirror_start(struct store *store, struct status_writer *writer);

/* Bring status.db up to the store now, as the next change would: after it was
   made anew by its writer, or could not be written. 1, or 0 raised
   (CA_E_STORE). */
int mirror_catch_up(struct store *store);

#endif
