#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/admit.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/fault.h"
#include "ca/engine/kept.h"
#include "ca/report/report.h"
#include "ca/store/records.h"
#include "profiles/conform.h"
#include "profiles/der.h"
#include "ca/engine/issue.h"

struct issue {			/* one run of the pipeline */
	const struct issue_job *job;
	time_t now;
	struct issued *out;
	unsigned char serial[BUILD_SERIAL_LEN];
	int shard;			/* of the CRLs, by the serial */
	struct build_issuer issuer;	/* with that shard's address */
	char crl_url[CRL_URL_MAX];
	unsigned char *tbs;
	size_t tbs_len;
	unsigned char *kept;	/* of a CSR, for a later replay */
	size_t kept_len;
	char notes[BUILD_NOTES_MAX];
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
	is->shard = crl_shard_of(row, is->serial, sizeof(is->serial));
	if (row->crl_shards == 0)
		return;
	crl_shard_url(row, is->shard, is->crl_url);
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
	    .serial = is->serial,
	    .now = is->now,
	    .attested = job->attested,
	    .subject = job->subject,
	    .subject_len = job->subject_len,
	    .san = job->san,
	    .san_len = job->san_len,
	    .key_id = job->key_id,
	    .key_id_len = job->key_id_len,
	};

	if (!make_serial(is->serial))
		return 0;
	choose_shard(is);
	return build_tbs(&req, &is->tbs, &is->tbs_len, is->notes);
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
	    .serial = is->serial,
	    .now = is->now,
	    .attested = job->attested,
	    .fields = job->fields,
	    .n_fields = job->n_fields,
	    .renewed = job->subject != NULL,
	    .key_id = job->key_id,
	    .key_id_len = job->key_id_len,
	};

	if (job->csr != NULL)
		ctx.spki = csr_spki(job->csr, &ctx.spki_len);
	return conform_tbs(&ctx, is->tbs, is->tbs_len);
}

static void
copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text == NULL ? "" : text);
}

/* What was cut must not end within a character: the log takes UTF-8 only. */
static void
trim(char *text)
{
	size_t n = strlen(text), k = n, want;
	unsigned char lead;

	while (k > 0 && n - k < 3 &&
	    ((unsigned char)text[k - 1] & 0xc0) == 0x80)
		k--;
	lead = k > 0 ? (unsigned char)text[k - 1] : 0;
	if (lead < 0xc0)
		return;
	want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (n - (k - 1) < want)
		text[k - 1] = '\0';
}

/* Both lists of deviations, cut where the row ends. */
static void
join_notes(char *out, size_t size, const char *a, const char *b)
{
	size_t n, m = strlen(b);

	copy(out, size, a);
	n = strlen(out);
	if (n > 0 && m > 0 && n + 2 < size) {
		strcpy(out + n, "; ");
		n += 2;
	}
	if (m > size - n - 1)
		m = size - n - 1;
	memcpy(out + n, b, m);
	out[n + m] = '\0';
	trim(out);
}

static void
describe(struct cert_row *row, X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (bio == NULL)
		return;
	X509_NAME_print_ex(bio, name, 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	n = BIO_get_mem_data(bio, &text);
	if (n >= (long)sizeof(row->subject))
		n = sizeof(row->subject) - 1;
	memcpy(row->subject, text, (size_t)n);
	row->subject[n] = '\0';
	trim(row->subject);
	BIO_free(bio);
}

/* The next time of a validity. */
static int
take_time(struct der *validity, int64_t *out)
{
	unsigned char tag;
	struct der whole;
	const unsigned char *p;
	ASN1_TIME *t = NULL;
	struct tm tm;
	int ok;

	memset(&tm, 0, sizeof(tm));
	if (!der_take_any(validity, &tag, NULL, &whole) ||
	    (tag != DER_UTCTIME && tag != DER_GENERALIZEDTIME))
		return 0;
	p = whole.p;
	t = d2i_ASN1_TIME(NULL, &p, (long)whole.len);
	ok = t != NULL && ASN1_TIME_to_tm(t, &tm) == 1;
	if (ok)
		*out = (int64_t)timegm(&tm);
	ASN1_TIME_free(t);
	return ok;
}

/* The row says what the TBS says: validity and subject are read back. Walked
   over, since extensions and key would be decoded for nothing. */
static int
read_tbs(struct issue *is)
{
	struct cert_row *row = &is->out->row;
	struct der tbs = {is->tbs, is->tbs_len}, subject, validity;
	const unsigned char *p;
	X509_NAME *name = NULL;
	int ok = 0;

	if (der_only(tbs, DER_SEQUENCE, &tbs) &&
	    der_take(&tbs, DER_CONTEXT_CONS(0), NULL) &&
	    der_take(&tbs, DER_INTEGER, NULL) &&
	    der_take(&tbs, DER_SEQUENCE, NULL) &&
	    der_take(&tbs, DER_SEQUENCE, NULL) &&
	    der_take(&tbs, DER_SEQUENCE, &validity) &&
	    der_take_whole(&tbs, DER_SEQUENCE, &subject) &&
	    take_time(&validity, &row->not_before) &&
	    take_time(&validity, &row->not_after)) {
		p = subject.p;
		name = d2i_X509_NAME(NULL, &p, (long)subject.len);
		ok = name != NULL;
	}
	if (ok)
		describe(row, name);
	else
		ca_raise(CA_E_INTERNAL, "the TBS cannot be read back");
	X509_NAME_free(name);
	return ok;
}

static int
fill_row(struct issue *is)
{
	const struct issue_job *job = is->job;
	struct cert_row *row = &is->out->row;
	const unsigned char *spki = job->spki;
	size_t spki_len = job->spki_len;

	memset(row, 0, sizeof(*row));
	row->issuer = job->issuer->row.id;
	copy(row->issuer_ident, sizeof(row->issuer_ident),
	    job->issuer->row.ident);
	memcpy(row->serial, is->serial, sizeof(is->serial));
	row->serial_len = sizeof(is->serial);
	row->shard = is->shard;
	row->state = CERT_RESERVED;
	row->reason = CERT_REASON_NONE;
	copy(row->profile, sizeof(row->profile), job->profile->name);
	row->policy_version = job->policy_version;
	copy(row->fleet, sizeof(row->fleet), job->fleet);
	copy(row->device, sizeof(row->device), job->device);
	copy(row->requester, sizeof(row->requester), job->requester);
	copy(row->auth, sizeof(row->auth), job->auth);
	join_notes(row->deviations, sizeof(row->deviations), job->deviations,
	    is->notes);
	row->predecessor = job->predecessor;
	row->reserved_at = is->now;
	if (job->csr != NULL)
		spki = csr_spki(job->csr, &spki_len);
	SHA256(is->tbs, is->tbs_len, row->tbs_sha256);
	return spki_sha256(spki, spki_len, row->spki_sha256) && read_tbs(is);
}

static int
add_hex(WIRE_FIELDS *l, const char *name, const unsigned char *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * 64 + 1];
	size_t i;

	for (i = 0; i < len && i < 64; i++) {
		hex[2 * i] = digits[p[i] >> 4];
		hex[2 * i + 1] = digits[p[i] & 15];
	}
	hex[2 * i] = '\0';
	return field_add_text(l, name, hex);
}

