#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/file.h"
#include "ca/cli/format.h"
#include "ca/cli/rows.h"
#include "ca/cli/run.h"
#include "ca/cli/seen.h"
#include "ca/error.h"
#include "ca/report/report.h"

/*
 * Devices by the file. Unless --keep-going, the whole file is looked at first,
 * by the server too, and nothing is written if one row is wrong. Pages are
 * transactions of their own, so that others are served meanwhile; a file that
 * broke off is brought in again, and what is there already is unchanged.
 */

#define PAGE_ROWS 200
#define PAGE_OCTETS (512 * 1024)
#define PROGRESS 50000	/* rows between two lines */
#define TOLD_MAX 1000	/* refused rows that are told one by one */

struct importing {
	struct cli *cli;
	const char *path, *fleet;
	int keep_going;
	int64_t import;	/* 0: only look */
	FILE *report;	/* refused rows, or NULL */
	struct seen *devices, *keys; /* of a look */
	WIRE_FIELDS *args;
	size_t line[PAGE_ROWS];
	size_t n, octets, total;
	int64_t added, unchanged, refused;
	json_t *told;
};

/* One refused row: on standard error, in the report and for --json. */
static int
tell(struct importing *m, size_t line, const char *rule, const char *text)
{
	char buf[4 * (WIRE_TEXT_MAX + 1) + 20];
	json_t *o;

	m->refused++;
	report_escape(text, buf, sizeof(buf));
	if (m->report != NULL)
		fprintf(m->report, "%s:%zu: %s%s%s\n", m->path, line, rule,
		    rule[0] != '\0' ? ": " : "", buf);
	if (m->refused > TOLD_MAX)
		return 1;
	fprintf(m->cli->err, "inkan: %s:%zu: %s%s%s\n", m->path, line, rule,
	    rule[0] != '\0' ? ": " : "", buf);
	if (m->refused == TOLD_MAX)
		fprintf(m->cli->err, "inkan: further ones are not told%s\n",
		    m->report != NULL ? " here" : "; --report FILE has all");
	if (!m->cli->json)
		return 1;
	o = json_pack("{sI ss ss}", "line", (json_int_t)line, "rule", rule,
	    "text", buf);
	return o != NULL && json_array_append_new(m->told, o) == 0;
}

/* The same with what is on the error queue, which is emptied. */
static int
tell_raised(struct importing *m, size_t line)
{
	char text[REPORT_TRACE_MAX];

	report_last_text(text, sizeof(text));
	ERR_clear_error();
	return tell(m, line, "", text);
}

static int
new_page(struct importing *m)
{
	field_list_free(m->args);
	m->n = m->octets = 0;
	m->args = field_list_new();
	return m->args != NULL &&
	    (m->import == 0 || field_add_int(m->args, "import", m->import)) &&
	    (m->fleet == NULL || field_add_text(m->args, "fleet", m->fleet)) &&
	    field_add_flag(m->args, "keep_going", m->keep_going);
}

static int
take_answer(struct importing *m, const WIRE_ANSWER *a)
{
	const WIRE_FIELDS *row;
	size_t i;
	int64_t k;

	m->added += field_int(a->values, "added", 0);
	m->unchanged += field_int(a->values, "unchanged", 0);
	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		k = field_int(row, "row", 0);
		if (k < 0 || (size_t)k >= m->n)
			continue;
		if (!tell(m, m->line[k], field_text(row, "rule", ""),
			field_text(row, "text", "")))
			return 0;
	}
	return 1;
}

/* 1; 0 after the failure or the refusal is told. */
static int
send_page(struct importing *m)
{
	WIRE_ANSWER *a;
	int ok;

	if (m->n == 0)
		return 1;
	if ((a = client_call(m->cli, "device.import", m->args)) == NULL) {
		client_failed(m->cli);
		return 0;
	}
	ok = client_done(m->cli, a);
	if (ok && (!take_answer(m, a) || !new_page(m))) {
		client_failed(m->cli);
		ok = 0;
	}
	WIRE_ANSWER_free(a);
	return ok;
}

/* 64 hexadecimal digits. */
static int
add_hash(WIRE_FIELDS *row, const char *text)
{
	unsigned char md[32];
	size_t len = 0;

	if (strlen(text) != 64 ||
	    OPENSSL_hexstr2buf_ex(md, sizeof(md), &len, text, '\0') != 1 ||
	    len != sizeof(md)) {
		ca_raise(CA_E_BADREQUEST,
		    "device.key: key_sha256 is 64 hexadecimal digits");
		return 0;
	}
	return field_add_bytes(row, "key_sha256", md, sizeof(md));
}

