#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include "ca/audit/private.h"
#include "ca/error.h"
#include "ca/store/reasons.h"

/* What entries have said of a certificate, two octets for each. */
#define RESERVED 0x01
#define RECORDED 0x02
#define ABORTED 0x04
#define REVOKED 0x08
#define HELD 0x10
#define REASON(x) ((unsigned)(x) << 8)	/* of the last revocation or hold */
#define REASON_OF(x) ((x) >> 8)

#define ISSUERS_MAX 4096
#define PAGE 500

struct issuer_name {
	int64_t id;
	char ident[80];
};

struct replay {
	struct audit *a;
	struct store_tx *tx;
	uint16_t *said;		/* by row id */
	int64_t n;
	struct issuer_name *issuer;
	size_t n_issuers;
	struct cert_row row;
	int64_t last;		/* row id of a page's end */
	size_t page;
	int failed;
	int lost;		/* details are: entries may be out of turn */
};

static int
add_issuer(const struct issuer_row *row, void *arg)
{
	struct replay *r = arg;
	struct issuer_name *i;

	if (r->n_issuers == ISSUERS_MAX)
		return 0;
	i = &r->issuer[r->n_issuers++];
	i->id = row->id;
	snprintf(i->ident, sizeof(i->ident), "%s", row->ident);
	return 1;
}

struct replay *
replay_new(struct audit *a, struct store_tx *tx)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->issuer = calloc(ISSUERS_MAX,
			      sizeof(*r->issuer))) == NULL)
		goto err;
	r->a = a;
	r->tx = tx;
	if (!certs_last_id(tx, &r->n) || !issuers_list(tx, add_issuer, r))
		goto err;
	r->n++;
	if ((r->said = calloc((size_t)r->n, sizeof(*r->said))) != NULL)
		return r;
err:
	ca_raise(CA_E_STORE, "audit: the certificates cannot be read");
	replay_free(r);
	return NULL;
}

void
replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	free(r->said);
	free(r->issuer);
	free(r);
}

void
replay_lost(struct replay *r)
{
	if (r != NULL)
		r->lost = 1;
}

static const struct issuer_name *
find_issuer(const struct replay *r, const char *ident)
{
	size_t i;

	for (i = 0; i < r->n_issuers; i++)
		if (strcmp(r->issuer[i].ident, ident) == 0)
			return &r->issuer[i];
	return NULL;
}

/* The row of the certificate that a detail names: 1, 0 none, -1 raised. */
static int
find_cert(struct replay *r, const WIRE_FIELDS *detail)
{
	const struct issuer_name *i;
	unsigned char serial[CERT_SERIAL_MAX];
	size_t len = 0;

	i = find_issuer(r, field_text(detail, "issuer", ""));
	ERR_set_mark();
	if (i == NULL || !OPENSSL_hexstr2buf_ex(serial, sizeof(serial), &len,
			     field_text(detail, "serial", ""), '\0')) {
		ERR_pop_to_mark();
		return 0;
	}
	ERR_clear_last_mark();
	return certs_by_serial(r->tx, i->id, serial, len, &r->row);
}

static int
same_hash(const WIRE_FIELDS *detail, const char *name,
    const unsigned char md[32])
{
	const char *text = field_text(detail, name, NULL);
	unsigned char raw[32];
	size_t len = 0;
	int ok;

	ERR_set_mark();
	ok = text != NULL &&
	    OPENSSL_hexstr2buf_ex(raw, sizeof(raw), &len, text, '\0') &&
	    len == sizeof(raw) && memcmp(raw, md, sizeof(raw)) == 0;
	ERR_pop_to_mark();
	return ok;
}

static void
compare(struct replay *r, const struct entry_row *e, const WIRE_FIELDS *detail)
{
	if (!same_hash(detail, "tbs_sha256", r->row.tbs_sha256))
		audit_say(r->a, "changed", e->index, detail,
		    "%s: tbs_sha256 is not that of the store's certificate",
		    e->kind);
	if ((strcmp(e->kind, "issue.recorded") == 0 ||
		strcmp(e->kind, "issue.merged") == 0) &&
	    !same_hash(detail, "cert_sha256", r->row.cert_sha256))
		audit_say(r->a, "changed", e->index, detail,
		    "%s: cert_sha256 is not that of the store's certificate",
		    e->kind);
}

/* What comes after what: one reservation, then its end. */
static void
follow_issue(struct replay *r, const struct entry_row *e,
    const WIRE_FIELDS *detail)
{
	uint16_t *said = &r->said[r->row.id];
	unsigned now = strcmp(e->kind, "issue.reserved") == 0 ? RESERVED
	    : strcmp(e->kind, "issue.recorded") == 0	      ? RECORDED
							      : ABORTED;

	compare(r, e, detail);
	if (!r->lost &&
	    (now == RESERVED ? *said != 0
			     : (*said & (RESERVED | RECORDED | ABORTED)) !=
		    RESERVED))
		audit_say(r->a, "extra", e->index, detail,
		    "%s: it does not follow from the entries before it",
		    e->kind);
	*said |= now;
}

