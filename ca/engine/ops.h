#ifndef INKAN_CA_ENGINE_OPS_H
#define INKAN_CA_ENGINE_OPS_H

#include <sys/types.h>
#include "ca/engine/ca.h"
#include "ca/wire/socket.h"

/*
 * The table of operations: what may be asked, by whom, with which arguments,
 * and who answers. What is not in the table does not exist. Who asks is told
 * by the kernel: the socket selects the role, SO_PEERCRED the uid.
 */

enum ops_role { OPS_RA = 1, OPS_SVC = 2, OPS_ADMIN = 4 };

struct ops_call {
	struct ca *ca;
	const struct socket_peer *peer;
	enum ops_role role;
	const char *op;
	const WIRE_FIELDS *args;	/* held against the table */
	WIRE_ANSWER *answer;
	struct outcome o;		/* of a refusal */
	time_t now;
	char who[64];			/* "ra:uid:1000" */
	char req[24];			/* request id, for the log */
	unsigned rights;		/* operator roles, on the admin socket */
	unsigned char proposal[32];	/* the policy files that were judged */
	int has_proposal;
	const WIRE_FIELDS *approved;	/* what this call was approved for, when
					   it was: parking.h */
	int approvals;			/* that it has; INT_MAX: it breaks the
					   glass */
	size_t row_octets;		/* of the rows so far: ops_room() */
	int page_full;
};

typedef int ops_fn(struct ops_call *c);	/* 1, or 0 with c->o or the queue */

#define OPS_REQUIRED 1
#define OPS_MANY 2

struct ops_arg {
	const char *name;
	int type;		/* V_ASN1_UTF8STRING ... */
	int flags;
	size_t max;		/* octets of text or bytes */
};

struct ops_entry {
	const char *name;
	unsigned roles;		/* set of enum ops_role */
	ops_fn *answer;
	const struct ops_arg *args;
	size_t n_args;
};

const struct ops_entry *ops_table(size_t *n);

/* May this peer use this socket at all? */
int ops_peer_ok(const struct settings *s, enum ops_role role,
    const struct socket_peer *peer);

/* Answer one request. Returned to be freed; NULL only when out of memory. Logs
   refusals. The error queue is empty before and after. */
WIRE_ANSWER *ops_answer(struct ca *ca, enum ops_role role,
    const struct socket_peer *peer, const WIRE_REQUEST *req, time_t now);

/* Its row in the table; NULL: that socket has no such operation. */
const struct ops_entry *ops_find(const char *op, enum ops_role role);
/* What it takes by that name; NULL: nothing. */
const struct ops_arg *ops_find_arg(const struct ops_entry *e,
    const char *name);
/* Ask the operation, and make a refusal of what fails: c->answer says it all. */
void ops_perform(struct ops_call *c, const struct ops_entry *e);
/* ops_gate.c: an operation of the admin socket whose role is right: asked at
   once, parked when it needs approvals, or on record as done without them. */
int ops_gate(struct ops_call *c, const struct ops_entry *e);
#define BREAK_REASON_MAX 200	/* octets */

/* --- shared by the ops_*.c files --- */
const char *ops_text(const struct ops_call *c, const char *name);
const char *ops_role_name(enum ops_role role);
int ops_add_cert(WIRE_FIELDS *l, const struct cert_row *row);
int ops_add_device(struct ops_call *c, WIRE_FIELDS *l,
    const struct device_row *row);
/* "anchor" (its ident) and "anchor_at": what devices.anchor says. */
int ops_add_anchor(struct ops_call *c, WIRE_FIELDS *l,
    const struct device_row *row);
