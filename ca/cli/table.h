#ifndef INKAN_CA_CLI_TABLE_H
#define INKAN_CA_CLI_TABLE_H

#include <stdio.h>
#include "ca/wire/message.h"

/*
 * Rows as a table: a head, then aligned columns. Widths come from the rows given
 * to table_begin() - the first page - so that a list of any length is printed
 * as it comes; a longer cell of a later page shifts its line, nothing is cut.
 */

#define TABLE_COLUMNS_MAX 16
#define TABLE_WIDTH_MAX 44	/* a longer cell does not widen its column */

struct table {
	FILE *out;
	const char *const *fields;	/* names, ended by NULL; borrowed */
	size_t n;
	size_t width[TABLE_COLUMNS_MAX];
};

void table_begin(struct table *t, FILE *out, const char *const *fields,
    const WIRE_ANSWER *page);
void table_row(const struct table *t, const WIRE_FIELDS *row);

#endif
