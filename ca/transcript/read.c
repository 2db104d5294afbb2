#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ca/error.h"
#include "ca/transcript/transcript.h"

char *
transcript_slurp(const char *path, size_t max, size_t *len)
{
	FILE *f = fopen(path, "rbe");
	char *data = NULL;
	struct stat st;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		ca_raise(CA_E_CONFIG, "file.read: %s: %s", path,
		    strerror(errno));
	} else if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max) {
		ca_raise(CA_E_CONFIG, "file.read: %s is no plain file of at "
		    "most %zu octets", path, max);
	} else if ((data = OPENSSL_malloc((size_t)st.st_size + 1)) != NULL) {
		*len = fread(data, 1, (size_t)st.st_size, f);
		data[*len] = '\0';
		if (*len != (size_t)st.st_size) {
			OPENSSL_free(data);
			data = NULL;
			ca_raise(CA_E_CONFIG, "file.read: %s changes while it "
			    "is read", path);
		}
	}
	if (f != NULL)
		fclose(f);
	return data;
}

static int
finish_hex(EVP_MD_CTX *ctx, char hex[65])
{
	unsigned char md[32];
	unsigned int n;
	size_t i;

	if (EVP_DigestFinal_ex(ctx, md, &n) != 1)
		return 0;
	for (i = 0; i < sizeof(md); i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	return 1;
}

int
transcript_sha256(const void *data, size_t len, char hex[65])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx != NULL &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, data, len) == 1 && finish_hex(ctx, hex);

	EVP_MD_CTX_free(ctx);
	return ok;
}

const char *
transcript_value(const struct transcript_record *rec, const char *name)
{
	size_t i;

	for (i = 0; i < rec->n_fields; i++)
		if (strcmp(rec->field[i].name, name) == 0)
			return rec->field[i].value;
	return NULL;
}

/* One that is being read: the rest of the line, which is cut up in place. */
struct cutter {
	char *p;
	size_t line;
};

static int
bad(const struct cutter *c, const char *what)
{
	ca_raise(CA_E_BADREQUEST, "transcript.format: line %zu: %s", c->line,
	    what);
	return 0;
}

/* The next word up to ${end}, which is cut away; NULL: there is no such end. */
static char *
cut(struct cutter *c, char end)
{
	char *word = c->p, *at = strchr(c->p, end);

	if (at == NULL)
		return NULL;
	*at = '\0';
	c->p = at + 1;
	return word;
}

static int
hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* "..." with what is escaped in it, in place. ${c} stands behind the first
   quotation mark, and ends behind the last. NULL: it is malformed. */
static char *
cut_value(struct cutter *c)
{
	char *value = c->p, *to = c->p, *p = c->p;
	int high, low;

	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 32)
			return NULL;	/* NUL: it never ends */
		if (*p == '\\') {
			p++;
			if (*p == 'x') {
				high = hex_digit(p[1]);
				low = high < 0 ? -1 : hex_digit(p[2]);
				if (low < 0 || (high == 0 && low == 0))
					return NULL;
				*to++ = (char)(high << 4 | low);
				p += 2;
				continue;
			}
			if (*p != '"' && *p != '\\')
				return NULL;
		}
		*to++ = *p;
	}
	c->p = p + 1;
	*to = '\0';
	return value;
}

