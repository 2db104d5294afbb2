#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/admit.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/fault.h"
#include "ca/engine/kept.h"
#include "ca/engine/load.h"
#include "ca/report/report.h"
#include "hsm/hsm.h"
#include "ca/store/facts.h"
#include "ca/store/records.h"
#include "profiles/conform.h"
#include "ca/engine/issue.h"
#include "ca/engine/issue_row.h"

struct issue {			/* one run of the pipeline */
	const struct issue_job *job;
	time_t now;
	struct issued *out;
	struct issue_tbs tbs;
	struct build_issuer issuer;	/* with the shard's address */
	char crl_url[CRL_URL_MAX];
	unsigned char *kept;	/* of a CSR, for a later replay */
	size_t kept_len;
};

void
issued_clear(struct issued *i)
{
	OPENSSL_free(i->der);
	i->der = NULL;
	i->der_len = 0;
}

/* 20 octets, positive, never a leading zero: 158 bits from the CSPRNG. */
static int
make_serial(unsigned char serial[BUILD_SERIAL_LEN])
{
	if (RAND_bytes(serial, BUILD_SERIAL_LEN) != 1) {
		ca_raise(CA_E_INTERNAL, "no random octets for a serial");
		return 0;
	}
	serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
	return 1;
}

/* The serial decides which of the CA's CRLs will list the certificate. */
static void
choose_shard(struct issue *is)
{
	const struct issuer_row *row = &is->job->issuer->row;

	is->issuer = is->job->issuer->build;
	is->tbs.shard = crl_shard_of(row, is->tbs.serial,
	    sizeof(is->tbs.serial));
	if (row->crl_shards == 0)
		return;
	crl_shard_url(row, is->tbs.shard, is->crl_url);
	is->issuer.crl_url = is->crl_url;
}

static int
build(struct issue *is)
{
	const struct issue_job *job = is->job;
	struct build_request req = {
	    .profile = job->profile,
	    .issuer = &is->issuer,
	    .csr = job->csr,
	    .spki = job->spki,
	    .spki_len = job->spki_len,
	    .fields = job->fields,
	    .n_fields = job->n_fields,
	    .serial = is->tbs.serial,
	    .now = is->now,
	    .attested = job->attested,
	    .subject = job->subject,
	    .subject_len = job->subject_len,
	    .san = job->san,
	    .san_len = job->san_len,
	    .key_id = job->key_id,
	    .key_id_len = job->key_id_len,
	};

	choose_shard(is);
	return build_tbs(&req, &is->tbs.der, &is->tbs.len, is->tbs.notes);
}

static int
conform(struct issue *is)
{
	const struct issue_job *job = is->job;
	struct conform_context ctx = {
	    .profile = job->profile,
	    .issuer = &is->issuer,
	    .spki = job->spki,
	    .spki_len = job->spki_len,
	    .serial = is->tbs.serial,
	    .now = is->now,
	    .attested = job->attested,
	    .fields = job->fields,
	    .n_fields = job->n_fields,
	    .renewed = job->subject != NULL && !job->by_rules,
	    .key_id = job->key_id,
	    .key_id_len = job->key_id_len,
	};

	if (job->csr != NULL)
		ctx.spki = csr_spki(job->csr, &ctx.spki_len);
	return conform_tbs(&ctx, is->tbs.der, is->tbs.len);
}

/* Built, and judged by other code than built it. */
static int
prepare(struct issue *is, struct outcome *o)
{
	if (!build(is))
		return outcome_from_errors(o, "build");
	return conform(is) || outcome_from_errors(o, "conform");
}

int
issue_try(const struct issue_job *job, const unsigned char *serial, time_t now,
    struct issue_tbs *out, struct outcome *o)
{
	struct issue is = {.job = job, .now = now};
	int ok;

	memcpy(is.tbs.serial, serial, BUILD_SERIAL_LEN);
	ok = prepare(&is, o);
	if (!ok) {
		OPENSSL_free(is.tbs.der);
		is.tbs.der = NULL;
	}
	*out = is.tbs;
	return ok;
}

static int
keep(struct store_tx *tx, const struct issue *is)
{
	const struct issue_job *job = is->job;
	const unsigned char *csr;
	size_t len;

	if (job->facts != NULL &&
	    !facts_add(tx, is->out->row.id, job->facts, job->facts_len))
		return 0;
	if (job->evidence != NULL &&
	    !evidence_record(tx, job->evidence, is->out->row.id, is->now))
		return 0;
	if (is->kept == NULL)
		return 1;
	csr = csr_der(is->job->csr, &len);
	return requests_add(tx, is->out->row.id, csr, len, is->kept,
	    is->kept_len);
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	struct issue *is = arg;
	const struct issue_job *job = is->job;

	if (job->guard != NULL && !job->guard(tx, job->guard_arg,
	    &is->out->row, is->now))
		return 0;
	return certs_reserve(tx, &is->out->row) && keep(tx, is) &&
	    issue_row_log(tx, "issue.reserved", &is->out->row, is->now);
}

static int
record_tx(struct store_tx *tx, void *arg)
{
	struct issue *is = arg;
	struct issued *out = is->out;

	return certs_record(tx, out->row.id, out->der, out->der_len,
	    is->now) && issue_row_log(tx, "issue.recorded", &out->row, is->now);
}

int
issue_abort(struct store_tx *tx, const struct cert_row *row, int64_t now)
{
	struct cert_row aborted = *row;

	aborted.state = CERT_ABORTED;
	return certs_set_state(tx, row->id, CERT_ABORTED, CERT_REASON_NONE,
	    now) && issue_row_log(tx, "issue.aborted", &aborted, now) &&
	    admit_unguard(tx, row);
}

