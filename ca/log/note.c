#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/log/base64.h"
#include "ca/log/note.h"
#include "ca/log/private.h"
#include "profiles/text.h"

#define DASH "\xe2\x80\x94 "	/* before a signature */
#define DASH_LEN 4
#define SIG_MAX 512		/* octets that a key of ours can sign */
#define TIME_OCTETS 8

int
note_text_ok(const char *text, size_t len)
{
	size_t i;

	if (!text_is_utf8(text, len))
		return 0;
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 && text[i] != '\n')
			return 0;
	return 1;
}

const char *
log_line(const char **p, const char *end, size_t *len)
{
	const char *line = *p, *nl;

	nl = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	if (nl == NULL)
		return NULL;
	*len = (size_t)(nl - line);
	*p = nl + 1;
	return line;
}

int
log_decimal(const char *s, size_t len, uint64_t *out)
{
	uint64_t v = 0, d;
	size_t i;

	if (len == 0 || (len > 1 && s[0] == '0'))
		return 0;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		d = (uint64_t)(s[i] - '0');
		if (v > (UINT64_MAX - d) / 10)
			return 0;
		v = 10 * v + d;
	}
	*out = v;
	return 1;
}

/* "— name base64"; the octets go to *room, which moves. */
static int
parse_signature(const char *line, size_t len, unsigned char **room,
    struct note_signature *s)
{
	const char *name = line + DASH_LEN, *blank;
	size_t n = 0;

	if (len < DASH_LEN || memcmp(line, DASH, DASH_LEN) != 0)
		return 0;
	len -= DASH_LEN;
	blank = memchr(name, ' ', len);
	if (blank == NULL || (size_t)(blank - name) >= sizeof(s->name))
		return 0;
	memcpy(s->name, name, (size_t)(blank - name));
	s->name[blank - name] = '\0';
	len -= (size_t)(blank - name) + 1;
	if (!note_name_ok(s->name) ||
	    !log_base64_parse(blank + 1, len, *room, len, &n) || n < 5)
		return 0;
	s->id = (uint32_t)(*room)[0] << 24 | (uint32_t)(*room)[1] << 16 |
	    (uint32_t)(*room)[2] << 8 | (*room)[3];
	s->sig = *room + 4;
	s->len = n - 4;
	*room += n;
	return 1;
}

/* The blank line before the signatures: the last one there is. */
static size_t
find_end_of_text(const char *in, size_t len)
{
	size_t i;

	for (i = len; i >= 2; i--)
		if (in[i - 1] == '\n' && in[i - 2] == '\n')
			return i - 1;
	return 0;
}

static int
parse_signatures(struct note *n, const char *p, const char *end)
{
	unsigned char *room = n->octets;
	const char *line;
	size_t len;

	while ((line = log_line(&p, end, &len)) != NULL) {
		if (n->n == NOTE_SIGNATURES_MAX)
			return LOG_REFUSE("note.format: more than %d "
			    "signatures", NOTE_SIGNATURES_MAX);
		if (!parse_signature(line, len, &room, &n->sig[n->n]))
			return LOG_REFUSE("note.format: signature line %zu "
			    "cannot be read", n->n + 1);
		n->n++;
	}
	return n->n > 0 || LOG_REFUSE("note.format: no signature");
}

int
note_parse(struct note *n, const char *in, size_t len)
{
	memset(n, 0, sizeof(*n));
	if (len > NOTE_MAX)
		return LOG_REFUSE("note.format: more than %d octets", NOTE_MAX);
	if (len == 0 || in[len - 1] != '\n' || !note_text_ok(in, len))
		return LOG_REFUSE("note.format: not UTF-8 lines without "
		    "control characters");
	n->text_len = find_end_of_text(in, len);
	if (n->text_len == 0)
		return LOG_REFUSE("note.format: no blank line between text and "
		    "signatures");
	n->text = OPENSSL_strndup(in, n->text_len);
	n->octets = OPENSSL_malloc(len);
	if (n->text != NULL && n->octets != NULL &&
	    parse_signatures(n, in + n->text_len + 1, in + len))
		return 1;
	note_clear(n);
	return 0;
}

void
note_clear(struct note *n)
{
	OPENSSL_free(n->text);
	OPENSSL_free(n->octets);
	memset(n, 0, sizeof(*n));
}

static const EVP_MD *
md_of(const struct note_key *key)
{
	return key->type == NOTE_ECDSA ? EVP_sha256() : NULL;
}

/* What a key signs: the text, or what a cosignature makes of it. To be freed.
   */
static char *
message(const struct note_key *key, const char *text, size_t text_len,
    uint64_t when, size_t *len)
{
	char head[64] = "", *out;
	size_t n;

	if (key->type == NOTE_COSIGNATURE)
		snprintf(head, sizeof(head),
		    "cosignature/v1\ntime %" PRIu64 "\n", when);
	n = strlen(head);
	out = OPENSSL_malloc(n + text_len + 1);
	if (out == NULL)
		return NULL;
	memcpy(out, head, n);
	memcpy(out + n, text, text_len);
	*len = n + text_len;
	return out;
}

/* The time before a cosignature: *sig moves behind it. 0: not a time. */
static int
take_time(const unsigned char **sig, size_t *len, uint64_t *when)
{
	size_t i;

	if (*len < TIME_OCTETS)
		return 0;
	for (i = 0; i < TIME_OCTETS; i++)
		*when = *when << 8 | (*sig)[i];
	*sig += TIME_OCTETS;
	*len -= TIME_OCTETS;
	return *when <= INT64_MAX;
}

