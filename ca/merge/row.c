#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>
#include "ca/merge/private.h"
#include "ca/store/reasons.h"
#include "profiles/build.h"

/* Rows of certificates by their serial number, and how they are revoked. */

static int
set_serial(struct merge_serial *out, const struct merge_issuer *is,
    const unsigned char *p, size_t len)
{
	while (len > 1 && *p == 0) {
		p++;
		len--;
	}
	if (len < 1 || len > sizeof(out->serial))
		return 0;
	out->issuer = is;
	memcpy(out->serial, p, len);
	out->len = len;
	return 1;
}

int
merge_serial_hex(struct merge *m, const char *ident, const char *hex,
    struct merge_serial *out)
{
	const struct merge_issuer *is = merge_issuers_named(m, ident);
	unsigned char raw[64];
	size_t len = 0;
	int ok;

	ERR_set_mark();
	ok = is != NULL &&
	    OPENSSL_hexstr2buf_ex(raw, sizeof(raw), &len, hex, '\0');
	ERR_pop_to_mark();
	return ok && set_serial(out, is, raw, len);
}

int
merge_serial_number(const struct merge_issuer *is, const ASN1_INTEGER *n,
    struct merge_serial *out)
{
	return ASN1_STRING_type(n) == V_ASN1_INTEGER &&
	    set_serial(out, is, ASN1_STRING_get0_data(n),
		(size_t)ASN1_STRING_length(n));
}

void
merge_serial_text(const unsigned char *p, size_t len,
    char out[2 * CERT_SERIAL_MAX + 1])
{
	size_t i;

	out[0] = '\0';
	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

void
merge_row_begin(const struct merge *m, const struct merge_serial *s,
    struct cert_row *row)
{
	memset(row, 0, sizeof(*row));
	row->issuer = s->issuer->id;
	snprintf(row->issuer_ident, sizeof(row->issuer_ident), "%s",
	    s->issuer->ident);
	memcpy(row->serial, s->serial, s->len);
	row->serial_len = s->len;
	row->shard = crls_shard_of(s->issuer->shards, s->serial, s->len);
	row->reason = CERT_REASON_NONE;
	row->not_after = s->issuer->not_after;
	row->reserved_at = m->q->now;
	snprintf(row->requester, sizeof(row->requester), "%s", m->q->who);
	strcpy(row->auth, "merge");
}

static int
log_revocation(struct merge *m, const struct cert_row *row,
    const struct merge_revocation *v, const char *kind)
{
	WIRE_FIELDS *l = field_list_new();
	char serial[2 * CERT_SERIAL_MAX + 1];
	int ok;

	merge_serial_text(row->serial, row->serial_len, serial);
	ok = l != NULL && field_add_text(l, "issuer", row->issuer_ident) &&
	    field_add_text(l, "serial", serial) &&
	    field_add_text(l, "reason", reasons_name(v->reason)) &&
	    field_add_text(l, "who", m->q->who) &&
	    (v->invalidity == 0 ||
		field_add_time(l, "invalidity_date", v->invalidity)) &&
	    field_add_text(l, "note", v->note) &&
	    entries_append(m->tx, kind, m->q->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* A serial that nobody knew: revoked, or on hold, without end. */
static int
add_unknown(struct merge *m, const struct merge_serial *s,
    const struct merge_revocation *v)
{
	struct cert_row row;

	merge_row_begin(m, s, &row);
	row.reason = v->reason;
	row.revoked_at = v->when;
	row.invalidity = v->invalidity;
	row.not_after = BUILD_NO_END;
	if (v->not_in_store)
		strcpy(row.auth, "operator");
	m->r->unknown++;
	return certs_add_revoked(m->tx, &row) &&
	    (v->not_in_store || merge_explains(m, v->when)) &&
	    (v->note == NULL ||
		log_revocation(m, &row, v,
		    row.state == CERT_HELD ? "hold" : "revoke"));
}

static int
is_key_lost(int reason)
{
	return reason == CRL_REASON_KEY_COMPROMISE ||
	    reason == CRL_REASON_CA_COMPROMISE ||
	    reason == CRL_REASON_AA_COMPROMISE;
}

/* Is there anything that the store does not know of it? */
static int
is_news(const struct cert_row *row, const struct merge_revocation *v)
{
	int hold = v->reason == CRL_REASON_CERTIFICATE_HOLD;

	if (hold)
		return row->state == CERT_VALID && !v->weak;
	return row->state != CERT_REVOKED ||
	    (v->reason == CRL_REASON_KEY_COMPROMISE &&
		!is_key_lost(row->reason));
}

/* A reservation whose serial was revoked was issued; what became of it in the
   store does not matter any more. */
static int
set_state(struct merge *m, const struct cert_row *row,
    const struct merge_revocation *v)
{
	int hold = v->reason == CRL_REASON_CERTIFICATE_HOLD;
	int64_t when = row->state == CERT_REVOKED ? row->revoked_at : v->when;

	if (row->state == CERT_RESERVED &&
	    (!certs_set_state(m->tx, row->id, CERT_ABORTED, CERT_REASON_NONE,
		 0) || !merge_explains(m, v->when)))
		return 0;
	return certs_set_state(m->tx, row->id, hold ? CERT_HELD : CERT_REVOKED,
		   v->reason, when) &&
	    (v->invalidity == 0 ||
		certs_set_invalidity(m->tx, row->id, v->invalidity));
}

int
merge_block_key(struct merge *m, const struct cert_row *row, int reason)
{
	static const unsigned char none[32];

	return !is_key_lost(reason) ||
	    memcmp(row->spki_sha256, none, sizeof(none)) == 0 ||
	    certs_block_key(m->tx, row->spki_sha256, m->q->now,
		reasons_name(reason));
}

int
merge_revoke(struct merge *m, const struct merge_serial *s,
    const struct merge_revocation *v)
{
	int hold = v->reason == CRL_REASON_CERTIFICATE_HOLD;
	struct cert_row row;
	int found;

	found = certs_by_serial(m->tx, s->issuer->id, s->serial, s->len, &row);
	if (found < 0)
		return 0;
	if (found == 0 ? hold && v->weak : !is_news(&row, v))
		return 1;
	if (!hold && !merge_issuers_revoked(m, s->issuer, s->serial, s->len))
		return 0;
	if (found == 0)
		return add_unknown(m, s, v);
	m->r->revoked++;
	return set_state(m, &row, v) && merge_block_key(m, &row, v->reason) &&
	    (v->note == NULL ||
		log_revocation(m, &row, v, hold ? "hold" : "revoke"));
}