/* One column of a device. */
static int
add_column(WIRE_FIELDS *row, const char *name, const char *value)
{
	char pair[ROWS_NAME_MAX + 1024];

	if (strcmp(name, "fleet") == 0 || strcmp(name, "name") == 0 ||
	    strcmp(name, "serial") == 0)
		return field_add_text(row, name, value);
	if (strcmp(name, "key") == 0)
		return file_add_key_text(row, "key", value);
	if (strcmp(name, "key_sha256") == 0)
		return add_hash(row, value);
	if ((size_t)snprintf(pair, sizeof(pair), "%s=%s", name, value) >=
	    sizeof(pair)) {
		ca_raise(CA_E_BADREQUEST, "device.set: %s is too long", name);
		return 0;
	}
	return field_add_text(row, "set", pair);
}

/* Twice in one file is a mistake of the file: it stands nowhere yet, so that
   the server cannot know. 1; 0 raised. */
static int
look_for_twins(struct importing *m, const struct rows *r)
{
	const char *fleet = rows_get(r, "fleet"), *name = rows_get(r, "name");
	const char *key = rows_get(r, "key_sha256");

	if (m->devices == NULL)
		return 1;
	if (fleet == NULL)
		fleet = m->fleet == NULL ? "" : m->fleet;
	if (name != NULL && seen_add(m->devices, fleet, name) == 0) {
		ca_raise(CA_E_BADREQUEST,
		    "device.duplicate: the file has this device twice");
		return 0;
	}
	if (key == NULL)
		key = rows_get(r, "key");
	if (key == NULL || seen_add(m->keys, key, "") != 0)
		return 1;
	ca_raise(CA_E_BADREQUEST, "key.duplicate: the file has this key twice");
	return 0;
}

/* 1 in the page; 0 raised. */
static int
add_row(struct importing *m, const struct rows *r)
{
	WIRE_FIELDS *row = field_list_new();
	unsigned char *der = NULL;
	size_t i, len;
	int ok = row != NULL && look_for_twins(m, r);

	for (i = 0; ok && i < rows_count(r); i++)
		ok = add_column(row, rows_name(r, i), rows_value(r, i));
	ok = ok && field_list_encode(row, &der, &len) &&
	    field_add_bytes(m->args, "row", der, len);
	if (ok) {
		m->line[m->n++] = rows_line(r);
		m->octets += len;
	}
	OPENSSL_free(der);
	field_list_free(row);
	return ok;
}

static void
progress(struct importing *m)
{
	if (++m->total % PROGRESS == 0)
		fprintf(m->cli->err, "inkan: %zu rows %s\n", m->total,
		    m->import == 0 ? "looked at" : "sent");
}

/* The file once, from its beginning to its end. 1; 0 told. */
static int
run_pass(struct importing *m)
{
	struct rows *r = rows_open(m->path);
	int got, ok = 1;

	m->added = m->unchanged = m->refused = 0;
	m->total = 0;
	if (r == NULL || !new_page(m)) {
		rows_close(r);
		client_failed(m->cli);
		return 0;
	}
	while (ok && (got = rows_next(r)) != 0) {
		if (got == -2) {
			client_failed(m->cli);
			ok = 0;
		} else if (got == -1 || !add_row(m, r))
			ok = tell_raised(m, rows_line(r));
		progress(m);
		if (m->n == PAGE_ROWS || m->octets > PAGE_OCTETS)
			ok = ok && send_page(m);
	}
	rows_close(r);
	return ok && send_page(m);
}

