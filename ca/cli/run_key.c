#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/run.h"
#include "ca/error.h"

/* Keys that are known to be bad, by the file: a SHA-256 of the
   SubjectPublicKeyInfo in each line; "#" begins a comment. The whole file is
   read before the first hash is sent. */

#define PAGE (8192 * 32)
#define PROGRESS (64 * (size_t)PAGE)

struct blocking {
	struct cli *cli;
	const char *note;
	unsigned char *md; /* of the whole file */
	size_t len, size;
	int64_t added, known, in_use;
	json_t *certs;
};

static int
room(struct blocking *b)
{
	unsigned char *more;
	size_t size = b->size == 0 ? 64 * 1024 : 2 * b->size;

	if (b->len + 32 <= b->size)
		return 1;
	if ((more = realloc(b->md, size)) == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	b->md = more;
	b->size = size;
	return 1;
}

/* One line, without its end: what is left of it is cut out. 1 or 0 raised. */
static int
take_line(struct blocking *b, const char *path, size_t n, char *line)
{
	char *p = line, *end;
	size_t len = 0;

	line[strcspn(line, "#\r\n")] = '\0';
	while (isspace((unsigned char)*p))
		p++;
	end = p + strlen(p);
	while (end > p && isspace((unsigned char)end[-1]))
		*--end = '\0';
	if (*p == '\0')
		return 1;
	if (!room(b))
		return 0;
	if (end - p == 64 &&
	    OPENSSL_hexstr2buf_ex(b->md + b->len, 32, &len, p, '\0') == 1 &&
	    len == 32) {
		b->len += 32;
		return 1;
	}
	ca_raise(CA_E_BADREQUEST,
	    "%s:%zu: a SHA-256 is 64 hexadecimal digits; nothing was blocked",
	    path, n);
	return 0;
}

static int
read_file(struct blocking *b, const char *path)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t size = 0, n = 0;
	int ok = 1;

	if (f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return 0;
	}
	while (ok && getline(&line, &size, f) != -1)
		ok = take_line(b, path, ++n, line);
	if (ok && ferror(f)) {
		ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
		ok = 0;
	} else if (ok && b->len == 0) {
		ca_raise(CA_E_BADREQUEST, "%s: no hash is in it", path);
		ok = 0;
	}
	free(line);
	if (f != stdin)
		fclose(f);
	return ok;
}

/* Those that use a key that was blocked just now. */
static int
tell_use(struct blocking *b, const WIRE_ANSWER *a)
{
	const WIRE_FIELDS *row;
	json_t *o;
	size_t i;

	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (!b->cli->json) {
			fprintf(b->cli->err,
			    "inkan: in use: certificate %s of %s\n",
			    field_text(row, "serial", "?"),
			    field_text(row, "issuer", "?"));
			continue;
		}
		o = json_object();
		if (o == NULL || !encode_into(o, row) ||
		    json_array_append_new(b->certs, o) != 0)
			return 0;
	}
	return 1;
}

static int
send_page(struct blocking *b, size_t at)
{
	size_t n = b->len - at < PAGE ? b->len - at : PAGE;
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;
	int ok = 0;

	if (args == NULL || !field_add_bytes(args, "hashes", b->md + at, n) ||
	    (b->note != NULL && !field_add_text(args, "note", b->note)) ||
	    (a = client_call(b->cli, "key.block", args)) == NULL)
		client_failed(b->cli);
	else if (client_done(b->cli, a)) {
		b->added += field_int(a->values, "added", 0);
		b->known += field_int(a->values, "known", 0);
		b->in_use += field_int(a->values, "in_use", 0);
		ok = tell_use(b, a);
		if (!ok)
			client_failed(b->cli);
	}
	WIRE_ANSWER_free(a);
	field_list_free(args);
	return ok;
}

static int
print(const struct blocking *b)
{
	if (b->cli->json)
		return encode_print(b->cli->out,
		    json_pack("{sI sI sI sO}", "added", (json_int_t)b->added,
			"known", (json_int_t)b->known, "in_use",
			(json_int_t)b->in_use, "certificates", b->certs));
	fprintf(b->cli->out, "added: %lld\nknown: %lld\nin_use: %lld\n",
	    (long long)b->added, (long long)b->known, (long long)b->in_use);
	return 1;
}

int
run_key_block(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct blocking b = {.cli = cli, .note = option_text(o, "note")};
	size_t at;
	int ok;

	(void)cmd;
	b.certs = json_array();
	ok = read_file(&b, option_text(o, "file"));
	if (!ok)
		client_failed(cli);
	for (at = 0; ok && at < b.len; at += PAGE) {
		ok = send_page(&b, at);
		if (ok && at > 0 && at % PROGRESS == 0)
			fprintf(cli->err, "inkan: %zu hashes sent\n", at / 32);
	}
	ok = ok && print(&b);
	free(b.md);
	json_decref(b.certs);
	return ok ? CLI_DONE : CLI_FAILED;
}
