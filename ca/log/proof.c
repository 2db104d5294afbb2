#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/log/base64.h"
#include "ca/log/private.h"
#include "ca/log/proof.h"

#define HEAD "c2sp.org/tlog-proof@v1"
#define EXTRA "extra "
#define INDEX "index "

static int
starts_with(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return line != NULL && len >= n && memcmp(line, word, n) == 0;
}

static int
parse_extra(struct log_proof *p, const char *text, size_t len)
{
	p->extra = OPENSSL_malloc(PROOF_EXTRA_MAX);
	return (p->extra != NULL && log_base64_parse(text, len, p->extra,
		    PROOF_EXTRA_MAX, &p->extra_len)) ||
	    LOG_REFUSE("proof.format: the extra octets cannot be read");
}

/* Head, extra and index: *at moves behind them. */
static int
parse_head(struct log_proof *p, const char **at, const char *end)
{
	const char *line;
	size_t len = 0;

	line = log_line(at, end, &len);
	if (line == NULL || len != strlen(HEAD) || memcmp(line, HEAD, len) != 0)
		return LOG_REFUSE("proof.format: it does not begin with " HEAD);
	line = log_line(at, end, &len);
	if (starts_with(line, len, EXTRA)) {
		if (!parse_extra(p, line + strlen(EXTRA), len - strlen(EXTRA)))
			return 0;
		line = log_line(at, end, &len);
	}
	return (starts_with(line, len, INDEX) &&
		   log_decimal(line + strlen(INDEX), len - strlen(INDEX),
		       &p->index)) ||
	    LOG_REFUSE("proof.format: no index");
}

/* One hash on a line, up to the empty one. */
static int
parse_path(struct log_proof *p, const char **at, const char *end)
{
	const char *line;
	size_t len = 0, n = 0;

	while ((line = log_line(at, end, &len)) != NULL && len > 0) {
		if (p->path.n == LOG_PATH_MAX)
			return LOG_REFUSE("proof.format: the path is too long");
		if (!log_base64_parse(line, len, p->path.h[p->path.n].b,
			LOG_HASH, &n) || n != LOG_HASH)
			return LOG_REFUSE("proof.format: hash %zu of the path "
			    "cannot be read", p->path.n + 1);
		p->path.n++;
	}
	return line != NULL ||
	    LOG_REFUSE("proof.format: it ends within the path");
}

/* That it is a note is looked at here, so that a cut file is told as one. */
static int
take_checkpoint(struct log_proof *p, const char *in, size_t len)
{
	struct note note = {0};
	int ok;

	ok = note_parse(&note, in, len) &&
	    (p->checkpoint = OPENSSL_strndup(in, len)) != NULL;
	note_clear(&note);
	return ok ||
	    LOG_REFUSE("proof.format: the checkpoint cannot be read");
}

int
proof_parse(struct log_proof *p, const char *in, size_t len)
{
	const char *at = in, *end = in + len;

	memset(p, 0, sizeof(*p));
	if (len > PROOF_MAX)
		return LOG_REFUSE("proof.format: more than %d octets",
		    PROOF_MAX);
	if (parse_head(p, &at, end) && parse_path(p, &at, end) &&
	    take_checkpoint(p, at, (size_t)(end - at)))
		return 1;
	proof_clear(p);
	return 0;
}

void
proof_clear(struct log_proof *p)
{
	OPENSSL_free(p->extra);
	OPENSSL_free(p->checkpoint);
	memset(p, 0, sizeof(*p));
}

char *
proof_print(const struct log_proof *p)
{
	char hash[LOG_BASE64_SIZE(LOG_HASH)], *out, *extra = NULL;
	size_t size, at = 0, i;

	size = 128 + LOG_BASE64_SIZE(p->extra_len) +
	    p->path.n * (sizeof(hash) + 1) + strlen(p->checkpoint);
	out = OPENSSL_malloc(size);
	extra = OPENSSL_malloc(LOG_BASE64_SIZE(p->extra_len));
	if (out == NULL || extra == NULL || p->extra_len > PROOF_EXTRA_MAX) {
		ca_raise(CA_E_INTERNAL, "proof: it cannot be written");
		OPENSSL_free(out);
		OPENSSL_free(extra);
		return NULL;
	}
	at += (size_t)snprintf(out, size, HEAD "\n");
	if (p->extra_len > 0)
		at += (size_t)snprintf(out + at, size - at, EXTRA "%s\n",
		    log_base64_print(p->extra, p->extra_len, extra));
	at += (size_t)snprintf(out + at, size - at, INDEX "%" PRIu64 "\n",
	    p->index);
	for (i = 0; i < p->path.n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s\n",
		    log_base64_print(p->path.h[i].b, LOG_HASH, hash));
	snprintf(out + at, size - at, "\n%s", p->checkpoint);
	OPENSSL_free(extra);
	return out;
}

char *
proof_make(uint64_t index, const struct log_opening *o, uint64_t size,
    const char *note, log_read_fn *read, void *arg)
{
	struct log_proof p = {.index = index};
	char *out = NULL;

	p.checkpoint = OPENSSL_strdup(note);
	if (p.checkpoint != NULL &&
	    log_opening_encode(o, &p.extra, &p.extra_len) &&
	    log_prove_inclusion(index, size, read, arg, &p.path))
		out = proof_print(&p);
	proof_clear(&p);
	return out;
}

int
proof_check(const struct log_proof *p, const void *leaf, size_t len,
    const struct note_key *key, struct log_checkpoint *out)
{
	struct log_hash h;

	return checkpoint_open(out, p->checkpoint, strlen(p->checkpoint),
		   key) &&
	    log_leaf_hash(leaf, len, &h) &&
	    log_check_inclusion(&h, p->index, out->size, &p->path, &out->root);
}
