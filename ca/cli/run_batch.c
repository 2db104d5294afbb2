#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include "ca/cli/batch_state.h"
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/file.h"
#include "ca/cli/rows.h"
#include "ca/cli/run.h"
#include "ca/cli/seen.h"
#include "ca/error.h"
#include "ca/report/report.h"

/*
 * A certificate for each row of a file, into a folder. It can be cut off at any
 * time and be run again: rows that are done are passed over, and one whose
 * answer was lost gets the certificate that was issued for it ("once").
 */

#define PROGRESS 100
#define TRIES 10	/* of a row while inkan-ca says: come back */
#define WAIT_MAX 30	/* seconds */

struct batch {
	struct cli *cli;
	const char *path, *dir, *profile, *fleet;
	struct batch_state *state;
	struct seen *names; /* of certificate files */
	size_t total, issued, before, refused;
	json_t *told;
};

/* Is it a name in the folder, and nothing that hides or leads out of it? */
static int
is_file_name(const char *s)
{
	return s[0] != '\0' && s[0] != '.' && strchr(s, '/') == NULL &&
	    strlen(s) < 200;
}

/* The certificate's file: "out", else the device, else the line. */
static int
file_name(const struct batch *b, const struct rows *r, char out[256])
{
	const char *name = rows_get(r, "out"), *device = rows_get(r, "device");

	if (name != NULL && !is_file_name(name)) {
		ca_raise(CA_E_BADREQUEST, "batch.out: no name of a file");
		return 0;
	}
	if (name != NULL)
		snprintf(out, 256, "%s", name);
	else if (device != NULL && is_file_name(device))
		snprintf(out, 256, "%s.pem", device);
	else
		snprintf(out, 256, "line-%zu.pem", rows_line(r));
	switch (seen_add(b->names, out, "")) {
	case 1:
		return 1;
	case 0:
		ca_raise(CA_E_BADREQUEST,
		    "batch.out: another row has the file %s", out);
	}
	return 0;
}

static int
add_csr(WIRE_FIELDS *args, const char *value)
{
	if (strncmp(value, "-----BEGIN", 10) == 0)
		return file_add_csr_text(args, "csr", value);
	return file_add_csr(args, "csr", value);
}

static int
add_column(WIRE_FIELDS *args, const char *name, const char *value)
{
	char pair[ROWS_NAME_MAX + 1024];

	if (strcmp(name, "out") == 0)
		return 1;
	if (strcmp(name, "csr") == 0)
		return add_csr(args, value);
	if (strcmp(name, "profile") == 0 || strcmp(name, "fleet") == 0 ||
	    strcmp(name, "device") == 0)
		return field_add_text(args, name, value);
	if ((size_t)snprintf(pair, sizeof(pair), "%s=%s", name, value) >=
	    sizeof(pair)) {
		ca_raise(CA_E_BADREQUEST, "set: %s is too long", name);
		return 0;
	}
	return field_add_text(args, "set", pair);
}

/* The arguments of "issue"; NULL raised. */
static WIRE_FIELDS *
row_args(const struct batch *b, const struct rows *r)
{
	WIRE_FIELDS *args = field_list_new();
	int ok = args != NULL && field_add_flag(args, "once", 1);
	size_t i;

	if (ok && rows_get(r, "csr") == NULL) {
		ca_raise(CA_E_BADREQUEST, "batch.csr: there is none");
		ok = 0;
	}
	if (b->profile != NULL && rows_get(r, "profile") == NULL)
		ok = ok && field_add_text(args, "profile", b->profile);
	if (b->fleet != NULL && rows_get(r, "fleet") == NULL)
		ok = ok && field_add_text(args, "fleet", b->fleet);
	for (i = 0; ok && i < rows_count(r); i++)
		ok = add_column(args, rows_name(r, i), rows_value(r, i));
	if (ok)
		return args;
	field_list_free(args);
	return NULL;
}

static int
tell(struct batch *b, size_t line, const char *rule, const char *text)
{
	char buf[4 * (WIRE_TEXT_MAX + 1) + 20];
	json_t *o;

	b->refused++;
	report_escape(text, buf, sizeof(buf));
	fprintf(b->cli->err, "inkan: %s:%zu: %s%s%s\n", b->path, line, rule,
	    rule[0] != '\0' ? ": " : "", buf);
	if (!b->cli->json)
		return 1;
	o = json_pack("{sI ss ss}", "line", (json_int_t)line, "rule", rule,
	    "text", buf);
	return o != NULL && json_array_append_new(b->told, o) == 0;
}

static int
tell_raised(struct batch *b, size_t line)
{
	char text[REPORT_TRACE_MAX];

	report_last_text(text, sizeof(text));
	ERR_clear_error();
	return tell(b, line, "", text);
}

