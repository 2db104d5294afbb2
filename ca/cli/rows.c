#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "ca/cli/rows.h"
#include "ca/error.h"
#include "ca/wire/field.h"

struct cell {
	const char *name, *value;
};

struct rows {
	FILE *f;
	int json, failed;
	size_t next_line, line;	/* of the next octet; of the row at hand */
	char *buf;		/* the record, its values ended by NUL */
	size_t len;
	size_t at[ROWS_COLUMNS_MAX + 1]; /* where CSV values begin */
	size_t n_at;
	char header[ROWS_COLUMNS_MAX][ROWS_NAME_MAX + 1];
	size_t n_header;
	struct cell cell[ROWS_COLUMNS_MAX];
	size_t n;
	json_t *object;
	char number[ROWS_COLUMNS_MAX][24]; /* JSON integers as text */
};

static int
bad(const struct rows *r, const char *text)
{
	ca_raise(CA_E_BADREQUEST, "row: line %zu: %s", r->line, text);
	return -1;
}

static int
next_octet(struct rows *r)
{
	int c = getc_unlocked(r->f);

	r->next_line += c == '\n';
	return c;
}

static int
put(struct rows *r, int c)
{
	if (r->len == ROWS_RECORD_MAX)
		return 0;
	r->buf[r->len++] = (char)c;
	return 1;
}

/* So that one row that is too long or broken costs no other. */
static void
skip_line(struct rows *r)
{
	int c;

	while ((c = next_octet(r)) != EOF && c != '\n')
		;
}

static int
begin_value(struct rows *r)
{
	if (r->n_at == ROWS_COLUMNS_MAX)
		return 0;
	r->at[r->n_at++] = r->len;
	return 1;
}

/* The value after its opening quote, up to and with what follows the closing
   one. That octet, or -2: broken. */
static int
quoted(struct rows *r)
{
	int c;

	for (;;) {
		c = next_octet(r);
		if (c == EOF)
			return -2;
		if (c == '"' && (c = next_octet(r)) != '"')
			break;
		if (!put(r, c))
			return -2;
	}
	if (c == '\r')
		c = next_octet(r);
	return c == ',' || c == '\n' || c == EOF ? c : -2;
}

static int
plain(struct rows *r, int c)
{
	for (; c != ',' && c != '\n' && c != EOF; c = next_octet(r))
		if (c == '"' || !put(r, c))
			return -2;
	if (c != ',' && r->len > r->at[r->n_at - 1] &&
	    r->buf[r->len - 1] == '\r')
		r->len--;
	return c;
}

/* One record, whose first octet is ${c}. 1, or -1 raised. */
static int
read_record(struct rows *r, int c)
{
	r->len = r->n_at = 0;
	do {
		if (r->n_at > 0)
			c = next_octet(r);
		if (!begin_value(r)) {
			skip_line(r);
			return bad(r, "more than 64 columns");
		}
		c = c == '"' ? quoted(r) : plain(r, c);
		if (c == -2 || !put(r, '\0')) {
			skip_line(r);
			return bad(r,
			    "quotes that do not fit, or longer than 128 KiB");
		}
	} while (c == ',');
	return 1;
}

static int
is_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= ROWS_NAME_MAX &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.") == n;
}

static int
read_header(struct rows *r, int c)
{
	size_t i, k;

	r->line = r->next_line;
	if (read_record(r, c) != 1)
		return 0;
	for (i = 0; i < r->n_at; i++) {
		const char *name = r->buf + r->at[i];

		for (k = 0; k < i; k++)
			if (strcmp(r->header[k], name) == 0)
				break;
		if (!is_name(name) || k < i) {
			bad(r, k < i ? "a column stands twice"
				     : "the first line names the columns, by "
				       "a-z, 0-9, _ and .");
			return 0;
		}
		snprintf(r->header[i], sizeof(r->header[i]), "%s", name);
	}
	r->n_header = r->n_at;
	return 1;
}

/* A cell, unless it is empty. 1, or -1 raised. */
static int
add_cell(struct rows *r, const char *name, const char *value, size_t len)
{
	if (strlen(value) != len || !field_text_ok(value, len))
		return bad(r, "text that is not UTF-8");
	if (len == 0)
		return 1;
	r->cell[r->n].name = name;
	r->cell[r->n++].value = value;
	return 1;
}

