#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "ca/cli/format.h"
#include "ca/cli/table.h"

/* "not_after" -> "NOT AFTER" */
static const char *
title(const char *field, char buf[64])
{
	size_t i;

	for (i = 0; field[i] != '\0' && i < 63; i++)
		buf[i] = field[i] == '_'
		    ? ' '
		    : (char)toupper((unsigned char)field[i]);
	buf[i] = '\0';
	return buf;
}

static void
widen(size_t *width, const char *text)
{
	size_t n = format_width(text);

	if (n <= TABLE_WIDTH_MAX && n > *width)
		*width = n;
}

/* The last cell of a line is not padded. */
static void
cell(const struct table *t, size_t i, const char *text)
{
	size_t n = format_width(text);

	fputs(text, t->out);
	if (i + 1 == t->n) {
		fputc('\n', t->out);
		return;
	}
	for (; n < t->width[i]; n++)
		fputc(' ', t->out);
	fputs("  ", t->out);
}

void
table_begin(struct table *t, FILE *out, const char *const *fields,
    const WIRE_ANSWER *page)
{
	char head[64], buf[FORMAT_MAX];
	size_t i, r;

	memset(t, 0, sizeof(*t));
	t->out = out;
	t->fields = fields;
	while (fields[t->n] != NULL)
		t->n++;
	assert(t->n > 0 && t->n <= TABLE_COLUMNS_MAX);
	for (i = 0; i < t->n; i++) {
		widen(&t->width[i], title(fields[i], head));
		for (r = 0; r < message_n_rows(page); r++)
			widen(&t->width[i],
			    format_field(
				field_find(message_row(page, r), fields[i], 0),
				buf));
	}
	for (i = 0; i < t->n; i++)
		cell(t, i, title(fields[i], head));
}

void
table_row(const struct table *t, const WIRE_FIELDS *row)
{
	char buf[FORMAT_MAX];
	size_t i;

	for (i = 0; i < t->n; i++)
		cell(t, i, format_field(field_find(row, t->fields[i], 0), buf));
}
