#ifndef INKAN_CA_ENGINE_ADMIT_H
#define INKAN_CA_ENGINE_ADMIT_H

#include <time.h>
#include "ca/engine/keygen.h"
#include "ca/engine/outcome.h"
#include "ca/engine/policy.h"
#include "ca/store/certs.h"
#include "ca/store/devices.h"
#include "profiles/build.h"

/*
 * May this request have a certificate, and for whom? Five named stages, each of
 * which can pass, refuse or park: authenticate -> possess -> authorize ->
 * attest -> approve. The request object has no HTTP in it, so that other
 * enrolment protocols can stand beside EST.
 *
 * Nobody's word is taken: chain, status, secret, proof of possession and POP
 * link are verified here. What this cannot check is that the RA saw the
 * TLS peer prove possession of the chain's key.
 *
 * Checks that must hold at the moment of issuing (one successor, one live
 * certificate, one device per key, one-time secrets, rates) are made again by
 * admit_guard() inside the reserving transaction.
 */

#define ADMIT_CHAIN_MAX 10
#define ADMIT_SERVER_MAX 16
#define ADMIT_FIELDS_MAX 48

struct enrol_request {			/* all borrowed */
	const char *label;		/* NULL or "": default fleet */
	int renew;			/* simplereenroll */
	int keygen;			/* serverkeygen: ${csr} is a template */
	const unsigned char *csr; size_t csr_len;
	const unsigned char *chain[ADMIT_CHAIN_MAX];	/* leaf first, DER */
	size_t chain_len[ADMIT_CHAIN_MAX];
	size_t n_chain;
	const char *user, *secret;	/* NULL: no Basic */
	const unsigned char *tls_unique; size_t tls_unique_len;
	const unsigned char *tls_exporter; size_t tls_exporter_len;
	const unsigned char *server[ADMIT_SERVER_MAX];	/* SHA-256 of each
					   certificate that the RA presented,
					   leaf first; n_server 0: not told */
	size_t n_server;
	const char *address;		/* "127.0.0.1"; for limits and log */
	const char *session;		/* token of the nonce; NULL: none */
	const char *client;		/* User-Agent, for the log */
	const char *requester;		/* "ra:uid" as told by the kernel */
};

struct operator_request {		/* inkan issue, explain --profile */
	const char *profile;		/* NULL: that of the fleet */
	const unsigned char *csr; size_t csr_len;
	const char *fleet, *device;	/* NULL: none */
	int once;			/* what was issued for this is the answer */
	const char *const *set; size_t n_set;	/* "FIELD=VALUE": request.* */
	const char *requester;
	enum profile_by by;
};

struct evidence_row;
struct verifier;	/* verifier.h */

/* What the stages decided; owns what it points to. */
struct admission {
	struct policy *policy;		/* a reference */
	const struct fleet *fleet;	/* NULL for operator requests that
					   name no device */
	int by_operator;		/* by admit_operator() */
	const struct profile *profile;
	struct csr *csr;
	struct keygen *keygen;		/* the device's new key, made here; NULL:
					   it has its own */
	char device[DEVICE_NAME_MAX + 1];	/* "" = none */
	char serial[65];		/* maker's serial, "" none */
	int serial_rule;		/* enum fleet_serial, of its maker */
	char auth[64];			/* as in cert_row */
	char requester[128];
	int once;			/* operator_request.once */
	int64_t device_id;		/* 0: to be registered by the guard */
	int64_t known_anchor;		/* devices.anchor when it was looked at */
	int64_t anchor;			/* root that the device has used, to be
					   recorded by the guard; 0 nothing new */
	const struct fleet_station *station;	/* that asked; NULL none */
	int64_t retry_after;		/* of a limit that the guard found */
	int64_t secret_id;		/* one-time secret to use up; 0 none */
	struct build_field fields[ADMIT_FIELDS_MAX];	/* strings owned */
	size_t n_fields;
	int renewal;
	struct cert_row predecessor;	/* when renewal */
	unsigned char *subject; size_t subject_len;	/* when renewal */
	unsigned char *san; size_t san_len;
	int late;			/* renewal after the end */
	int by_rules;			/* renewal: subject and san are what
					   the rules make today, and new */
	unsigned char *facts; size_t facts_len;	/* of facts.h; NULL: none kept */
	int attested;
	int assumed;			/* attested only as explain takes it: no
					   evidence was appraised, and no
					   attested.NAME of it is a field */
	struct evidence_row *evidence;	/* that was accepted; NULL: none */
	int64_t parked;			/* request (parked) that was approved, to
					   be used up by the guard; 0 none */
	int64_t existing;		/* certificate to answer with instead of
					   issuing (idempotent retry); 0 none */
	char deviations[512];
};

