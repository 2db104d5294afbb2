#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "profiles/der.h"
#include "ca/engine/issue_row.h"

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
read_tbs(struct cert_row *row, const struct issue_tbs *from)
{
	struct der tbs = {from->der, from->len}, subject, validity;
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

int
issue_row_fill(struct cert_row *row, const struct issue_job *job,
    const struct issue_tbs *tbs, time_t now)
{
	const unsigned char *spki = job->spki;
	size_t spki_len = job->spki_len;

	memset(row, 0, sizeof(*row));
	row->issuer = job->issuer->row.id;
	copy(row->issuer_ident, sizeof(row->issuer_ident),
	    job->issuer->row.ident);
	memcpy(row->serial, tbs->serial, sizeof(tbs->serial));
	row->serial_len = sizeof(tbs->serial);
	row->shard = tbs->shard;
	row->state = CERT_RESERVED;
	row->reason = CERT_REASON_NONE;
	copy(row->profile, sizeof(row->profile), job->profile->name);
	row->policy_version = job->policy_version;
	copy(row->fleet, sizeof(row->fleet), job->fleet);
	copy(row->device, sizeof(row->device), job->device);
	copy(row->requester, sizeof(row->requester), job->requester);
	copy(row->auth, sizeof(row->auth), job->auth);
	join_notes(row->deviations, sizeof(row->deviations), job->deviations,
	    tbs->notes);
	row->predecessor = job->predecessor;
	row->reserved_at = now;
	if (job->csr != NULL)
		spki = csr_spki(job->csr, &spki_len);
	SHA256(tbs->der, tbs->len, row->tbs_sha256);
	return spki_sha256(spki, spki_len, row->spki_sha256) &&
	    read_tbs(row, tbs);
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

int
issue_row_log(struct store_tx *tx, const char *kind,
    const struct cert_row *row, int64_t now)
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