/* Asked until it is an answer: tokens and stores come back. NULL raised. */
static WIRE_ANSWER *
ask(struct batch *b, WIRE_FIELDS *args)
{
	WIRE_ANSWER *a;
	int64_t wait;
	int i;

	for (i = 1;; i++) {
		a = client_call(b->cli, "issue", args);
		if (a == NULL || i == TRIES ||
		    message_answer_status(a) != WIRE_UNAVAILABLE)
			return a;
		wait = message_retry(a);
		WIRE_ANSWER_free(a);
		sleep(wait < 1 ? 1 : wait > WAIT_MAX ? WAIT_MAX : (unsigned)wait);
	}
}

/* First the certificate, then the line that says so. 1, or 0 raised. */
static int
keep(struct batch *b, size_t line, const char *name, const WIRE_ANSWER *a)
{
	const unsigned char *der;
	char path[4096];
	size_t len;

	der = field_bytes(a->values, "cert", &len);
	if (der == NULL) {
		ca_raise(CA_E_INTERNAL, "the answer holds no certificate");
		return 0;
	}
	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	if (!file_write_pem(path, PEM_STRING_X509, der, len) ||
	    !batch_state_add(
		b->state, line, field_text(a->values, "serial", "?"), name))
		return 0;
	b->issued++;
	return 1;
}

static int
is_there(const struct batch *b, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	return access(path, F_OK) == 0;
}

/* 1, also for a row that was refused; 0 raised: nothing more can be done. */
static int
one_row(struct batch *b, const struct rows *r)
{
	size_t line = rows_line(r);
	WIRE_FIELDS *args = NULL;
	WIRE_ANSWER *a = NULL;
	char name[256];
	int ok;

	if (!file_name(b, r, name))
		return tell_raised(b, line);
	if (batch_state_done(b->state, line) && is_there(b, name)) {
		b->before++;
		return 1;
	}
	if ((args = row_args(b, r)) == NULL)
		return tell_raised(b, line);
	a = ask(b, args);
	ok = a != NULL;
	if (ok && message_answer_status(a) == WIRE_OK)
		ok = keep(b, line, name, a);
	else if (ok)
		ok = tell(b, line, message_refusal(a, "rule"),
		    message_refusal(a, "text"));
	WIRE_ANSWER_free(a);
	field_list_free(args);
	return ok;
}

static int
all_rows(struct batch *b)
{
	struct rows *r = rows_open(b->path);
	int got, ok = r != NULL;

	while (ok && (got = rows_next(r)) != 0) {
		if (got == -2)
			ok = 0;
		else if (got == -1)
			ok = tell_raised(b, rows_line(r));
		else
			ok = one_row(b, r);
		if (++b->total % PROGRESS == 0)
			fprintf(b->cli->err,
			    "inkan: %zu rows: %zu issued, %zu before, %zu "
			    "refused\n",
			    b->total, b->issued, b->before, b->refused);
	}
	rows_close(r);
	return ok;
}

static int
print_counts(struct batch *b)
{
	if (b->cli->json)
		return encode_print(b->cli->out,
		    json_pack("{sI sI sI sO}", "issued", (json_int_t)b->issued,
			"before", (json_int_t)b->before, "refused",
			(json_int_t)b->refused, "rows", b->told));
	fprintf(b->cli->out, "issued: %zu\nbefore: %zu\nrefused: %zu\n",
	    b->issued, b->before, b->refused);
	return 1;
}

static int
run(struct batch *b)
{
	char sha256[65];
	int ok;

	if (mkdir(b->dir, 0755) != 0 && errno != EEXIST) {
		ERR_raise_data(ERR_LIB_SYS, errno, "mkdir %s", b->dir);
		return client_failed(b->cli);
	}
	if (!file_sha256(b->path, sha256) ||
	    (b->state = batch_state_open(b->dir, sha256)) == NULL ||
	    (b->names = seen_new()) == NULL)
		return client_failed(b->cli);
	ok = all_rows(b);
	if (!ok) {
		(void)client_failed(b->cli);
		fprintf(b->cli->err,
		    "inkan: the batch broke off; run it again to go on\n");
		b->cli->json = 0;
	}
	if (!print_counts(b))
		ok = 0;
	return ok && b->refused == 0 ? CLI_DONE : CLI_FAILED;
}

int
run_batch(struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct batch b = {.cli = cli,
	    .path = option_text(o, "batch"),
	    .dir = option_text(o, "out"),
	    .profile = option_text(o, "profile"),
	    .fleet = option_text(o, "fleet")};
	int status;

	(void)cmd;
	b.told = json_array();
	status = run(&b);
	json_decref(b.told);
	batch_state_close(b.state);
	seen_free(b.names);
	return status;
}
