#ifndef INKAN_CA_CLI_ROWS_H
#define INKAN_CA_CLI_ROWS_H

#include <stddef.h>

/*
 * Files of rows, read one by one and never whole: CSV (RFC 4180) whose first
 * record names the columns, or JSON lines, one object in each. The first octet
 * tells which: a "{" begins JSON lines. UTF-8, with or without a byte order
 * mark; empty lines are passed over.
 *
 * A CSV value in quotes may hold commas, doubled quotes and line ends. A JSON
 * value is text, an integer, true or false; null is absent. An empty value is
 * absent in both. What a column means is the caller's business.
 */

#define ROWS_COLUMNS_MAX 64
#define ROWS_NAME_MAX 64
#define ROWS_RECORD_MAX (128 * 1024) /* octets of one row */

struct rows;

/* NULL raised. "-" is standard input. */
struct rows *rows_open(const char *path);
void rows_close(struct rows *r); /* NULL is fine */

/* 1 a row; 0 the end; -1 raised: this row cannot be read, the next one can be
   asked for; -2 raised: nothing more can be read. */
int rows_next(struct rows *r);
/* Of the row that rows_next() gave: the line of the file where it begins, from
   1 on; its values, in order of the file, borrowed until the next call. */
size_t rows_line(const struct rows *r);
size_t rows_count(const struct rows *r);
const char *rows_name(const struct rows *r, size_t i);
const char *rows_value(const struct rows *r, size_t i);
/* The value of that column, or NULL. */
const char *rows_get(const struct rows *r, const char *name);

#endif
