#include <stdio.h>
#include <string.h>
#include <time.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include "ca/merge/private.h"
#include "ca/store/devices.h"
#include "profiles/der.h"
#include "profiles/profile.h"

/* A certificate that somebody still had becomes a row, or completes one. */

static const unsigned char none[32];

static int
check_cert(void *cert, EVP_PKEY *key)
{
	return X509_verify(cert, key);
}

static int
take_time(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	*out = (int64_t)timegm(&tm);
	return 1;
}

/* As issuing writes it (ca/engine/issue_row.c). */
static int
take_subject(const X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (bio == NULL)
		return 0;
	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	n = BIO_get_mem_data(bio, &text);
	if (n >= (long)size)
		n = (long)size - 1;
	memcpy(out, text, (size_t)n);
	/* Not within a character. */
	while (n > 0 && n == (long)size - 1 &&
	    ((unsigned char)out[n - 1] & 0x80) != 0)
		n--;
	out[n] = '\0';
	BIO_free(bio);
	return 1;
}

/* What stands in the certificate itself. */
static int
read_cert(struct cert_row *row, X509 *cert, const unsigned char *der,
    size_t len)
{
	struct der whole = {der, len}, tbs;
	unsigned char *spki = NULL;
	int n;

	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
	if (n > 0)
		SHA256(spki, (size_t)n, row->spki_sha256);
	OPENSSL_free(spki);
	if (n <= 0 || !der_only(whole, DER_SEQUENCE, &whole) ||
	    !der_take_whole(&whole, DER_SEQUENCE, &tbs))
		return 0;
	SHA256(tbs.p, tbs.len, row->tbs_sha256);
	SHA256(der, len, row->cert_sha256);
	return take_time(X509_get0_notBefore(cert), &row->not_before) &&
	    take_time(X509_get0_notAfter(cert), &row->not_after) &&
	    take_subject(cert, row->subject, sizeof(row->subject));
}

static void
belong(struct cert_row *row, const struct cert_row *kin)
{
	if (row->device[0] == '\0') {
		memcpy(row->fleet, kin->fleet, sizeof(row->fleet));
		memcpy(row->device, kin->device, sizeof(row->device));
	}
	if (row->profile[0] == '\0')
		memcpy(row->profile, kin->profile, sizeof(row->profile));
}

/* The device of the registry that is called as the certificate is. */
static int
find_device(struct merge *m, X509 *cert, struct cert_row *row)
{
	struct device_row d;
	char cn[DEVICE_NAME_MAX + 1];
	int found;

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		NID_commonName, cn, sizeof(cn)) <= 0)
		return 1;
	ERR_set_mark();
	found = devices_get_by_name(m->tx, cn, &d);
	ERR_pop_to_mark();	/* several fleets have one: it is not told */
	if (found == 1) {
		memcpy(row->fleet, d.fleet, sizeof(row->fleet));
		snprintf(row->device, sizeof(row->device), "%s", d.name);
	}
	return 1;
}

static int
take_last(const struct cert_row *row, void *arg)
{
	if (row->profile[0] != '\0')
		*(struct cert_row *)arg = *row;
	return 1;
}

/* Its other certificates say by which profile. */
static int
find_profile(struct merge *m, struct cert_row *row)
{
	struct cert_filter f = {.fleet = row->fleet, .device = row->device};
	struct cert_row last = {.id = 0};

	if (row->device[0] == '\0' || row->profile[0] != '\0')
		return 1;
	if (!certs_list(m->tx, &f, take_last, &last))
		return 0;
	belong(row, &last);
	return 1;
}

/* Whose is it? An opened entry has said so (the row has a device), or another
   certificate on its key, or the registry. */
static int
attribute(struct merge *m, X509 *cert, struct cert_row *row)
{
	struct cert_row same;
	int found;

	if (row->device[0] == '\0') {
		found = certs_next_on_key(m->tx, row->spki_sha256, 0, &same);
		if (found < 0)
			return 0;
		if (found == 1 && same.id != row->id)
			belong(row, &same);
	}
	if (row->device[0] == '\0' && !find_device(m, cert, row))
		return 0;
	return find_profile(m, row);
}

static int
log_cert(struct merge *m, const struct cert_row *row)
{
	WIRE_FIELDS *l = field_list_new();
	char serial[2 * CERT_SERIAL_MAX + 1], tbs[65], cert[65];
	size_t i;
	int ok;

	merge_serial_text(row->serial, row->serial_len, serial);
	for (i = 0; i < 32; i++) {
		snprintf(tbs + 2 * i, 3, "%02x", row->tbs_sha256[i]);
		snprintf(cert + 2 * i, 3, "%02x", row->cert_sha256[i]);
	}
	ok = l != NULL && field_add_text(l, "issuer", row->issuer_ident) &&
	    field_add_text(l, "serial", serial) &&
	    field_add_text(l, "tbs_sha256", tbs) &&
	    field_add_text(l, "cert_sha256", cert) &&
	    field_add_text(l, "subject", row->subject) &&
	    field_add_text(l, "profile", row->profile) &&
	    field_add_text(l, "fleet", row->fleet) &&
	    field_add_text(l, "device", row->device) &&
	    field_add_text(l, "who", m->q->who) &&
	    entries_append(m->tx, "issue.merged", m->q->now, l, NULL);
	field_list_free(l);
	return ok;
}

