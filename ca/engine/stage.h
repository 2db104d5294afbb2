#ifndef INKAN_CA_ENGINE_STAGE_H
#define INKAN_CA_ENGINE_STAGE_H

#include "ca/engine/admit.h"
#include "ca/engine/fleet.h"
#include "profiles/csr.h"

/*
 * The inside of an admission: what one stage leaves for the next. A stage
 * returns 1, or 0 with the outcome filled (stage_refuse) or errors raised.
 */

enum stage_party {
	PARTY_NONE,
	PARTY_OWN,    /* a certificate of ours: renewal */
	PARTY_MAKER,  /* a manufacturer's certificate */
	PARTY_SECRET, /* HTTP Basic */
	PARTY_STATION, /* a factory's station, for a device */
	PARTY_ASSUMED /* explain without credentials */
};

struct admitting {
	const struct admit_env *env;
	const struct enrol_request *req;   /* NULL for operators */
	const struct operator_request *op; /* NULL for devices */
	struct outcome *o;
	struct admission *a;
	const char *stage;
	const struct fleet *fleet; /* NULL for operators */

	enum stage_party party;
	struct secret_row secret;    /* PARTY_SECRET */
	unsigned char maker_key[32]; /* SHA-256 of the SPKI, PARTY_MAKER */

	const struct fleet_station *station; /* PARTY_STATION */

	int re_enrols; /* it has a live certificate, and people decide */

	struct device_row device; /* when has_device */
	int has_device;

	char say[400]; /* for the trace: what passed */
};

typedef int stage_fn(struct admitting *t);

struct stage {
	const char *name;
	stage_fn *run;
};

/* Run stages in order up to the first that does not pass. 1, or 0 with the
   outcome filled. Each is traced, also those that were not reached. */
int stage_run(struct admitting *t, const struct stage *stages, size_t n);

stage_fn stage_authenticate, stage_possess, stage_authorize, stage_attest,
    stage_approve;