/* Operators: the certificate that was issued on this key, by this profile, for
   this device, and is valid still; with ${reserved} also one that is being made.
   1 found, 0 not there, -1 raised. */
int admit_issued_before(struct store_tx *tx, const struct admission *a,
    const unsigned char spki_sha256[32], int reserved, time_t now,
    struct cert_row *out);

/* For explain: called for each stage and each remark, in order. */
typedef void admit_trace(void *arg, const char *stage, const char *verdict,
    const char *rule, const char *field, const char *text);

struct admit_env {			/* all borrowed, outlive the calls */
	struct store *store;
	struct policy *policy;		/* the version to judge by */
	struct auth_limits *limits;	/* failures per address; scrypt gate */
	struct maker_crls *maker_crls;	/* NULL: none */
	const struct verifier *verifier;	/* of evidence; NULL: none */
	const unsigned char (*own_roots)[32];	/* SHA-256 of our CA
					   certificates: never a maker's anchor */
	size_t n_own_roots;
	time_t now;
	int explain;			/* change nothing; secrets are taken as
					   given; trace is called */
	admit_trace *trace; void *trace_arg;
};

/* 1 and *out to be freed with admit_free(); or 0 with ${o} filled (a refusal,
   or WIRE_PENDING when parked). */
int admit_enrol(const struct admit_env *env, const struct enrol_request *req,
    struct admission **out, struct outcome *o);
int admit_operator(const struct admit_env *env,
    const struct operator_request *req, struct admission **out,
    struct outcome *o);
/* The profile of an operator's request: the one that it names, else its fleet's.
   NULL: the policy has neither. */
const struct profile *admit_operator_profile(const struct policy *policy,
    const struct operator_request *req);
void admit_free(struct admission *a);

/*
 * Inside the reserving transaction: register a just-in-time device, use up the
 * one-time secret, count rates, and look again at everything that another request
 * may have changed. Raises CA_E_DENIED / CA_E_LIMITED ("rule: text").
 * ${row} is about to be reserved.
 */
int admit_guard(struct store_tx *tx, struct admission *a, struct cert_row *row,
    time_t now);

/*
 * Inside the transaction that sets a reservation aborted: give back what
 * admit_guard() used up for it (its one-time secret, its counts, an approved
 * request), so that the device can ask again. ${row} is the reservation; it may be
 * of an earlier life of this program. A device that was registered stays registered.
 */
int admit_unguard(struct store_tx *tx, const struct cert_row *row);

/*
 * After a refusal by admit_enrol or the guard: a second renewal of one
 * certificate with another key parks the device and writes "alarm.clone".
 * Returns 1 when it did (device parked), else 0.
 */
int admit_clone_alarm(struct store *store, const struct enrol_request *req,
    const struct outcome *o, time_t now);

/* Limits that live in memory; one per process. */
struct auth_limits *auth_limits_new(void);
void auth_limits_free(struct auth_limits *l);

/* A new secret of ours: 128+ bits as text into ${secret} (at least 40 octets),
   row's salt, hash and kind filled. With ${chosen} it is an operator's: scrypt.
   The caller wipes ${secret}. */
int auth_secret_make(struct secret_row *row, const char *chosen, char *secret,
    size_t size);

#endif
