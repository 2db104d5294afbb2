#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "ca/error.h"
#include "ca/transcript/verify.h"

#define FILE_MAX (1024UL * 1024)

/* What is gathered while the records go by. */
struct gathered {
	const struct verify_against *a;
	struct verify_result *out;
	struct quorum named;		/* keys in the transcript */
	char file[65];			/* SHA-256 of the ceremony's file */
	char *approvals;		/* signature lines of a note */
	size_t approvals_len;
	char cert[VERIFY_CERTS_MAX][65];	/* that are looked for */
	char seen[VERIFY_CERTS_MAX];
	char last[32], result[32];
	int begun;
};

static const char *
or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

static int
take_begin(struct gathered *g, const struct transcript_record *rec)
{
	const char *quorum = or_empty(transcript_value(rec, "quorum"));

	g->begun = 1;
	snprintf(g->out->kind, sizeof(g->out->kind), "%s",
	    or_empty(transcript_value(rec, "kind")));
	snprintf(g->file, sizeof(g->file), "%s",
	    or_empty(transcript_value(rec, "sha256")));
	g->named.k = quorum[0] >= '0' && quorum[0] <= '9' ?
	    (int)strtol(quorum, NULL, 10) : 0;
	return 1;
}

static int
take_approval(struct gathered *g, const char *signature)
{
	size_t len = strlen(signature), all = g->approvals_len + len + 8;
	char *more = OPENSSL_realloc(g->approvals, all);

	if (more == NULL)
		return 0;
	g->approvals = more;
	g->approvals_len += (size_t)snprintf(more + g->approvals_len,
	    all - g->approvals_len, "\xe2\x80\x94 %s\n", signature);
	return 1;
}

static int
take_cert(struct gathered *g, const char *sha256)
{
	size_t i;

	g->out->certs++;
	for (i = 0; i < g->a->n_certs; i++)
		if (strcmp(g->cert[i], sha256) == 0)
			g->seen[i] = 1;
	return 1;
}

static int
take(const struct transcript_record *rec, void *arg)
{
	struct gathered *g = arg;

	snprintf(g->last, sizeof(g->last), "%s", rec->act);
	snprintf(g->out->logged, sizeof(g->out->logged), "%s", rec->prev);
	if ((rec->n == 1) != (strcmp(rec->act, "begin") == 0)) {
		ca_raise(CA_E_BADREQUEST, "transcript.format: record %zu: "
		    "«begin» is the first, and stands once", rec->n);
		return 0;
	}
	if (rec->n == 1)
		return take_begin(g, rec);
	if (strcmp(g->result, "") != 0) {
		ca_raise(CA_E_BADREQUEST, "transcript.format: record %zu "
		    "stands behind the end", rec->n);
		return 0;
	}
	if (strcmp(rec->act, "participant") == 0)
		return quorum_add_vkey(&g->named,
		    or_empty(transcript_value(rec, "key")));
	if (strcmp(rec->act, "approval") == 0)
		return take_approval(g,
		    or_empty(transcript_value(rec, "signature")));
	if (strcmp(rec->act, "certificate") == 0)
		return take_cert(g, or_empty(transcript_value(rec, "sha256")));
	if (strcmp(rec->act, TRANSCRIPT_END) == 0)
		snprintf(g->result, sizeof(g->result), "%s",
		    or_empty(transcript_value(rec, "result")));
	return 1;
}

/* SHA-256 of a certificate, PEM or DER. */
static int
hash_cert(const char *path, char hex[65])
{
	size_t len = 0;
	char *data = transcript_slurp(path, FILE_MAX, &len);
	BIO *bio = data == NULL ? NULL : BIO_new_mem_buf(data, (int)len);
	unsigned char *der = NULL;
	const unsigned char *p = (const unsigned char *)data;
	X509 *cert = NULL;
	int n, ok;

	ERR_set_mark();
	if (bio != NULL)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (cert == NULL && data != NULL)
		cert = d2i_X509(NULL, &p, (long)len);
	ERR_pop_to_mark();
	n = cert == NULL ? 0 : i2d_X509(cert, &der);
	ok = n > 0 && transcript_sha256(der, (size_t)n, hex);
	if (!ok)
		ca_raise(CA_E_BADREQUEST, "transcript.cert: %s is no "
		    "certificate, PEM or DER", path);
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
	OPENSSL_free(data);
	return ok;
}

static int
ended_well(const struct gathered *g, const struct transcript_text *t)
{
	if (t->dry) {
		ca_raise(CA_E_DENIED, "transcript.rehearsal: it is one of a "
		    "dry run: nothing of it has happened");
		return 0;
	}
	if (strcmp(g->result, "done") == 0)
		return 1;
	ca_raise(CA_E_DENIED, "transcript.end: %s%s", g->result[0] == '\0' ?
	    "it is cut off, or the ceremony was interrupted; its last act is "
	    : "the ceremony ended as ", g->result[0] == '\0' ? g->last :
	    g->result);
	return 0;
}

static int
file_holds(const struct gathered *g)
{
	const char *path = g->a->file;
	size_t len = 0;
	char hex[65] = "", *data;
	int ok;

	if (path == NULL)
		return 1;
	data = transcript_slurp(path, FILE_MAX, &len);
	ok = data != NULL && transcript_sha256(data, len, hex);
	OPENSSL_free(data);
	if (!ok || strcmp(hex, g->file) == 0)
		return ok;
	ca_raise(CA_E_DENIED, "transcript.file: %s has SHA-256 %s, the "
	    "ceremony ran one with %s", path, hex, g->file);
	return 0;
}

