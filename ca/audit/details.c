#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <jansson.h>
#include "ca/audit/details.h"
#include "ca/error.h"
#include "ca/store/adopt.h"
#include "ca/store/records.h"

#define LINE_MAX_OCTETS (8 * 1024 * 1024)

struct exporting {
	FILE *out;
	int64_t n;
	int failed;
};

static void
put_hex(FILE *out, const unsigned char *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		fputc(digits[p[i] >> 4], out);
		fputc(digits[p[i] & 15], out);
	}
}

/* Kinds are of letters, digits and dots: nothing to be escaped. */
static int
export_one(const struct entry_row *row, void *arg)
{
	struct exporting *e = arg;

	if (entries_is_lost(row))
		return 1;
	fprintf(e->out, "{\"index\": %lld, \"kind\": \"%s\", \"time\": %lld, "
	    "\"salt\": \"", (long long)row->index, row->kind,
	    (long long)row->time);
	put_hex(e->out, row->salt, sizeof(row->salt));
	fputs("\", \"detail\": \"", e->out);
	put_hex(e->out, row->detail, row->detail_len);
	e->failed = fputs("\"}\n", e->out) == EOF;
	e->n++;
	return !e->failed;
}

struct request {
	struct exporting e;
	int64_t from;
};

static int
export_tx(struct store_tx *tx, void *arg)
{
	struct request *r = arg;

	return entries_list(tx, r->from, 0, export_one, &r->e) && !r->e.failed;
}

int
details_export(struct store *store, int64_t from, FILE *out, int64_t *n)
{
	struct request r = {.e = {.out = out}, .from = from};

	if (!store_read(store, export_tx, &r) || fflush(out) != 0) {
		ca_raise(CA_E_STORE, "details: the export is not whole");
		return 0;
	}
	*n = r.e.n;
	return 1;
}

struct details {
	FILE *f;
	char *line;
	size_t room;
	long number;		/* of the line */
	int64_t index;		/* of ${next}; -1: none is held */
	int ended;
	struct log_opening next;
};

struct details *
details_open(const char *path)
{
	struct details *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->index = -1;
	if ((d->f = fopen(path, "re")) != NULL)
		return d;
	ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
	free(d);
	return NULL;
}

void
details_close(struct details *d)
{
	if (d == NULL)
		return;
	fclose(d->f);
	log_opening_clear(&d->next);
	free(d->line);
	free(d);
}

static int
take_hex(const json_t *o, const char *name, unsigned char **out, size_t *len)
{
	const char *text = json_string_value(json_object_get(o, name));
	long n = 0;

	if (text == NULL)
		return 0;
	ERR_set_mark();
	*out = OPENSSL_hexstr2buf(text, &n);
	ERR_pop_to_mark();
	*len = (size_t)n;
	return *out != NULL;
}

static int
take_line(struct details *d, const json_t *o)
{
	const char *kind = json_string_value(json_object_get(o, "kind"));
	const json_t *index = json_object_get(o, "index");
	const json_t *time = json_object_get(o, "time");
	unsigned char *salt = NULL;
	size_t len = 0;
	int ok;

	log_opening_clear(&d->next);
	ok = kind != NULL && strlen(kind) < LEAF_KIND_MAX &&
	    json_is_integer(index) && json_is_integer(time) &&
	    json_integer_value(index) > d->index &&
	    take_hex(o, "salt", &salt, &len) && len == LEAF_SALT &&
	    take_hex(o, "detail", &d->next.detail, &d->next.detail_len);
	if (ok) {
		memcpy(d->next.kind, kind, strlen(kind) + 1);
		d->next.time = json_integer_value(time);
		memcpy(d->next.salt, salt, LEAF_SALT);
		d->index = json_integer_value(index);
	}
	OPENSSL_free(salt);
	return ok;
}

/* The next line into d->next: 1, 0 the end, -1 raised. */
static int
read_line(struct details *d)
{
	ssize_t n = getline(&d->line, &d->room, d->f);
	json_t *o = NULL;
	int ok;

	if (n < 0 && !ferror(d->f)) {
		d->ended = 1;
		return 0;
	}
	d->number++;
	if (n > 0 && n <= LINE_MAX_OCTETS)
		o = json_loadb(d->line, (size_t)n, JSON_REJECT_DUPLICATES,
		    NULL);
	ok = o != NULL && take_line(d, o);
	json_decref(o);
	if (ok)
		return 1;
	ca_raise(CA_E_BADREQUEST, "details.format: line %ld is not that of an "
	    "entry, or not in order", d->number);
	return -1;
}

int
details_find(struct details *d, int64_t index, struct log_opening *out)
{
	memset(out, 0, sizeof(*out));
	while (!d->ended && d->index < index)
		if (read_line(d) < 0)
			return -1;
	if (d->ended || d->index != index || d->next.detail == NULL)
		return 0;
	*out = d->next;
	memset(&d->next, 0, sizeof(d->next));
	return 1;
}