static int
csv_row(struct rows *r, int c)
{
	size_t i, end;

	if (read_record(r, c) != 1)
		return -1;
	if (r->n_at != r->n_header)
		return bad(r, "not as many values as there are columns");
	for (i = 0; i < r->n_at; i++) {
		end = i + 1 < r->n_at ? r->at[i + 1] : r->len;
		if (add_cell(r, r->header[i], r->buf + r->at[i],
			end - 1 - r->at[i]) != 1)
			return -1;
	}
	return 1;
}

static int
json_cell(struct rows *r, const char *name, json_t *v)
{
	if (r->n == ROWS_COLUMNS_MAX || !is_name(name))
		return bad(r, "a name that is none, or more than 64 of them");
	switch (json_typeof(v)) {
	case JSON_NULL:
		return 1;
	case JSON_STRING:
		return add_cell(
		    r, name, json_string_value(v), json_string_length(v));
	case JSON_TRUE:
		return add_cell(r, name, "true", 4);
	case JSON_FALSE:
		return add_cell(r, name, "false", 5);
	case JSON_INTEGER:
		snprintf(r->number[r->n], sizeof(r->number[0]),
		    "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return add_cell(r, name, r->number[r->n],
		    strlen(r->number[r->n]));
	default:
		return bad(r, "a value that is no text, integer or flag");
	}
}

static int
json_row(struct rows *r, int c)
{
	json_error_t err;
	const char *name;
	json_t *v;

	for (r->len = 0; c != '\n' && c != EOF; c = next_octet(r))
		if (!put(r, c)) {
			skip_line(r);
			return bad(r, "longer than 128 KiB");
		}
	r->object = json_loadb(r->buf, r->len, JSON_REJECT_DUPLICATES, &err);
	if (!json_is_object(r->object))
		return bad(r, r->object == NULL ? err.text : "no object");
	json_object_foreach(r->object, name, v)
		if (json_cell(r, name, v) != 1)
			return -1;
	return 1;
}

int
rows_next(struct rows *r)
{
	int c;

	json_decref(r->object);
	r->object = NULL;
	r->n = 0;
	do {
		r->line = r->next_line;
		c = next_octet(r);
		if (c == '\r')
			c = next_octet(r);
	} while (c == '\n');
	if (ferror(r->f)) {
		ERR_raise_data(ERR_LIB_SYS, errno, "read");
		return -2;
	}
	if (c == EOF)
		return 0;
	return r->json ? json_row(r, c) : csv_row(r, c);
}

/* After a byte order mark, if there is one. */
static int
first_octet(struct rows *r)
{
	int c = next_octet(r);

	if (c == 0xef && next_octet(r) == 0xbb && next_octet(r) == 0xbf)
		c = next_octet(r);
	return c;
}

struct rows *
rows_open(const char *path)
{
	struct rows *r = calloc(1, sizeof(*r));
	int c;

	if (r == NULL || (r->buf = malloc(ROWS_RECORD_MAX)) == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		goto fail;
	}
	r->next_line = 1;
	r->f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (r->f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		goto fail;
	}
	c = first_octet(r);
	r->json = c == '{';
	if (r->json)
		ungetc(c, r->f);
	else if (c == EOF) {
		ca_raise(CA_E_BADREQUEST, "%s is empty", path);
		goto fail;
	} else if (!read_header(r, c))
		goto fail;
	return r;
fail:
	rows_close(r);
	return NULL;
}

void
rows_close(struct rows *r)
{
	if (r == NULL)
		return;
	json_decref(r->object);
	if (r->f != NULL && r->f != stdin)
		fclose(r->f);
	free(r->buf);
	free(r);
}

size_t
rows_line(const struct rows *r)
{
	return r->line;
}

size_t
rows_count(const struct rows *r)
{
	return r->n;
}

const char *
rows_name(const struct rows *r, size_t i)
{
	return r->cell[i].name;
}

const char *
rows_value(const struct rows *r, size_t i)
{
	return r->cell[i].value;
}

const char *
rows_get(const struct rows *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->cell[i].name, name) == 0)
			return r->cell[i].value;
	return NULL;
}