static void
tell_row(struct merge *m, const struct cert_row *row, const char *path)
{
	if (row->device[0] != '\0')
		return;
	m->r->unattributed++;
	fprintf(m->q->told, "%s: %s: it cannot be told whose device has it\n",
	    path, row->subject);
}

/* The latest that it can have been issued. */
static int64_t
latest(const struct cert_row *row)
{
	return row->not_before + PROFILE_BACKDATE_MAX;
}

static int
add_row(struct merge *m, X509 *cert, struct cert_row *row,
    const unsigned char *der, size_t len, const char *path)
{
	row->reserved_at = row->not_before;
	if (!attribute(m, cert, row) || !certs_reserve(m->tx, row) ||
	    !certs_record(m->tx, row->id, der, len, m->q->now) ||
	    !log_cert(m, row) || !merge_explains(m, latest(row)))
		return 0;
	m->r->certs++;
	tell_row(m, row, path);
	return 1;
}

static int
duplicate(const char *path, const char *why)
{
	return MERGE_REFUSE("merge.duplicate: %s: the store has another "
	    "certificate of this serial number (%s)", path, why);
}

/* ${row}: as it is in the store; ${is}: what the certificate says. */
static int
complete_row(struct merge *m, X509 *cert, struct cert_row *row,
    const struct cert_row *is, const unsigned char *der, size_t len,
    const char *path)
{
	int told = memcmp(row->cert_sha256, none, 32) != 0;
	int reserved = row->state == CERT_RESERVED;

	if (told && memcmp(row->cert_sha256, is->cert_sha256, 32) != 0)
		return duplicate(path, "by the hash in the log");
	if (memcmp(row->tbs_sha256, none, 32) != 0 &&
	    memcmp(row->tbs_sha256, is->tbs_sha256, 32) != 0)
		return duplicate(path, "by what was reserved");
	if (row->state == CERT_ABORTED) {
		fprintf(m->q->told, "%s: the store took it for aborted: revoke "
		    "it, or have the device enrol again\n", path);
		return 1;
	}
	row->not_before = is->not_before;
	row->not_after = is->not_after;
	memcpy(row->subject, is->subject, sizeof(row->subject));
	memcpy(row->spki_sha256, is->spki_sha256, 32);
	memcpy(row->tbs_sha256, is->tbs_sha256, 32);
	memcpy(row->cert_sha256, is->cert_sha256, 32);
	if (!attribute(m, cert, row) ||
	    !certs_complete(m->tx, row, der, len, m->q->now) ||
	    (row->state == CERT_REVOKED &&
		!merge_block_key(m, row, row->reason)) ||
	    (reserved && !merge_explains(m, latest(is))))
		return 0;
	m->r->completed++;
	tell_row(m, row, path);
	/* An entry of the log has told its hash already. */
	return told || log_cert(m, row);
}

static int
place(struct merge *m, X509 *cert, struct cert_row *is,
    const unsigned char *der, size_t len, const char *path)
{
	unsigned char *old = NULL;
	struct cert_row row;
	size_t old_len = 0;
	int found, has;

	found = certs_by_serial(m->tx, is->issuer, is->serial, is->serial_len,
	    &row);
	if (found < 0)
		return 0;
	if (found == 0)
		return add_row(m, cert, is, der, len, path);
	has = certs_der(m->tx, row.id, &old, &old_len);
	found = has == 1 && old_len == len && memcmp(old, der, len) == 0;
	OPENSSL_free(old);
	if (has < 0)
		return 0;
	if (has == 0)
		return complete_row(m, cert, &row, is, der, len, path);
	m->r->known += found;
	return found || duplicate(path, "and it is another one");
}

int
merge_cert(struct merge *m, X509 *cert, const char *path)
{
	const struct merge_issuer *is;
	unsigned char *der = NULL;
	struct merge_serial s;
	struct cert_row row;
	unsigned char md[32];
	int n, have, ok = 0;

	if ((n = i2d_X509(cert, &der)) <= 0) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	SHA256(der, (size_t)n, md);
	have = merge_issuers_have(m, md);
	if (have != 0) {
		m->r->known += have == 1;
		ok = have == 1;
		goto out;
	}
	is = merge_issuers_of(m, X509_get_issuer_name(cert), check_cert, cert,
	    "certificate", path);
	if (is == NULL)
		goto out;
	if (!merge_serial_number(is, X509_get0_serialNumber(cert), &s)) {
		ok = MERGE_REFUSE("merge.foreign: %s: no serial number of "
		    "ours", path);
		goto out;
	}
	merge_row_begin(m, &s, &row);
	if (read_cert(&row, cert, der, (size_t)n))
		ok = place(m, cert, &row, der, (size_t)n, path);
	else
		ok = MERGE_REFUSE("merge.file: %s: its times or key cannot "
		    "be read", path);
out:
	OPENSSL_free(der);
	return ok;
}