static int
abort_tx(struct store_tx *tx, void *arg)
{
	struct issue *is = arg;

	return issue_abort(tx, &is->out->row, is->now);
}

static int
recorded_tx(struct store_tx *tx, void *arg)
{
	const struct issued *out = arg;
	struct cert_row row;

	return certs_by_id(tx, out->row.id, &row) == 1 &&
	    row.state == CERT_VALID &&
	    memcmp(row.cert_sha256, out->row.cert_sha256, 32) == 0;
}

/* A write can fail after it became durable, when status.db could not be told.
   Then the certificate is issued, and to keep it back would lock its device
   out; status.db catches up. */
static int
record(struct store *store, struct issue *is)
{
	if (store_write(store, record_tx, is, 0))
		return 1;
	if (!store_read(store, recorded_tx, is->out))
		return 0;
	report_errors(REPORT_ERROR, "issue.unpublished", NULL);
	return 1;
}

static int
sign(struct issue *is)
{
	struct issued *out = is->out;
	uint64_t start = load_clock();
	int ok;

	if (is->job->issuer->key == NULL) {
		ca_raise(CA_E_SIGN, "issuer %s: no signing key",
		    is->job->issuer->row.ident);
		return 0;
	}
	ok = build_sign(is->tbs.der, is->tbs.len, is->job->issuer->key,
	    &out->der, &out->der_len);
	load_step(is->job->load, LOAD_SIGN, start);
	if (ok)
		return 1;
	ca_raise(CA_E_SIGN, "issuer %s: signing failed",
	    is->job->issuer->row.ident);
	return 0;
}

static int
compare(struct issue *is)
{
	struct issued *out = is->out;

	if (!conform_signed(out->der, out->der_len, is->tbs.der, is->tbs.len,
	    is->job->issuer->verify)) {
		ca_raise(CA_E_SIGN, "issuer %s: what the token signed is not "
		    "what was reserved", is->job->issuer->row.ident);
		hsm_key_wrong(is->job->issuer->key,
		    "a certificate's signature does not verify");
		return 0;
	}
	SHA256(out->der, out->der_len, out->row.cert_sha256);
	return 1;
}

/* From the reservation on, a failure closes it as aborted. */
static int
sign_and_record(struct store *store, struct issue *is, struct outcome *o)
{
	const char *stage = "sign";
	uint64_t start;

	fault_point("reserved");
	if (!sign(is))
		goto abort;
	fault_point("signed");
	if (!compare(is))
		goto abort;
	is->out->row.state = CERT_VALID;
	stage = "record";
	fault_point("compared");
	start = load_clock();
	if (!record(store, is))
		goto abort;
	load_step(is->job->load, LOAD_RECORD, start);
	is->out->row.recorded_at = is->now;
	fault_point("recorded");
	return 1;
abort:
	outcome_from_errors(o, stage);
	is->out->row.state = CERT_ABORTED;
	ERR_set_mark();
	(void)store_write(store, abort_tx, is, STORE_URGENT);
	ERR_pop_to_mark();
	return 0;
}

static int
reserve(struct store *store, struct issue *is)
{
	uint64_t start = load_clock();
	int ok = store_write(store, reserve_tx, is, 0);

	load_step(is->job->load, LOAD_RESERVE, start);
	return ok;
}

/* Of what was reserved one or the other becomes. */
static int
count_end(const struct issue *is, int ok)
{
	struct ca_load *l = is->job->load;

	if (l != NULL)
		atomic_fetch_add(ok ? &l->issued : &l->aborted, 1);
	return ok;
}

/* All that is reserved. */
static int
make(struct issue *is, struct outcome *o)
{
	const struct issue_job *job = is->job;

	if (!make_serial(is->tbs.serial))
		return outcome_from_errors(o, "build");
	if (!prepare(is, o))
		return 0;
	if (issue_row_fill(&is->out->row, job, &is->tbs, is->now) &&
	    (job->csr == NULL || kept_encode(job, &is->kept, &is->kept_len)))
		return 1;
	return outcome_from_errors(o, "build");
}

int
issue_cert(struct store *store, const struct issue_job *job, time_t now,
    struct issued *out, struct outcome *o)
{
	struct issue is = {.job = job, .now = now, .out = out};
	int ok = 0;

	memset(out, 0, sizeof(*out));
	if (make(&is, o)) {
		fault_point("conformed");
		ok = reserve(store, &is);
		if (!ok)
			outcome_from_errors(o, "reserve");
		else
			ok = count_end(&is, sign_and_record(store, &is, o));
	}
	OPENSSL_free(is.tbs.der);
	OPENSSL_free(is.kept);
	if (!ok)
		issued_clear(out);
	return ok;
}

struct closing {
	time_t now;
	int64_t before;
	size_t n;
};

static int
close_one(struct store_tx *tx, const struct cert_row *row, void *arg)
{
	struct closing *c = arg;
	struct cert_row aborted = *row;

	aborted.state = CERT_ABORTED;
	return admit_unguard(tx, row) &&
	    issue_row_log(tx, "issue.aborted", &aborted, c->now);
}

static int
close_tx(struct store_tx *tx, void *arg)
{
	struct closing *c = arg;

	return certs_abort_stale(tx, c->before, c->now, close_one, c, &c->n);
}

static int
close_before(struct store *store, time_t now, int64_t before, size_t *n)
{
	struct closing c = {now, before, 0};
	int ok = store_write(store, close_tx, &c, STORE_URGENT);

	*n = ok ? c.n : 0;
	return ok;
}

int
issue_close_open(struct store *store, time_t now, size_t *n)
{
	return close_before(store, now, INT64_MAX, n);
}

int
issue_close_stale(struct store *store, time_t now, time_t before, size_t *n)
{
	return close_before(store, now, before, n);
}
