#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"
#include "ca/engine/fault.h"
#include "ca/store/reasons.h"
#include "profiles/spki.h"

/* The transcript of a run: what is written into it, beside what is said. */

#define READ_MAX (16UL * 1024 * 1024)

time_t
ceremony_clock(const struct ceremony *r)
{
	return r->how->clock != NULL ? r->how->clock() : r->now;
}

void
ceremony_act(struct ceremony *r)
{
	char point[32];

	r->acts++;
	snprintf(point, sizeof(point), "ceremony:%zu", r->acts);
	fault_point(point);
}

void
ceremony_say(struct ceremony *r, const char *fmt, ...)
{
	char line[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->act(line);
	ceremony_record(r, "said", "text", line, NULL);
}

void
ceremony_tell(struct ceremony *r, const char *fmt, ...)
{
	char line[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	ceremony_act(r);
	r->act(line);
}

static void
hex_of(const unsigned char *p, size_t len, char *out)
{
	size_t i;

	out[0] = '\0';
	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void
time_of(int64_t t, char out[32])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, 32, "?");
}

/* ---- its beginning ---- */

static void
record_people(struct ceremony *r)
{
	struct ceremony_file *f = r->f;
	size_t i;

	for (i = 0; i < f->n_participants; i++)
		ceremony_record(r, "participant", "key", f->vkey[i], NULL);
	for (i = 0; r->approved != NULL && i < f->n_participants; i++)
		if (r->approved->by[i])
			ceremony_record(r, "approval", "signature",
			    r->approved->line[i], NULL);
}

int
ceremony_open_transcript(struct ceremony *r)
{
	const struct ceremony_file *f = r->f;
	char schema[16], quorum[16];

	if (f->transcript[0] == '\0') {
		if (f->quorum == 0)
			return 1;
		ca_raise(CA_E_CONFIG, "transcript: missing; a ceremony with a "
		    "quorum has one");
		return 0;
	}
	r->transcript = transcript_create(f->transcript, r->how->dry);
	if (r->transcript == NULL) {
		ca_raise(CA_E_CONFIG, "ceremony: transcript %s cannot be "
		    "written", f->transcript);
		return 0;
	}
	snprintf(schema, sizeof(schema), "%d", STORE_SCHEMA_VERSION);
	snprintf(quorum, sizeof(quorum), "%d", f->quorum);
	ceremony_record(r, "begin", "kind", ceremony_kind_name(f->kind),
	    "program", "inkan-ceremony " INKAN_VERSION, "schema", schema,
	    "file", f->path[0] == '\0' ? NULL : f->path, "sha256",
	    f->sha256[0] == '\0' ? NULL : f->sha256, "quorum", quorum, NULL);
	record_people(r);
	return f->config[0] == '\0' ||
	    ceremony_record_file(r, "read", f->config);
}

int
ceremony_reopen_transcript(struct ceremony *r, const char *path)
{
	if (path[0] == '\0')
		return 1;
	r->transcript = transcript_continue(path);
	if (r->transcript == NULL)
		return 0;
	ceremony_record(r, "resumed", "program",
	    "inkan-ceremony " INKAN_VERSION, NULL);
	return 1;
}

void
ceremony_record_policy(struct ceremony *r)
{
	const struct policy_row *row = &r->policy->row;
	char version[24], hex[65];

	snprintf(version, sizeof(version), "%lld", (long long)row->version);
	hex_of(row->sha256, 32, hex);
	ceremony_record(r, "policy", "version", version, "sha256", hex, NULL);
}

/* ---- acts ---- */

void
ceremony_record_token(struct ceremony *r)
{
	struct hsm_token_info info;

	ERR_set_mark();
	if (r->hsm != NULL && hsm_token_info(r->hsm, &info))
		ceremony_record(r, "token", "label", info.label, "serial",
		    info.serial, "manufacturer", info.manufacturer, "model",
		    info.model, NULL);
	ERR_pop_to_mark();
}

void
ceremony_describe_key(struct ceremony *r, const char *what, EVP_PKEY *key)
{
	unsigned char *spki = NULL;
	struct hsm_key_info info;
	char hex[65] = "";
	size_t len = 0;

	if (!hsm_key_info(key, &info))
		return;
	if (spki_from_pkey(key, &spki, &len))
		(void)transcript_sha256(spki, len, hex);
	OPENSSL_free(spki);
	ceremony_tell(r, "key %s: %s, %s, sensitive %s, extractable %s", what,
	    info.uri, info.type, info.sensitive ? "yes" : "no",
	    info.extractable ? "yes" : "no");
	ceremony_record(r, "key", "of", what,
	    "label", info.label, "type", info.type, "spki-sha256", hex,
	    "sensitive", info.sensitive ? "yes" : "no", "extractable",
	    info.extractable ? "yes" : "no", "local",
	    info.local ? "yes" : "no", "wrap-with-trusted",
	    info.wrap_with_trusted ? "yes" : "no", NULL);
}

void
ceremony_record_cert(struct ceremony *r, const struct issued *c,
    const char *issuer)
{
	char serial[2 * CERT_SERIAL_MAX + 1], sha[65] = "", spki[65];
	char from[32], until[32];

	hex_of(c->row.serial, c->row.serial_len, serial);
	hex_of(c->row.spki_sha256, 32, spki);
	(void)transcript_sha256(c->der, c->der_len, sha);
	time_of(c->row.not_before, from);
	time_of(c->row.not_after, until);
	ceremony_record(r, "certificate", "subject", c->row.subject, "profile",
	    c->row.profile, "issuer", issuer, "serial", serial, "sha256", sha,
	    "spki-sha256", spki, "not-before", from, "not-after", until, NULL);
}

void
ceremony_record_revoked(struct ceremony *r, const struct cert_row *row)
{
	char serial[2 * CERT_SERIAL_MAX + 1], when[32];

	hex_of(row->serial, row->serial_len, serial);
	time_of(row->revoked_at, when);
	ceremony_record(r, "revoked", "subject", row->subject, "issuer",
	    row->issuer_ident, "serial", serial, "reason",
	    reasons_name(row->reason), "at", when, NULL);
}

void
ceremony_record_crl(struct ceremony *r, const struct crl_row *row,
    const char *issuer)
{
	char number[24], entries[24], sha[65], from[32], until[32];

	hex_of(row->sha256, 32, sha);
	snprintf(number, sizeof(number), "%lld", (long long)row->number);
	snprintf(entries, sizeof(entries), "%lld", (long long)row->n_entries);
	time_of(row->this_update, from);
	time_of(row->next_update, until);
	ceremony_record(r, "crl", "issuer", issuer, "number", number,
	    "entries", entries, "sha256", sha, "this-update", from,
	    "next-update", until, NULL);
}

void
ceremony_record_data(struct ceremony *r, const char *act, const char *name,
    const void *data, size_t len)
{
	char hex[65] = "";

	(void)transcript_sha256(data, len, hex);
	ceremony_record(r, act, "name", name, "sha256", hex, NULL);
}

int
ceremony_record_file(struct ceremony *r, const char *act, const char *path)
{
	size_t len;
	char *data;

	if (r->transcript == NULL)
		return 1;
	data = transcript_slurp(path, READ_MAX, &len);
	if (data != NULL)
		ceremony_record_data(r, act, path, data, len);
	OPENSSL_free(data);
	return data != NULL;
}

/* ---- its end ---- */

int
ceremony_keep_transcript(struct ceremony *r)
{
	if (r->transcript == NULL || transcript_sync(r->transcript))
		return 1;
	ca_raise(CA_E_STORE, "ceremony: transcript %s cannot be written",
	    transcript_path(r->transcript));
	return 0;
}

void
ceremony_end_transcript(struct ceremony *r, const char *result)
{
	char line[PATH_MAX + 16];

	if (r->transcript == NULL)
		return;
	ceremony_record(r, TRANSCRIPT_END, "result", result, NULL);
	ERR_set_mark();
	(void)transcript_sync(r->transcript);
	ERR_pop_to_mark();
	snprintf(line, sizeof(line), "transcript %s",
	    transcript_path(r->transcript));
	r->act(line);
	transcript_close(r->transcript);
	r->transcript = NULL;
}

int
ceremony_log_transcript(struct ceremony *r, WIRE_FIELDS *l)
{
	unsigned char *md = NULL;
	char hex[65];
	size_t n, len;
	long got;
	int ok;

	if (r->transcript == NULL)
		return 1;
	ok = transcript_digest(r->transcript, hex, &n) &&
	    (md = OPENSSL_hexstr2buf(hex, &got)) != NULL;
	len = ok ? (size_t)got : 0;
	ok = ok && field_add_bytes(l, "transcript", md, len) &&
	    field_add_int(l, "records", (int64_t)n);
	OPENSSL_free(md);
	return ok;
}
