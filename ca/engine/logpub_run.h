#ifndef INKAN_CA_ENGINE_LOGPUB_RUN_H
#define INKAN_CA_ENGINE_LOGPUB_RUN_H

#include <limits.h>
#include <pthread.h>
#include "ca/engine/ca.h"
#include "ca/engine/logpub.h"
#include "ca/engine/logpub_tree.h"
#include "ca/log/checkpoint.h"
#include "ca/store/logs.h"

/* Private to logpub*.c. */

#define LOGPUB_DIR "log"		/* below publish_dir */
#define LOGPUB_CHECKPOINT LOGPUB_DIR "/checkpoint"
#define LOGPUB_WITNESSED LOGPUB_DIR "/checkpoint.witnessed"
#define LOGPUB_VKEY LOGPUB_DIR "/log.vkey"
#define LOGPUB_EVIDENCE "log.evidence"	/* store's meta: a note */

enum logpub_tiles {		/* what is done with a tile that is computed */
	LOGPUB_WRITE,		/* written; one that is there must be the same */
	LOGPUB_LOOK,		/* compared, and counted in ${bad_tiles} */
	LOGPUB_REPAIR		/* written whatever is there */
};

struct logpub {
	struct ca *ca;
	const struct settings_log *conf;

	pthread_mutex_t turn;	/* of who works on the log: all that follows */
	struct log_row row;	/* id 0: there is no log yet */
	struct note_key vkey;
	EVP_PKEY *key;		/* in the token; NULL: not found yet */
	struct logpub_tree *tree;	/* NULL: to be built */
	struct log_checkpoint last;	/* signed, and in the store */
	char *note;		/* of ${last}; NULL: none yet */
	int shown;		/* ${note} is published, and in every file */
	struct note_key witness[SETTINGS_WITNESSES_MAX];
	size_t n_witnesses;
	enum logpub_tiles tiles;
	size_t bad_tiles;
	int denied;		/* what was raised is not for a machine to
				   put right */
	time_t probed, anchored, thinned;
	uint64_t anchored_size;

	pthread_mutex_t lock;	/* of what follows; taken last */
	pthread_cond_t wake;
	pthread_t thread;
	int running, stopping;
	struct logpub_view view;
};

/* Raise CA_E_DENIED; only an operator can go on. Always 0. */
int logpub_deny(struct logpub *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* logpub_file.c: files below publish_dir. */
/* Of at most ${size} - 1 octets, with a NUL behind them. 1, 0 not there, -1
   raised. */
int logpub_file_read(const char *path, char *buf, size_t size, size_t *len);
int logpub_file_path(const struct logpub *l, const char *name, char *out);
logpub_tile_fn logpub_file_tile;	/* ${arg} is the logpub */
log_tile_fn logpub_file_fetch;		/* also from a larger tile */
/* Partial tiles whose full one a checkpoint of ${to} has published. */
void logpub_file_drop(struct logpub *l, uint64_t from, uint64_t to);
/* The folder is this log's: one of an earlier log of ours is put away. 1, or 0
   raised or denied. */
int logpub_file_own(struct logpub *l);
int logpub_file_put_away(struct logpub *l);

/* logpub_key.c */
int logpub_key_load(struct logpub *l);	/* l->vkey from l->row */
/* Key at hand, and the log's own. Looked for again from time to time. */
int logpub_key_ensure(struct logpub *l, time_t now);
EVP_PKEY *logpub_key_find(struct logpub *l, time_t now, int make);
void logpub_key_type(const struct note_key *k, char *out, size_t size);

/* logpub_claim.c: what is known outside of the store's rows. */
typedef int logpub_claim_fn(struct logpub *l, const char *where,
    const char *note, size_t len, void *arg);
int logpub_claim_each(struct logpub *l, time_t now, logpub_claim_fn *cb,
    void *arg);
struct logpub_claim {
	char where[96];
	struct log_checkpoint c;
	char *note;
};
#define LOGPUB_CLAIMS_MAX 32
struct logpub_claims {		/* by size */
	struct logpub_claim item[LOGPUB_CLAIMS_MAX];
	size_t n;
};
int logpub_claim_read(struct logpub *l, time_t now, struct logpub_claims *out);
void logpub_claim_clear(struct logpub_claims *c);
/* Write ${last} to every anchor that is due. Failures are only told of. */
void logpub_claim_put(struct logpub *l, time_t now, int all);
void logpub_claim_forget(struct logpub *l, time_t now);
int logpub_claim_keep(struct logpub *l, const char *note);

/* logpub_check.c */
/* 1 the tree is there and continues everything that is known; 0 raised or
   denied; -1 the entries must be read, and ${stream} is not set. */
int logpub_check(struct logpub *l, time_t now, int stream);
/* Entries of the store into the tree, up to ${upto}. */
int logpub_check_feed(struct logpub *l, uint64_t upto);

/* logpub_sign.c */
int logpub_sign(struct logpub *l, time_t now);
/* A row for ${c}, whose note is ${note} (taken over on success). */
int logpub_sign_keep(struct logpub *l, const struct log_checkpoint *c,
    char *note, time_t now);
int logpub_sign_show(struct logpub *l);
/* Is ${from} the beginning of ${to}, by the published tiles of ${to}? */
int logpub_sign_continues(struct logpub *l, const struct log_checkpoint *from,
    const struct log_checkpoint *to);

/* logpub_accept.c */
struct logpub_begin {
	const char *who, *text;	/* ${text} NULL: nothing to say */
	time_t now;
	int64_t number;		/* that an earlier log is known to have had */
	struct log_checkpoint after;	/* where that ended; "" none */
};
/* Row, entry and key of the next log. */
int logpub_begin(struct logpub *l, const struct logpub_begin *b);

/* logpub.c; ${turn} held */
int logpub_read_rows(struct logpub *l);
void logpub_reset(struct logpub *l);	/* forget what is only in memory */
/* Tell the state by what was raised (${ok} 0), which is then gone. */
void logpub_settle(struct logpub *l, int ok);

#endif
