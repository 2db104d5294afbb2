#ifndef INKAN_CA_ENGINE_LOGPUB_H
#define INKAN_CA_ENGINE_LOGPUB_H

#include <stdint.h>
#include <time.h>
#include "ca/engine/settings.h"
#include "ca/log/note.h"

/*
 * The log as others see it: from the entries of the store to published tiles
 * and signed checkpoints (docs/log.md). A thread of its own reads what was
 * committed, so that no certificate waits for it.
 *
 *   log/log.vkey              verifier key
 *   log/checkpoint            the newest, with the cosignatures that it has
 *   log/checkpoint.witnessed  the newest that has any
 *   log/tile/...              tiles and bundles (ca/log/tile.h)
 *
 * A checkpoint is signed when it is sure that it continues the last one, which
 * stands in the store (a row, written before it is published), in the published
 * file, and outside: in files on other disks, as data in the token, with
 * witnesses. A store that is older than any of these, or another one, does not
 * issue until an operator has decided (logpub_accept()). Nor does one whose log
 * has not been published for ${fail_after}; that one recovers by itself.
 */

struct ca;
struct hsm;
struct logpub;

enum logpub_state {
	LOGPUB_CHECKING,	/* not held against its anchors yet */
	LOGPUB_GOING,
	LOGPUB_STOPPED		/* an operator must decide */
};

/* Opens, and holds the store against its anchors as far as that is done quickly;
   what is left (a tree that must be computed anew, a token that is away) is done
   by the rounds. Freed with logpub_free(); NULL: out of memory, or the store
   cannot be read. Before tokens_stop(). */
struct logpub *logpub_new(struct ca *ca, time_t now);
void logpub_free(struct logpub *l);	/* NULL is fine; stops the thread */
/* The thread. 1, or 0 raised. */
int logpub_start(struct logpub *l);
void logpub_stop(struct logpub *l);	/* ends with a last round */

/* One round: publishes what there is, up to LOGPUB_BATCH entries. 1; 2 there is
   more; 0: it could not, and the next one tries again (logpub_look() says why;
   nothing raised). */
#define LOGPUB_BATCH 65536
int logpub_round(struct logpub *l, time_t now);

/* May certificates be issued? ${boot}: seconds of CLOCK_BOOTTIME. 1, or 0 with
   CA_E_STOPPED: "log.rollback", "log.fork", "log.unpublished" ... ${l} NULL is
   a yes: there is no log. */
int logpub_may_issue(struct logpub *l, int64_t boot);

struct logpub_view {
	enum logpub_state state;
	char why[320];		/* it is not going */
	char trouble[320];	/* of the last round; "" none */
	int64_t fine_at;	/* CLOCK_BOOTTIME of the last good round */
	int running;		/* the thread is */
	char origin[NOTE_NAME_MAX], key_type[16];
	int64_t entries, size;	/* of the store, of the newest checkpoint */
	int64_t time;		/* of that; 0 none yet */
	int token;		/* 1 an anchor lies there, -1 it should */
	int soft;		/* and that token is a program's */
	size_t files;		/* anchors that lie in files */
	char lost[320];		/* what is wrong with an anchor; "" nothing */
	int64_t cosigned, cosigned_at;	/* newest: size, time; 0 none */
	int64_t cpu_us;		/* of the thread */
};
void logpub_look(struct logpub *l, struct logpub_view *out);

/* An operator decides that the store is the truth although it is older than its
   log, or that a log whose key is lost ends: the next log begins (docs/log.md),
   with all entries of the store and one that tells of this. 1, or 0 raised:
   "log.accept: ..." (CA_E_DENIED) when there is nothing to decide. */
int logpub_accept(struct logpub *l, const char *who, const char *text,
    time_t now);

struct logpub_cosigned { int64_t size; size_t witnesses; };
/* ${note}: a checkpoint of ours with cosignatures of witnesses that
   inkan-ca.conf names; they are kept and published. 1, or 0 raised:
   "checkpoint.*", "note.*", "log.witness", "log.unknown". One that we signed and
   do not know is evidence that the store is not the one that we signed for:
   issuing stops ("log.rollback", "log.fork"). */
int logpub_cosign(struct logpub *l, const char *note,
    struct logpub_cosigned *out);

/* A log key: ${type}, for 0 Ed25519 where the token has it, else P-256. To be
   freed with EVP_PKEY_free(); NULL raised. */
EVP_PKEY *logpub_key_make(struct hsm *hsm, const char *label,
    enum hsm_key_type type);
/* "http://host/ca/x.cer" gives "host/log". 1, or 0 when it is no such thing. */
int logpub_origin_of(const char *url, char *out, size_t size);
/* The entry of a log that begins, and its row (id is set). */
struct store_tx;
struct log_row;
int logpub_begin_tx(struct store_tx *tx, struct log_row *row,
    const char *key_type, const char *who);

#endif