static int
file_hash(const char *path, unsigned char md[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	FILE *f = fopen(path, "re");
	unsigned char buf[16 * 1024];
	size_t n;
	int ok;

	ok = f != NULL && ctx != NULL &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
	while (ok && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		ok = EVP_DigestUpdate(ctx, buf, n) == 1;
	ok = ok && !ferror(f) && EVP_DigestFinal_ex(ctx, md, NULL) == 1;
	if (!ok)
		ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
	if (f != NULL)
		fclose(f);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* Call with arguments that are freed; the value ${want} in *out. 1; 0 told. */
static int
call(struct importing *m, const char *op, WIRE_FIELDS *args, int ok,
    const char *want, int64_t *out)
{
	WIRE_ANSWER *a = NULL;

	if (!ok || (a = client_call(m->cli, op, args)) == NULL) {
		client_failed(m->cli);
		ok = 0;
	} else if ((ok = client_done(m->cli, a)) && out != NULL)
		*out = field_int(a->values, want, 0);
	WIRE_ANSWER_free(a);
	field_list_free(args);
	return ok;
}

static int
begin(struct importing *m)
{
	WIRE_FIELDS *args = field_list_new();
	const char *base = strrchr(m->path, '/');

	base = base == NULL ? m->path : base + 1;
	return call(m, "device.import.begin", args,
	    args != NULL && field_add_text(args, "file", base), "import",
	    &m->import);
}

/* Also of one that broke off, so that the log tells of it. */
static int
end(struct importing *m, const unsigned char md[32], int complete)
{
	WIRE_FIELDS *args = field_list_new();

	return call(m, "device.import.end", args,
	    args != NULL && field_add_int(args, "import", m->import) &&
		field_add_bytes(args, "sha256", md, 32) &&
		field_add_flag(args, "incomplete", !complete),
	    NULL, NULL);
}

static int
print_counts(struct importing *m)
{
	json_t *o;

	if (!m->cli->json) {
		if (m->import != 0)
			fprintf(m->cli->out, "import: %lld\n",
			    (long long)m->import);
		fprintf(m->cli->out,
		    "%s: %lld\nunchanged: %lld\nrefused: %lld\n",
		    m->import == 0 ? "new" : "added", (long long)m->added,
		    (long long)m->unchanged, (long long)m->refused);
		return 1;
	}
	o = json_pack("{sI sI sI sI sO}", "import", (json_int_t)m->import,
	    m->import == 0 ? "new" : "added", (json_int_t)m->added,
	    "unchanged", (json_int_t)m->unchanged, "refused",
	    (json_int_t)m->refused, "rows", m->told);
	return encode_print(m->cli->out, o);
}

/* Nothing is written here. 1 when every row would be taken. */
static int
look(struct importing *m)
{
	int ok;

	m->devices = seen_new();
	m->keys = seen_new();
	if (m->devices == NULL || m->keys == NULL) {
		client_failed(m->cli);
		ok = 0;
	} else
		ok = run_pass(m);
	seen_free(m->devices);
	seen_free(m->keys);
	m->devices = m->keys = NULL;
	return ok;
}

static int
bring_in(struct importing *m, const unsigned char md[32])
{
	int ok;

	if (!begin(m))
		return 0;
	ok = run_pass(m);
	if (!ok)
		fprintf(m->cli->err,
		    "inkan: import %lld broke off; the same file again does "
		    "the rest\n",
		    (long long)m->import);
	return end(m, md, ok) && ok;
}

static int
run(struct importing *m, int dry)
{
	unsigned char md[32];
	int ok = 1;

	if (!file_hash(m->path, md))
		return client_failed(m->cli);
	if (dry || !m->keep_going) {
		if (!look(m))
			return CLI_FAILED;
		ok = m->refused == 0;
		if (!ok && !dry)
			fprintf(m->cli->err,
			    "inkan: nothing was written; --keep-going leaves "
			    "out what is refused\n");
		if (!ok || dry)
			return print_counts(m) && ok ? CLI_DONE : CLI_FAILED;
	}
	if (!bring_in(m, md))
		return CLI_FAILED;
	return print_counts(m) && m->refused == 0 ? CLI_DONE : CLI_FAILED;
}

int
run_import(struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct importing m = {.cli = cli};
	const char *report = option_text(o, "report");
	struct stat st;
	int status;

	(void)cmd;
	m.path = option_text(o, "file");
	m.fleet = option_text(o, "fleet");
	m.keep_going = option_has(o, "keep-going");
	/* It is read more than once. */
	if (stat(m.path, &st) != 0 || !S_ISREG(st.st_mode)) {
		ca_raise(CA_E_BADREQUEST, "%s is no regular file", m.path);
		return client_failed(cli);
	}
	if (report != NULL && (m.report = fopen(report, "we")) == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", report);
		return client_failed(cli);
	}
	m.told = json_array();
	status = run(&m, option_has(o, "dry-run"));
	json_decref(m.told);
	field_list_free(m.args);
	if (m.report != NULL && fclose(m.report) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "write %s", report);
		status = client_failed(cli);
	}
	return status;
}