static int
is_word(const char *s)
{
	return s[0] != '\0' && strspn(s,
	    "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(s);
}

static int
is_hex64(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static int
cut_fields(struct cutter *c, struct transcript_record *rec)
{
	struct transcript_field *f;
	char *name;

	while (strncmp(c->p, "prev=", 5) != 0) {
		if (rec->n_fields == TRANSCRIPT_FIELDS_MAX)
			return bad(c, "too many fields");
		f = &rec->field[rec->n_fields];
		name = cut(c, '=');
		if (name == NULL || !is_word(name) || *c->p++ != '"')
			return bad(c, "not name=\"value\"");
		if (transcript_value(rec, name) != NULL)
			return bad(c, "a name stands twice");
		f->name = name;
		f->value = cut_value(c);
		if (f->value == NULL || *c->p++ != ' ')
			return bad(c, "a value is malformed");
		rec->n_fields++;
	}
	if (!is_hex64(c->p + 5))
		return bad(c, "prev is not the hexadecimal SHA-256 of what "
		    "stands before");
	memcpy(rec->prev, c->p + 5, 65);
	return 1;
}

static int
time_ok(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' :
		    s[i] != form[i])
			return 0;
	return s[i] == '\0';
}

static int
cut_record(struct cutter *c, size_t n, struct transcript_record *rec)
{
	char *number = cut(c, ' '), *when, *act, want[24];

	memset(rec, 0, sizeof(*rec));
	when = number == NULL ? NULL : cut(c, ' ');
	act = when == NULL ? NULL : cut(c, ' ');
	if (act == NULL || !time_ok(when) || !is_word(act))
		return bad(c, "not a record (number, time, act, fields, prev)");
	snprintf(want, sizeof(want), "%zu", n);
	if (strcmp(number, want) != 0) {
		ca_raise(CA_E_BADREQUEST, "transcript.number: line %zu: record "
		    "%s where %s is due", c->line, number, want);
		return 0;
	}
	rec->n = n;
	rec->time = when;
	rec->act = act;
	return cut_fields(c, rec);
}

struct scan {
	const char *text;
	size_t len, at;
	EVP_MD_CTX *md;
	struct transcript_text *out;
	int (*cb)(const struct transcript_record *rec, void *arg);
	void *arg;
};

static int
chain_holds(struct scan *s, const struct transcript_record *rec)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	char hex[65] = "";
	int ok;

	ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, s->md) == 1 &&
	    finish_hex(copy, hex);
	EVP_MD_CTX_free(copy);
	if (!ok || strcmp(hex, rec->prev) == 0)
		return ok;
	ca_raise(CA_E_DENIED, "transcript.chain: line %zu: what stands before "
	    "it has SHA-256 %s, it was written after %s", rec->n + 1, hex,
	    rec->prev);
	return 0;
}

static int
scan_line(struct scan *s, size_t len)
{
	struct cutter c = {.line = s->out->n + 2};
	struct transcript_record rec;
	char *line = OPENSSL_strndup(s->text + s->at, len);
	int ok;

	if (line == NULL)
		return 0;
	c.p = line;
	if (len >= TRANSCRIPT_LINE_MAX || strlen(line) != len)
		ok = bad(&c, "too long, or with a NUL in it");
	else
		ok = cut_record(&c, s->out->n + 1, &rec) &&
		    chain_holds(s, &rec) &&
		    EVP_DigestUpdate(s->md, s->text + s->at, len + 1) == 1 &&
		    (s->cb == NULL || s->cb(&rec, s->arg));
	s->at += len + 1;
	s->out->n += ok != 0;
	OPENSSL_free(line);
	return ok;
}

static int
scan_head(struct scan *s)
{
	static const char *const heads[] = {TRANSCRIPT_HEAD,
	    TRANSCRIPT_HEAD_DRY};
	size_t i, n;

	for (i = 0; i < 2; i++) {
		n = strlen(heads[i]);
		if (s->len < n || memcmp(s->text, heads[i], n) != 0)
			continue;
		s->out->dry = i == 1;
		s->at = n;
		return EVP_DigestUpdate(s->md, s->text, n) == 1;
	}
	ca_raise(CA_E_BADREQUEST, "transcript.format: line 1: not the head of "
	    "a transcript");
	return 0;
}

static int
scan_all(struct scan *s)
{
	const char *end;

	if (!scan_head(s))
		return 0;
	while (s->at < s->len && s->text[s->at] != '\n') {
		end = memchr(s->text + s->at, '\n', s->len - s->at);
		if (end == NULL) {
			ca_raise(CA_E_BADREQUEST, "transcript.format: line "
			    "%zu: cut off", s->out->n + 2);
			return 0;
		}
		if (!scan_line(s, (size_t)(end - s->text) - s->at))
			return 0;
	}
	s->out->len = s->at;
	if (s->at < s->len) {
		s->out->note = s->text + s->at + 1;
		s->out->note_len = s->len - s->at - 1;
	}
	return finish_hex(s->md, s->out->digest);
}

int
transcript_scan(const char *text, size_t len, struct transcript_text *out,
    int (*cb)(const struct transcript_record *rec, void *arg), void *arg)
{
	struct scan s = {.text = text, .len = len, .out = out, .cb = cb,
	    .arg = arg};
	int ok;

	memset(out, 0, sizeof(*out));
	s.md = EVP_MD_CTX_new();
	ok = s.md != NULL && EVP_DigestInit_ex(s.md, EVP_sha256(), NULL) == 1 &&
	    scan_all(&s);
	EVP_MD_CTX_free(s.md);
	return ok;
}
