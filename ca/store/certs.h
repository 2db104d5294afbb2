#ifndef INKAN_CA_STORE_CERTS_H
#define INKAN_CA_STORE_CERTS_H

#include "ca/store/store.h"

/*
 * Certificates. One row each from reservation on; the DER stands apart. State
 * is one column and moves only: reserved -> valid | aborted, valid -> held |
 * revoked, held -> valid | revoked, aborted -> revoked (an aborted serial can
 * be revoked), revoked -> revoked (better reason only; the engine decides).
 * Each change takes the next change number (what status.db follows).
 */

enum cert_state {
	CERT_RESERVED = 1, CERT_VALID, CERT_HELD, CERT_REVOKED, CERT_ABORTED
};

#define CERT_SERIAL_MAX 20
#define CERT_REASON_NONE (-1)		/* else CRLReason, RFC 5280 5.3.1 */

struct cert_row {
	int64_t id;
	int64_t issuer;			/* issuers row */
	char issuer_ident[80];		/* "devices-g1" */
	unsigned char serial[CERT_SERIAL_MAX];
	size_t serial_len;
	enum cert_state state;
	int reason;
	int64_t revoked_at;		/* 0: not revoked */
	int64_t invalidity;		/* invalidityDate; 0: none */
	int shard;			/* of its issuer's CRLs, for ever */
	int64_t not_before, not_after;	/* BUILD_NO_END for without end */
	char subject[512];		/* for people */
	char profile[64];
	int64_t policy_version;
	char fleet[64], device[256];	/* "" = none */
	char requester[128];		/* "ra", "uid:1000", "ceremony" ... */
	char auth[64];			/* "manufacturer:NAME", "secret:USER",
					   "own:SERIAL", "operator" */
	char deviations[512];
	unsigned char spki_sha256[32], tbs_sha256[32], cert_sha256[32];
	int64_t predecessor, successor;	/* rows; 0 none */
	int64_t reserved_at, recorded_at;
	int64_t change;
};

/* Insert as reserved; row->id is set. CA_E_STORE "serial.duplicate" when the
   (issuer, serial) exists. With predecessor set, the predecessor's successor
   is set too and must be 0, aborted, or of this key (else CA_E_DENIED
   "renew.successor: ..."). A reservation takes no change number. */
int certs_reserve(struct store_tx *tx, struct cert_row *row);
/* reserved -> valid, with DER. */
int certs_record(struct store_tx *tx, int64_t id, const unsigned char *der,
    size_t len, int64_t now);
/* Any allowed move; refuses others with CA_E_DENIED "state: ...". */
int certs_set_state(struct store_tx *tx, int64_t id, enum cert_state to,
    int reason, int64_t when);
/* invalidityDate of a held or revoked certificate; 0 takes it away. It goes by
   itself when a hold is released. CA_E_DENIED "state: ..." for others. */
int certs_set_invalidity(struct store_tx *tx, int64_t id, int64_t when);
/* It belongs to another device from now on (re-ownership). */
int certs_set_device(struct store_tx *tx, int64_t id, const char *fleet,
    const char *device);
/* All reservations left open: each is given to ${cb}, then set aborted. */
int certs_abort_open(struct store_tx *tx, int64_t now,
    int (*cb)(struct store_tx *tx, const struct cert_row *row, void *arg),
    void *arg, size_t *n);
/* The same, of those that were reserved before ${before} only. */
int certs_abort_stale(struct store_tx *tx, int64_t before, int64_t now,
    int (*cb)(struct store_tx *tx, const struct cert_row *row, void *arg),
    void *arg, size_t *n);
/* An unknown serial (after a restore) gets a row as revoked, or held by that
   reason, without DER: issuer, serial, reason, revoked_at and not_after are to be set, texts may be
   "". row->id is set; a serial that is there: as certs_reserve(). */
int certs_add_revoked(struct store_tx *tx, struct cert_row *row);

/* Look-ups: 1 found, 0 not there (nothing raised), -1 raised. */
int certs_by_serial(struct store_tx *tx, int64_t issuer,
    const unsigned char *serial, size_t len, struct cert_row *out);
int certs_by_id(struct store_tx *tx, int64_t id, struct cert_row *out);
/* Exact look-up by SHA-256 over the whole certificate. */
int certs_by_sha256(struct store_tx *tx, const unsigned char md[32],
    struct cert_row *out);
/* Every issuer's row of that serial: for `--serial` without issuer. Calls cb;
   returns how many, -1 raised. */