static int
certs_hold(const struct gathered *g)
{
	size_t i;

	for (i = 0; i < g->a->n_certs; i++) {
		if (g->seen[i])
			continue;
		ca_raise(CA_E_DENIED, "transcript.cert: %s (SHA-256 %s) was "
		    "not made in this ceremony", g->a->cert[i], g->cert[i]);
		return 0;
	}
	return 1;
}

/* The transcript's own keys: they show that it is whole, not who they are. */
static int
own_keys(const struct gathered *g, struct quorum *q)
{
	char vkey[NOTE_VKEY_MAX];
	size_t i;

	memset(q, 0, sizeof(*q));
	for (i = 0; i < g->named.n; i++)
		if (!note_key_print(&g->named.key[i], vkey, sizeof(vkey)) ||
		    !quorum_add_vkey(q, vkey))
			return 0;
	q->k = g->named.k;
	g->out->own_keys = q->k > 0;
	return 1;
}

/* Whose signatures count, and how many. Who forges a transcript forges what it
   says of that, too, so the ceremony's file goes first, and a list of keys that
   came another way before all. */
static int
choose_keys(const struct gathered *g, struct quorum *q)
{
	int k = g->named.k;

	if (g->a->file != NULL && g->a->participants == NULL)
		return quorum_read_ceremony(g->a->file, q);
	if (g->a->participants == NULL)
		return own_keys(g, q);
	if (g->a->file != NULL) {
		if (!quorum_read_size(g->a->file, &k))
			return 0;
	} else if (k == 0) {
		ca_raise(CA_E_DENIED, "quorum.none: the transcript says that "
		    "nobody need sign");
		return 0;
	}
	if (!quorum_read_list(g->a->participants, q))
		return 0;
	q->k = k;
	return 1;
}

/* The signatures on the file, as the transcript repeats them. */
static int
was_approved(const struct gathered *g, const struct quorum *q,
    struct quorum_seen *seen)
{
	char text[SEAL_TEXT_MAX], *note;
	size_t size = SEAL_TEXT_MAX + g->approvals_len + 8;
	int n, ok;

	if (g->approvals_len > 0) {
		seal_text(SEAL_CEREMONY, g->file, text);
		note = OPENSSL_malloc(size);
		if (note == NULL)
			return 0;
		n = snprintf(note, size, "%s\n%s", text, g->approvals);
		ok = quorum_take(q, text, note, (size_t)n,
		    "the approvals in the transcript", seen);
		OPENSSL_free(note);
		if (!ok)
			return 0;
	}
	return quorum_enough(q, seen, "the ceremony's file");
}

static int
is_sealed(const struct gathered *g, const struct transcript_text *t,
    const struct quorum *q, struct quorum_seen *seen)
{
	char text[SEAL_TEXT_MAX];

	if (t->note == NULL && g->a->unsigned_ok)
		return 1;
	seal_text(SEAL_TRANSCRIPT, t->digest, text);
	if (t->note != NULL && t->note_len >= strlen(text) &&
	    memcmp(t->note, text, strlen(text)) != 0) {
		ca_raise(CA_E_DENIED, "transcript.seal: what was signed is not "
		    "the SHA-256 of these records (%s)", t->digest);
		return 0;
	}
	if (t->note != NULL && !quorum_take(q, text, t->note, t->note_len,
	    "the seal of the transcript", seen))
		return 0;
	return quorum_enough(q, seen, "the transcript");
}

static int
people_hold(struct gathered *g, const struct transcript_text *t)
{
	struct quorum_seen *seen = OPENSSL_zalloc(2 * sizeof(*seen));
	struct quorum *q = OPENSSL_zalloc(sizeof(*q));
	int ok = 0;

	if (seen == NULL || q == NULL || !choose_keys(g, q))
		goto out;
	g->out->quorum = q->k;
	ok = was_approved(g, q, &seen[0]) && is_sealed(g, t, q, &seen[1]);
	quorum_names(q, &seen[0], g->out->approved, sizeof(g->out->approved));
	quorum_names(q, &seen[1], g->out->sealed, sizeof(g->out->sealed));
out:
	if (q != NULL)
		quorum_clear(q);
	OPENSSL_free(q);
	OPENSSL_free(seen);
	return ok;
}

static int
verify(struct gathered *g, const char *data, size_t len)
{
	struct transcript_text t;
	size_t i;

	for (i = 0; i < g->a->n_certs; i++)
		if (!hash_cert(g->a->cert[i], g->cert[i]))
			return 0;
	if (!transcript_scan(data, len, &t, take, g))
		return 0;
	g->out->records = t.n;
	snprintf(g->out->digest, sizeof(g->out->digest), "%s", t.digest);
	return ended_well(g, &t) && file_holds(g) && certs_hold(g) &&
	    people_hold(g, &t);
}

int
verify_transcript(const char *path, const struct verify_against *a,
    struct verify_result *out)
{
	struct gathered *g = OPENSSL_zalloc(sizeof(*g));
	size_t len = 0;
	char *data = transcript_slurp(path, TRANSCRIPT_MAX, &len);
	int ok = 0;

	memset(out, 0, sizeof(*out));
	if (g != NULL && data != NULL) {
		g->a = a;
		g->out = out;
		ok = verify(g, data, len);
		quorum_clear(&g->named);
		OPENSSL_free(g->approvals);
	}
	OPENSSL_free(data);
	OPENSSL_free(g);
	return ok;
}