/* A certificate that was found again. An entry of the time that was lost had
   reserved and recorded it. */
static void
follow_merge(struct replay *r, const struct entry_row *e,
    const WIRE_FIELDS *detail)
{
	compare(r, e, detail);
	r->said[r->row.id] |= RESERVED | RECORDED;
}

/* What is on hold was recorded. The entries that said so are lost, or nobody's any
   more who had but a CRL to take the hold from. */
static int
is_left_of(const struct replay *r, const WIRE_FIELDS *detail, unsigned said)
{
	return (said & (RESERVED | RECORDED | ABORTED)) == 0 &&
	    (r->lost ||
		strncmp(field_text(detail, "note", ""), "CRL ", 4) == 0);
}

static void
follow_state(struct replay *r, const struct entry_row *e,
    const WIRE_FIELDS *detail)
{
	uint16_t *said = &r->said[r->row.id];
	int reason = reasons_code(field_text(detail, "reason", "unspecified"));

	*said &= 0xff & ~HELD;
	if (strcmp(e->kind, "release") == 0)
		return;
	if (strcmp(e->kind, "hold") == 0 && is_left_of(r, detail, *said))
		*said |= RESERVED | RECORDED;
	*said |= strcmp(e->kind, "hold") == 0 ? HELD : REVOKED;
	*said |= (uint16_t)REASON(reason > 0 ? reason : 0);
}

int
replay_entry(struct replay *r, const struct entry_row *e,
    const WIRE_FIELDS *detail)
{
	int issue = strcmp(e->kind, "issue.reserved") == 0 ||
	    strcmp(e->kind, "issue.recorded") == 0 ||
	    strcmp(e->kind, "issue.aborted") == 0;
	int merged = strcmp(e->kind, "issue.merged") == 0;
	int state = strcmp(e->kind, "revoke") == 0 ||
	    strcmp(e->kind, "hold") == 0 || strcmp(e->kind, "release") == 0;
	int found;

	if (!issue && !state && !merged)
		return 1;
	found = find_cert(r, detail);
	if (found == 1 && r->row.id < r->n) {
		if (issue)
			follow_issue(r, e, detail);
		else if (merged)
			follow_merge(r, e, detail);
		else
			follow_state(r, e, detail);
	} else if (found == 0) {
		audit_say(r->a, "missing", e->index, detail,
		    "%s: the store has no such certificate", e->kind);
	}
	return found >= 0;
}

static enum cert_state
state_of(unsigned said)
{
	return said & REVOKED ? CERT_REVOKED
	    : said & HELD     ? CERT_HELD
	    : said & ABORTED  ? CERT_ABORTED
	    : said & RECORDED ? CERT_VALID
			      : CERT_RESERVED;
}

static void
compare_state(struct replay *r, const struct cert_row *row, unsigned said)
{
	enum cert_state was = state_of(said);

	if (said == 0) {
		audit_say_cert(r->a, "missing", -1, row,
		    "the store has this certificate (%s), the log has no entry "
		    "of it", certs_state_name(row->state));
		return;
	}
	if (row->recorded_at != 0 && !(said & RECORDED))
		audit_say_cert(r->a, "missing", -1, row,
		    "no entry issue.recorded");
	if (row->state != was)
		audit_say_cert(r->a, "changed", -1, row,
		    "%s in the store, %s by the log's entries",
		    certs_state_name(row->state), certs_state_name(was));
	else if ((was == CERT_REVOKED || was == CERT_HELD) &&
	    (row->reason > 0 ? (unsigned)row->reason : 0) != REASON_OF(said))
		audit_say_cert(r->a, "changed", -1, row,
		    "reason %s in the store, %s by the log's entries",
		    reasons_name(row->reason > 0 ? row->reason : 0),
		    reasons_name((int)REASON_OF(said)));
}

/* The certificate itself: the log has seen its hash. */
static int
compare_der(struct replay *r, const struct cert_row *row)
{
	unsigned char *der = NULL, md[32];
	size_t len = 0;
	int found;

	if (row->recorded_at == 0)
		return 1;
	found = certs_der(r->tx, row->id, &der, &len);
	if (found == 0)
		audit_say_cert(r->a, "missing", -1, row,
		    "the store has lost the certificate itself");
	if (found == 1 && (SHA256(der, len, md) == NULL ||
			      memcmp(md, row->cert_sha256, 32) != 0))
		audit_say_cert(r->a, "changed", -1, row,
		    "the certificate in the store is not the recorded one");
	OPENSSL_free(der);
	return found >= 0;
}

static int
end_one(const struct cert_row *row, void *arg)
{
	struct replay *r = arg;

	r->last = row->id;
	r->page++;
	r->a->r->certs++;
	if (row->id < r->n)
		compare_state(r, row, r->said[row->id]);
	r->failed = !compare_der(r, row);
	return !r->failed;
}

int
replay_end(struct replay *r)
{
	struct cert_filter f = {.limit = PAGE};

	do {
		f.after_id = r->last;
		r->page = 0;
		if (!certs_list(r->tx, &f, end_one, r) || r->failed)
			return 0;
	} while (r->page == PAGE);
	return 1;
}