/* ${sig} is what stands behind the key's id. 1 with *when, or 0. */
static int
holds(const struct note_key *key, const char *text, size_t text_len,
    const unsigned char *sig, size_t len, uint64_t *when)
{
	EVP_MD_CTX *ctx = NULL;
	char *msg = NULL;
	size_t msg_len = 0;
	int ok = 0;

	*when = 0;
	if (key->type == NOTE_COSIGNATURE && !take_time(&sig, &len, when))
		return 0;
	msg = message(key, text, text_len, *when, &msg_len);
	ctx = EVP_MD_CTX_new();
	ok = msg != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, md_of(key), NULL, key->pkey) == 1 &&
	    EVP_DigestVerify(ctx, sig, len, (unsigned char *)msg, msg_len) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(msg);
	return ok;
}

int
note_verify(const struct note *n, const struct note_key *key, int64_t *when)
{
	const struct note_signature *s;
	uint64_t t, latest = 0;
	size_t i;
	int found = 0;

	for (i = 0; i < n->n; i++) {
		s = &n->sig[i];
		if (s->id != key->id || strcmp(s->name, key->name) != 0)
			continue;
		if (!holds(key, n->text, n->text_len, s->sig, s->len, &t)) {
			ca_raise(CA_E_BADREQUEST,
			    "note.signature: that of %s does not hold",
			    key->name);
			return -1;
		}
		latest = t > latest ? t : latest;
		found = 1;
	}
	if (when != NULL)
		*when = (int64_t)latest;
	return found;
}

/* Key id, time of a cosignature, signature. */
static int
sign(const char *text, const struct note_key *key, EVP_PKEY *pkey,
    uint64_t when, unsigned char out[4 + TIME_OCTETS + SIG_MAX], size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *p = out;
	size_t msg_len = 0, sig_len = SIG_MAX;
	char *msg = message(key, text, strlen(text), when, &msg_len);
	int i, ok;

	for (i = 3; i >= 0; i--)
		*p++ = (unsigned char)(key->id >> 8 * i);
	for (i = 7; key->type == NOTE_COSIGNATURE && i >= 0; i--)
		*p++ = (unsigned char)(when >> 8 * i);
	ok = msg != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, md_of(key), NULL, pkey) == 1 &&
	    EVP_DigestSign(ctx, p, &sig_len, (unsigned char *)msg, msg_len) ==
		1;
	*len = (size_t)(p - out) + sig_len;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(msg);
	return ok && holds(key, text, strlen(text), out + 4, *len - 4, &when);
}

char *
note_sign(const char *text, const struct note_key *key, EVP_PKEY *pkey,
    int64_t when)
{
	unsigned char raw[4 + TIME_OCTETS + SIG_MAX];
	char b64[LOG_BASE64_SIZE(sizeof(raw))], *out;
	size_t len = strlen(text), size;

	if (len == 0 || text[len - 1] != '\n' || !note_text_ok(text, len) ||
	    when < 0) {
		ca_raise(CA_E_INTERNAL, "note.text: not the text of a note");
		return NULL;
	}
	if (!sign(text, key, pkey, (uint64_t)when, raw, &len)) {
		ca_raise(CA_E_SIGN, "note.signature: %s cannot sign",
		    key->name);
		return NULL;
	}
	size = DASH_LEN + strlen(key->name) + 1 + LOG_BASE64_SIZE(len) + 1;
	if ((out = OPENSSL_malloc(size)) != NULL)
		snprintf(out, size, DASH "%s %s\n", key->name,
		    log_base64_print(raw, len, b64));
	return out;
}

char *
note_join(const char *text, const char *const *lines, size_t n)
{
	size_t i, size = strlen(text) + 2, at;
	char *out;

	for (i = 0; i < n; i++)
		size += strlen(lines[i]);
	if ((out = OPENSSL_malloc(size)) == NULL)
		return NULL;
	at = (size_t)snprintf(out, size, "%s\n", text);
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s", lines[i]);
	return out;
}

static int
has_line_of(const struct note *n, const struct note_signature *s)
{
	size_t i;

	for (i = 0; i < n->n; i++)
		if (n->sig[i].id == s->id &&
		    strcmp(n->sig[i].name, s->name) == 0)
			return 1;
	return 0;
}

/* ${a} and, behind it, what lines of ${more} it has not. */
static char *
add_lines(const char *note, const struct note *a, const char *more,
    const struct note *b)
{
	size_t size = strlen(note) + strlen(more) + 1, at, len, i;
	const char *p = more + b->text_len + 1, *line;
	char *out = OPENSSL_malloc(size);

	if (out == NULL)
		return NULL;
	at = (size_t)snprintf(out, size, "%s", note);
	for (i = 0; i < b->n; i++) {
		line = log_line(&p, more + strlen(more), &len);
		if (line == NULL || has_line_of(a, &b->sig[i]))
			continue;
		memcpy(out + at, line, len + 1);
		at += len + 1;
	}
	out[at] = '\0';
	return out;
}

char *
note_merge(const char *note, const char *more)
{
	struct note a = {0}, b = {0}, whole = {0};
	char *out = NULL;

	if (!note_parse(&a, note, strlen(note)) ||
	    !note_parse(&b, more, strlen(more)))
		goto out;
	if (strcmp(a.text, b.text) != 0) {
		ca_raise(CA_E_BADREQUEST,
		    "note.text: these are signatures of another text");
		goto out;
	}
	out = add_lines(note, &a, more, &b);
	if (out == NULL || note_parse(&whole, out, strlen(out)))
		goto out;
	OPENSSL_free(out);
	out = NULL;
out:
	note_clear(&a);
	note_clear(&b);
	note_clear(&whole);
	return out;
}