int certs_all_by_serial(struct store_tx *tx, const unsigned char *serial,
    size_t len, int (*cb)(const struct cert_row *row, void *arg), void *arg);
/* A certificate (any state but aborted) on this key of ANOTHER device (fleet
   and device differ from those given). A device that was handed on to another
   fleet under its name is no other device there. */
int certs_by_foreign_key(struct store_tx *tx, const unsigned char md[32],
    const char *fleet, const char *device, struct cert_row *out);
/* A live certificate of the device: reserved, valid or held and not_after >=
   now. The newest one. */
int certs_live_of(struct store_tx *tx, const char *fleet, const char *device,
    int64_t now, struct cert_row *out);

/* The first one after row ${after} that is reserved, valid or held, of the
   device; and the first one on the key in any state but aborted. For walks that
   change what they walk over. */
int certs_next_of(struct store_tx *tx, const char *fleet, const char *device,
    int64_t after, struct cert_row *out);
int certs_next_on_key(struct store_tx *tx, const unsigned char md[32],
    int64_t after, struct cert_row *out);

/* DER of a certificate, to be freed with OPENSSL_free(). As look-ups. */
int certs_der(struct store_tx *tx, int64_t id, unsigned char **der,
    size_t *len);

struct cert_filter {		/* empty members do not filter */
	const char *issuer, *profile, *fleet, *device, *subject;
	int state;		/* 0 any */
	int64_t expires_before;	/* 0 any */
	int64_t after_id;	/* cursor: rows with a larger id */
	size_t limit;
};
/* In order of id. Stops when ${cb} returns 0. 1, or 0 raised. */
int certs_list(struct store_tx *tx, const struct cert_filter *f,
    int (*cb)(const struct cert_row *row, void *arg), void *arg);

/* For CRLs: every held or revoked row of a shard of ${issuer} with not_after >=
   ${keep_after}, ordered by serial. Narrow: no DER, no texts. */
struct cert_revoked {
	unsigned char serial[CERT_SERIAL_MAX];
	size_t serial_len;
	int64_t when, invalidity;	/* invalidity 0: none */
	int reason;
};
int certs_revoked(struct store_tx *tx, int64_t issuer, int shard,
    int64_t keep_after, int (*cb)(const struct cert_revoked *r, void *arg),
    void *arg);

/* For status.db: rows (not reserved, not aborted) with change > ${since} in
   order of change, at most ${limit}. Stops when cb returns 0. Narrow, since it
   runs with each commit: id, issuer, serial, state, reason, not_after and what
   was when are set, all else is empty. */
int certs_changed(struct store_tx *tx, int64_t since, size_t limit,
    int (*cb)(const struct cert_row *row, void *arg), void *arg);
/* Has any certificate been revoked or put on hold after that change? */
int certs_revoked_since(struct store_tx *tx, int64_t since, int *out);
int certs_last_change(struct store_tx *tx, int64_t *out);
/* The newest row's id, 0 without rows. 1 or 0 raised. */
int certs_last_id(struct store_tx *tx, int64_t *out);
/* How many per issuer and state; 1 or 0 raised. state 0 = all. */
int certs_count(struct store_tx *tx, int64_t issuer, int state, int64_t *out);
/* An issuer's certificates by profile and state: how many, and when the last of
   them expires. Reads them all; a callback's 0 ends it. 1 or 0 raised. */
struct certs_sum {
	char profile[64];
	enum cert_state state;
	int64_t n, not_after;
};
int certs_sums(struct store_tx *tx, int64_t issuer,
    int (*cb)(const struct certs_sum *sum, void *arg), void *arg);

/* Of one CA, for a forecast. Reads all its rows: not for every minute. */
struct cert_figures {
	int64_t live;			/* valid and not expired */
	int64_t endless;		/* of these: without end */
	int64_t validity;		/* mean of the others, seconds; 0 none */
	int64_t revoked_in_year;	/* held or revoked in 365 days */
};
int certs_figures(struct store_tx *tx, int64_t issuer, int64_t now,
    struct cert_figures *out);

/* Blocked keys (keyCompromise): add; is it blocked? 1, 0, -1 raised. */
int certs_block_key(struct store_tx *tx, const unsigned char md[32],
    int64_t now, const char *why);
int certs_key_blocked(struct store_tx *tx, const unsigned char md[32]);

const char *certs_state_name(enum cert_state s);
int certs_state_of(const char *name);		/* 0 unknown */

#endif
