#ifndef INKAN_CA_CLI_OPTION_H
#define INKAN_CA_CLI_OPTION_H

#include <stddef.h>
#include <time.h>
#include "ca/wire/field.h"

/*
 * Options of a command, read strictly against a table: "--name VALUE" or
 * "--name=VALUE". A value that begins with "--" must be written with "=".
 * A word that is no option is taken for the command's positional option.
 */

enum option_kind {
	OPTION_TEXT,
	OPTION_FLAG,		/* no value */
	OPTION_INT,		/* 0..2^62 */
	OPTION_SERIAL,
	OPTION_REASON,
	OPTION_DURATION,	/* -> seconds */
	OPTION_TIME,
	OPTION_SET,		/* FIELD=VALUE */
	OPTION_CSR,		/* files -> bytes */
	OPTION_KEY,
	OPTION_CERT,
	OPTION_CHAIN
};

#define OPTION_REQUIRED 1
#define OPTION_MANY 2		/* may stand more than once */
#define OPTION_LOCAL 4		/* the tool's own: not sent */
#define OPTION_MAX 64		/* options on one command line */

struct option_spec {
	const char *name;	/* without "--"; NULL ends a table */
	enum option_kind kind;
	int flags;
	const char *field;	/* argument of the operation; NULL: as name */
	const char *value;	/* what help calls the value */
	const char *help;
};

struct option_value {
	const struct option_spec *spec;
	const char *text;	/* borrowed from argv; "" for a flag */
};

struct options {
	struct option_value v[OPTION_MAX];
	size_t n;
	int argc;		/* the words as they came, borrowed */
	char **argv;
};

/* The option at ${argv}[*i] and its value: *i moves to the last word taken. An
   option of ${specs} is added to ${out}. 1, or 0 raised. */
int option_take(const struct option_spec *specs, int argc, char **argv, int *i,
    struct options *out);

/*
 * All of ${argv}: options of ${specs}, and words as ${positional} (NULL: none).
 * Checks values that need no file, repeated and missing options. 1, or 0 with
 * CA_E_BADREQUEST raised (a usage error).
 */
int option_parse(const struct option_spec *specs, const char *positional,
    int argc, char **argv, struct options *out);

int option_has(const struct options *o, const char *name);
const char *option_text(const struct options *o, const char *name); /* or NULL */

/* The arguments of the operation: files are read here. 1, or 0 raised. */
int option_fields(const struct options *o, time_t now, WIRE_FIELDS *args);

#endif