static int
log_entry(struct store_tx *tx, const char *kind, const struct cert_row *row,
    int64_t now)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "issuer", row->issuer_ident) &&
	    add_hex(l, "serial", row->serial, row->serial_len) &&
	    add_hex(l, "tbs_sha256", row->tbs_sha256, 32);
	if (ok && row->state == CERT_RESERVED)
		ok = field_add_text(l, "profile", row->profile) &&
		    field_add_int(l, "policy_version", row->policy_version) &&
		    field_add_text(l, "subject", row->subject) &&
		    field_add_text(l, "fleet", row->fleet) &&
		    field_add_text(l, "device", row->device) &&
		    field_add_text(l, "requester", row->requester) &&
		    field_add_text(l, "auth", row->auth) &&
		    field_add_text(l, "deviations", row->deviations);
	if (ok && row->state == CERT_VALID)
		ok = add_hex(l, "cert_sha256", row->cert_sha256, 32);
	ok = ok && entries_append(tx, kind, now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
keep(struct store_tx *tx, const struct issue *is)
{
	const unsigned char *csr;
	size_t len;

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
	    log_entry(tx, "issue.reserved", &is->out->row, is->now);
}

static int
record_tx(struct store_tx *tx, void *arg)
{
	struct issue *is = arg;
	struct issued *out = is->out;

	return certs_record(tx, out->row.id, out->der, out->der_len,
	    is->now) && log_entry(tx, "issue.recorded", &out->row, is->now);
}

int
issue_abort(struct store_tx *tx, const struct cert_row *row, int64_t now)
{
	struct cert_row aborted = *row;

	aborted.state = CERT_ABORTED;
	return certs_set_state(tx, row->id, CERT_ABORTED, CERT_REASON_NONE,
	    now) && log_entry(tx, "issue.aborted", &aborted, now);
}

static int
abort_tx(struct store_tx *tx, void *arg)
{
	struct issue *is = arg;

	return issue_abort(tx, &is->out->row, is->now) &&
	    admit_unguard(tx, &is->out->row);
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

	if (is->job->issuer->key == NULL) {
		ca_raise(CA_E_SIGN, "issuer %s: no signing key",
		    is->job->issuer->row.ident);
		return 0;
	}
	if (build_sign(is->tbs, is->tbs_len, is->job->issuer->key, &out->der,
	    &out->der_len))
		return 1;
	ca_raise(CA_E_SIGN, "issuer %s: signing failed",
	    is->job->issuer->row.ident);
	return 0;
}

static int
compare(struct issue *is)
{
	struct issued *out = is->out;

	if (!conform_signed(out->der, out->der_len, is->tbs, is->tbs_len,
	    is->job->issuer->verify)) {
		ca_raise(CA_E_SIGN, "issuer %s: what the token signed is not "
		    "what was reserved", is->job->issuer->row.ident);
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

	fault_point("reserved");
	if (!sign(is))
		goto abort;
	fault_point("signed");
	if (!compare(is))
		goto abort;
	is->out->row.state = CERT_VALID;
	stage = "record";
	fault_point("compared");
	if (!record(store, is))
		goto abort;
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

int
issue_cert(struct store *store, const struct issue_job *job, time_t now,
    struct issued *out, struct outcome *o)
{
	struct issue is = {.job = job, .now = now, .out = out};
	int ok = 0;

	memset(out, 0, sizeof(*out));
	if (!build(&is))
		outcome_from_errors(o, "build");
	else if (!conform(&is))
		outcome_from_errors(o, "conform");
	else if (!fill_row(&is) || (job->csr != NULL &&
	    !kept_encode(job, &is.kept, &is.kept_len)))
		outcome_from_errors(o, "build");
	else {
		fault_point("conformed");
		ok = store_write(store, reserve_tx, &is, 0);
		if (!ok)
			outcome_from_errors(o, "reserve");
		else
			ok = sign_and_record(store, &is, o);
	}
	OPENSSL_free(is.tbs);
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
	    log_entry(tx, "issue.aborted", &aborted, c->now);
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
