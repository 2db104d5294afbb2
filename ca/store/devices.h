#ifndef INKAN_CA_STORE_DEVICES_H
#define INKAN_CA_STORE_DEVICES_H

#include "ca/store/store.h"

/* The registry: a device is (fleet, name). */

enum device_state { DEVICE_ENABLED = 1, DEVICE_PARKED, DEVICE_DISABLED };

#define DEVICE_NAME_MAX 255
#define DEVICE_FIELDS_MAX 32

struct device_row {
	int64_t id;
	char fleet[64];
	char name[DEVICE_NAME_MAX + 1];
	char serial[65];		/* maker's serial, "" none */
	enum device_state state;
	int has_key;
	unsigned char key_sha256[32];	/* pinned key (whole SPKI) */
	char origin[64];		/* "operator:uid", "manufacturer:NAME",
					   "secret:USER" */
	char note[256];			/* why parked or disabled */
	int64_t created;
	int64_t anchor, anchor_at;	/* root (issuers row) that it has used,
					   and since when; 0 none known */
	int64_t successor;		/* row that took its place; 0 none */
	int64_t retired_at;		/* 0: not retired */
	int late_renewal;		/* it may renew after the end, where its
					   fleet asks for that consent */
};

/* Insert; row->id set. CA_E_DENIED "device.duplicate" when it exists, or when
   another device of any fleet has this pinned key ("key.duplicate"). */
int devices_add(struct store_tx *tx, struct device_row *row);
int devices_get(struct store_tx *tx, const char *fleet, const char *name,
    struct device_row *out);	/* 1 found, 0 not there, -1 raised */
int devices_get_by_id(struct store_tx *tx, int64_t id, struct device_row *out);
/* The fleet of the only device of that name; 0 none, -1 raised (also when
   several fleets have one: CA_E_BADREQUEST "fleet: ..."). */
int devices_get_by_name(struct store_tx *tx, const char *name,
    struct device_row *out);
/* The only device of the fleet with that maker's serial number; 0 none, -1
   raised (also when several have it: CA_E_DENIED "device.serial: ..."). */
int devices_get_by_serial(struct store_tx *tx, const char *fleet,
    const char *serial, struct device_row *out);
/* No other device of any fleet has its key pinned? 1, or 0 raised, CA_E_DENIED
   "key.duplicate". */
int devices_key_is_new(struct store_tx *tx, const struct device_row *row);
int devices_set_state(struct store_tx *tx, int64_t id, enum device_state s,
    const char *note);
/* Out of service for good (${now}), or back (0). ${successor}: the row that
   takes its place, 0 none. The pinned key is let go with ${release_key}. */
int devices_set_retired(struct store_tx *tx, int64_t id, int64_t now,
    int64_t successor, int release_key);
/* Consent to renewals after the end of its certificate, or none. */
int devices_set_late_renewal(struct store_tx *tx, int64_t id, int may);
/* Serial and pinned key of a device that comes back. As devices_add(). */
int devices_set_identity(struct store_tx *tx, const struct device_row *row);
/* Was the device ${name} of ${fleet} handed on, under its name, so that it is
   today the one of fleet ${to}? 1, 0, -1 raised. */
int devices_leads_to(struct store_tx *tx, const char *fleet, const char *name,
    const char *to);
int devices_set_field(struct store_tx *tx, int64_t id, const char *name,
    const char *value);
int devices_fields(struct store_tx *tx, int64_t id,
    int (*cb)(const char *name, const char *value, void *arg), void *arg);
struct device_filter {
	const char *fleet, *name;	/* name: substring */
	int state;
	int64_t after_id;
	size_t limit;
};
int devices_list(struct store_tx *tx, const struct device_filter *f,
    int (*cb)(const struct device_row *row, void *arg), void *arg);
int devices_count(struct store_tx *tx, const char *fleet, int64_t *out);
const char *devices_state_name(enum device_state s);
int devices_state_of(const char *name);

/* devices_anchor.c. The device has used root ${anchor} (issuers row): written
   where that is a newer one than what is known, together with the time. 1
   written, 0 nothing new, -1 raised. */
int devices_use_anchor(struct store_tx *tx, int64_t id, int64_t anchor,
    int64_t at);
/* Enabled devices by fleet and root, in this order. ${fleet} NULL: all. */
struct device_anchors {
	char fleet[64];
	int64_t anchor;			/* 0: none known */
	int64_t devices, last;		/* how many; newest anchor_at */
};
int devices_anchor_counts(struct store_tx *tx, const char *fleet,
    int (*cb)(const struct device_anchors *row, void *arg), void *arg);
/* Enabled devices whose root is one of ${anchors} (0: none known), or is none
   of them; of the rows id, fleet, name, state and the anchor are filled. */
#define DEVICE_ANCHORS_MAX 64
struct device_anchor_filter {
	const char *fleet;		/* NULL: all */
	const int64_t *anchors;
	size_t n_anchors;
	int others;
	int64_t after_id;
	size_t limit;
};
int devices_anchor_list(struct store_tx *tx,
    const struct device_anchor_filter *f,
    int (*cb)(const struct device_row *row, void *arg), void *arg);

/* Secrets for HTTP Basic. Never the secret itself: salt and hash. */
enum secret_kind {
	SECRET_RANDOM = 1,	/* ours, >= 128 bits: SHA-256(salt || secret) */
	SECRET_SCRYPT		/* operator-chosen */
};

struct secret_row {
	int64_t id;
	char user[128];
	char fleets[512];	/* comma-separated names */
	char device[DEVICE_NAME_MAX + 1];	/* "" = any the fleet allows */
	enum secret_kind kind;
	int reusable;
	unsigned char salt[16], hash[32];
	int64_t created, expires, used_at;	/* 0: none */
	int revoked;
};
int secrets_add(struct store_tx *tx, struct secret_row *row);
int secrets_get(struct store_tx *tx, const char *user, struct secret_row *out);
/* Mark used. A one-time secret that is used already: 0, CA_E_UNAUTHENTICATED
   "secret.used" raised; this is what makes it one-time under concurrency. */
int secrets_use(struct store_tx *tx, int64_t id, int64_t now);
/* Undo secrets_use() of ${used_at} for the one-time secret of ${user}: what it
   was used for came to nothing. 1 also when there is no such use. */
int secrets_unuse(struct store_tx *tx, const char *user, int64_t used_at);
int secrets_revoke(struct store_tx *tx, int64_t id);
/* All that are for this device alone and open ${fleet}; how many in *n. */
int secrets_revoke_of(struct store_tx *tx, const char *fleet,
    const char *device, int64_t *n);
int secrets_list(struct store_tx *tx, int64_t after_id, size_t limit,
    int (*cb)(const struct secret_row *row, void *arg), void *arg);

#endif