void ops_hex(const unsigned char *p, size_t len, char *out);
int ops_unhex(const char *text, unsigned char *out, size_t size, size_t *len);
int ops_read(struct ops_call *c, store_fn *fn, void *arg);
int ops_not_found(struct ops_call *c, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int ops_bad(struct ops_call *c, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Which CA: a name of several generations is no answer ("ca.generation"), for the
   one that is meant may be the old one or the new one. NULL with c->o, which
   bears ${field}. */
struct issuer *ops_find_issuer(struct ops_call *c, const char *field,
    const char *name);
/* The certificate that args "serial" and "issuer" name, the latter one CA or all
   generations of a name. 1, 0 with c->o: NOTFOUND "serial" if neither they have
   it nor another generation. */
int ops_find_cert(struct ops_call *c, struct cert_row *out);
/* The device that args "fleet" and "name" name. */
int ops_find_device(struct ops_call *c, struct device_row *out);
/* limit and cursor of a list: 1..WIRE_ROWS_MAX, row id. */
size_t ops_limit(const struct ops_call *c);
int64_t ops_cursor(const struct ops_call *c);
int ops_set_cursor(struct ops_call *c, int64_t last, size_t rows);
/* To be asked after each row of a list: may another one follow? A page ends
   before its message would be too large. */
int ops_room(struct ops_call *c);
/* What was admitted as a job, whose issuer is to be set. */
struct issue_job;
void ops_fill_job(struct admission *a, struct issue_job *job);
/* Issue what was admitted, and answer with it. */
int ops_issue(struct ops_call *c, struct admission *a);
/* Answer with a certificate that was issued before. */
int ops_answer_again(struct ops_call *c, int64_t id);
void ops_admit_env(struct ops_call *c, struct policy *policy,
    struct admit_env *env);
#define OPS_SET_MAX 32
int ops_take_operator(struct ops_call *c, struct operator_request *r,
    const char **set, size_t max);
int ops_take_request(struct ops_call *c, struct enrol_request *r);
/* Count the client of an enrolment, with what became of it. */
void ops_note_client(struct ops_call *c, const struct policy *policy,
    const struct enrol_request *r, int ok);
/* What revokes: reason (else ${dflt}) and invalidity date. ${policy} is borrowed
   by ${r}. */
struct revoke_request;
int ops_take_revocation(struct ops_call *c, int dflt, struct policy *policy,
    struct revoke_request *r);
struct campaign_request;
int ops_take_campaign(struct ops_call *c, struct campaign_request *r);
/* SHA-256 of the SPKI that args "key" or "spki" name. */
int ops_take_key(struct ops_call *c, unsigned char md[32]);
/* After a look-up that failed: is that because the store does not know the serial,
   and may it be revoked so ("unknown")? The CA that issued it, or NULL: c->o tells
   what to do. */
const struct issuer *ops_unknown_serial(struct ops_call *c);
/* Refuses a hold where there is no release. */
int ops_refuse_hold(struct ops_call *c, const struct revoke_request *r);
/* After one: CRLs shall tell. Returns ${ok}. */
int ops_revoked(struct ops_call *c, int ok);
/* A revoke_cb whose ${arg} is the call: a row of the answer, while there is
   room. */
int ops_revoked_row(const struct cert_row *row, void *arg);
void ops_log_issued(struct ops_call *c, const struct cert_row *row);
int ops_answer_cert(struct ops_call *c, const unsigned char *der, size_t len,
    const struct cert_row *row);

/* --- CAs: ops_ca_show.c, ops_issuers.c, ops_ca.c --- */
int ops_add_name(WIRE_FIELDS *l, const char *field, const X509_NAME *name);
const char *ops_issuer_state(const struct issuer *is);
const char *ops_key_state(const struct issuer *is);
/* Rows, or values, of the CAs that wait for their certificates. */
int ops_add_pending(struct ops_call *c);
int ops_show_pending(struct ops_call *c, const char *name);
/* Issue a CRL now; a row tells of it. */
int ops_issue_crl(struct ops_call *c, const char *name);

ops_fn ops_enroll, ops_fleets, ops_ping, ops_renew_own;
ops_fn ops_ca_list, ops_ca_stop, ops_ca_resume, ops_status;
ops_fn ops_token_resume;
ops_fn ops_policy_diff, ops_policy_activate, ops_policy_show;
ops_fn ops_policy_check;
ops_fn ops_issue_op, ops_explain, ops_revoke, ops_release;
ops_fn ops_revoke_device, ops_revoke_key, ops_revoke_plan;
ops_fn ops_campaign_start, ops_campaign_list, ops_campaign_show;
ops_fn ops_campaign_stop, ops_campaign_resume;
ops_fn ops_cert_list, ops_cert_show, ops_crl_issue, ops_crl_show;
ops_fn ops_crl_shards, ops_crl_plan;
ops_fn ops_tell_own, ops_ocsp_plan;
ops_fn ops_device_add, ops_device_list, ops_device_show;
ops_fn ops_device_disable, ops_device_enable, ops_device_set, ops_device_revoke;
ops_fn ops_device_retire, ops_device_replace, ops_device_transfer;
ops_fn ops_maker_crl_list, ops_fleet_list, ops_fleet_show, ops_secret_new, ops_secret_list;
ops_fn ops_secret_revoke, ops_profile_list, ops_profile_show;
ops_fn ops_key_list, ops_log_list, ops_log_cosign, ops_log_accept;
ops_fn ops_log_where, ops_log_prove, ops_log_proof;
ops_fn ops_ca_request, ops_ca_import, ops_ca_show, ops_ca_disable;
ops_fn ops_ca_enable, ops_ca_delegate;
ops_fn ops_profile_replay, ops_ca_adoption;
ops_fn ops_operator_list;
ops_fn ops_request_list, ops_request_show, ops_request_approve;
ops_fn ops_report, ops_report_events;
ops_fn ops_request_deny, ops_request_run, ops_break_list, ops_break_ack;
ops_fn ops_metrics;
/* Factories. */
ops_fn ops_import_begin, ops_device_import, ops_import_end;
ops_fn ops_key_block, ops_key_blocked, ops_key_unblock;

/* Evidence. */
ops_fn ops_attest_nonce, ops_evidence_show, ops_evidence_check;
ops_fn ops_evidence_replay;

/* Clients. */
ops_fn ops_clients, ops_client_list;

#endif