/* Refuse in the stage at hand. Always 0. */
int stage_refuse(struct admitting *t, enum wire_status status, const char *rule,
    const char *field, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The same with a ${detail} that is not the client's business: it goes to the
   log, by the error queue, and to who asks explain. Always 0. */
int stage_refuse_detail(struct admitting *t, enum wire_status status,
    const char *rule, const char *field, const char *detail, const char *fmt,
    ...) __attribute__((format(printf, 6, 7)));
/* What the trace says of the stage when it passes. */
void stage_say(struct admitting *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A remark of the trace beside the verdict. */
void stage_remark(
    struct admitting *t, const char *rule, const char *field, const char *text);
/* Note a deviation: something tolerated that the log should tell. */
void stage_note(struct admitting *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* An empty admission with a reference to the policy; admit_free(). */
struct admission *stage_admission(
    const struct admit_env *env, const char *requester);
/* Add "identity.NAME" and the like; both are copied. 1, or 0 raised. */
int stage_field(struct admission *a, const char *name, const char *value);
/* Read from the store. 1, or 0 raised. */
int stage_read(struct admitting *t, store_fn *fn, void *arg);
/* The party is known from here on: refusals become entries of the log. */
void stage_known(struct admitting *t, const char *fleet, const char *who);

/* 1..64 characters, printable, no blank at either end. */
int stage_name_ok(const char *name);
/* "2026-11-21T07:00:00Z" */
#define STAGE_TIME_MAX 32
void stage_time(int64_t when, char out[STAGE_TIME_MAX]);

/* auth_cert.c: the leaf of the client chain. */
int auth_own(struct admitting *t, const struct cert_row *row);
/* auth_maker.c: by what the fleet says of its manufacturers; and whether the
   registry's serial number is the certificate's, where they are compared. */
int auth_maker(struct admitting *t);
/* Whoever vouches for a chain that is not ours. All borrowed. */
struct auth_outsider {
	const char *what, *name; /* "manufacturer", "station" */
	X509_STORE *anchors;
	int depth;
	const struct fleet_revocation *revocation;
};
/* Of a chain that verifies: by the CRLs that are there, if they are asked. */
int auth_not_revoked(struct admitting *t, const struct auth_outsider *x,
    X509 *leaf, STACK_OF(X509) * rest);
int auth_maker_serial(struct admitting *t);
int auth_serial_same(const char *a, const char *b);
/* The whole chain of the request decoded: ${rest} gets all but the leaf, which
   is to be freed in any case. */
int auth_decode_chain(
    struct admitting *t, X509 **leaf, STACK_OF(X509) * rest);
/* By these anchors alone, the leaf counted in ${depth}. X509_V_OK, or why not. */
int auth_verify(const struct admitting *t, X509_STORE *anchors, int depth,
    X509 *leaf, STACK_OF(X509) * rest);
int auth_check_usage(struct admitting *t, X509 *leaf);
int auth_refuse_time(struct admitting *t, int64_t from, int64_t to);
int auth_refuse_state(struct admitting *t, const struct cert_row *row);
/* auth_station.c: is that the certificate of a station (id-kp-cmcRA)? */
int auth_is_station(const unsigned char *der, size_t len);
/* ${row}: its certificate is ours; NULL: another's. */
int auth_station(struct admitting *t, const struct cert_row *row);
/* The registry's row for the device that it asks for. */
int auth_station_device(struct admitting *t, struct store_tx *tx);
/* That row has not been used. With the certificate that a repetition gets in
   ${a}->existing. */
int auth_station_unused(struct admitting *t, struct store_tx *tx);
/* again.c: a repetition of a first enrolment, within the fleet's retry_window.
   Note who asks, by the leaf of the manufacturer's chain; is there a certificate
   that is its answer (1, 0, -1 raised; it may be reserved only); the same for a
   stage, which answers with it (1) or goes on (0), or has refused or raised
   (-1). A one-time secret that is used: is this what it was used for (1, 0, -1
   raised)? */
int again_credential(struct admitting *t, const X509 *leaf);
int again_find(struct store_tx *tx, const struct admission *a,
    const unsigned char spki[32], time_t now, struct cert_row *out);
int again_answer(struct admitting *t, struct store_tx *tx);
int again_by_secret(struct admitting *t, const struct secret_row *secret);
/* auth_secret.c */
int auth_basic(struct admitting *t);
/* The name that a secret's bearer asks for: CN of the CSR. */
int auth_basic_name(struct admitting *t);
/* renew.c: hold the CSR against the certificate renewed. */
int renew_check(struct admitting *t);
/* renew_identity.c: what the registry and the active profile make of the facts
   that were kept, held against ${subject} and ${san} of the certificate
   renewed. Where the fleet lets them change, ${t}->a gets the new ones. */
int renew_identity(struct admitting *t, const X509_NAME *subject,
    const GENERAL_NAMES *san);
/* renew.c: the same where the fleet demands evidence, once it has been shown: a
   fact of it may be in the device's name. */
int renew_attested(struct admitting *t);
/* possess.c: parse and verify; also for operators. */
int possess_csr(struct admitting *t, const unsigned char *der, size_t len);
int possess_key_type(struct admitting *t);
/* attest.c: a fact that evidence showed, for the profile as "attested.NAME".
   Nothing else makes fields of that space. 1, or 0 raised. */
int attest_fact(struct admitting *t, const char *name, const char *value);
/* attest.c: the pinned key of a device, if it has one. */
int attest_pinned(struct admitting *t);
/* authorize.c */
int authorize_device_state(struct admitting *t);
/* Is the device, as far as it is known by now, one that may have something? For
   who does costly things before all of it is looked at. */
int authorize_early(struct admitting *t);
int authorize_registry_fields(struct admitting *t, struct store_tx *tx);
int authorize_key(struct admitting *t, struct store_tx *tx);

/* auth_limits.c: failures per address and per user name, and the gates before
   what is slow: scrypt, and the making of keys. */
#define LIMITS_PER_MINUTE 10
enum limits_gate { LIMITS_SCRYPT, LIMITS_KEYGEN, LIMITS_GATES };
#define LIMITS_GATE_RUN 2	/* at once, at each */
#define LIMITS_GATE_WAIT 64	/* before scrypt */
#define LIMITS_KEYGEN_WAIT 6	/* an RSA key takes seconds */
/* May ${address} try? 0: *retry says in how many seconds. */
int auth_limits_allow(
    struct auth_limits *l, const char *address, time_t now, int64_t *retry);
void auth_limits_fail(struct auth_limits *l, const char *address, time_t now);
/* The same by user name, whether there is such a user or not: the first
   LIMITS_USER_FREE failures cost nothing, each further one doubles how long the
   next try has to wait, up to LIMITS_USER_WAIT seconds. Where the last failure
   came from, it is twice as long: one who guesses leaves room for others. A
   refused try does not count, and after LIMITS_USER_FORGET seconds without a
   failure all is forgotten. */
#define LIMITS_USER_FREE 5
#define LIMITS_USER_WAIT 256
#define LIMITS_USER_FORGET 3600
int auth_limits_user_allow(struct auth_limits *l, const char *user,
    const char *address, time_t now, int64_t *retry);
void auth_limits_user_fail(struct auth_limits *l, const char *user,
    const char *address, time_t now);
/* One more request to ${fleet} from ${address} in this minute: 1 within ${limit}
   (0: no limit), else 0 with *retry. */
int auth_limits_rate(struct auth_limits *l, const char *fleet,
    const char *address, int64_t limit, time_t now, int64_t *retry);
/* 1 inside, to be left again; 0 when too many wait (nothing raised). */
int auth_limits_enter(struct auth_limits *l, enum limits_gate gate);
void auth_limits_leave(struct auth_limits *l, enum limits_gate gate);

#endif
