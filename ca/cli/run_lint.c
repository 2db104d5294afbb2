#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/run.h"
#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/lint/lint.h"

/* The linter on files of anybody. No server is asked. */

#define ESCAPED_MAX (4 * LINT_TEXT_MAX + 20)

struct linting {
	struct cli *cli;
	const char *file;
	size_t number;		     /* of the certificate or CRL in the file */
	const char *what;	     /* "CA", "CRL" … */
	enum lint_severity severity; /* what counts */
	size_t n, total;	     /* findings: of this one, of all */
	json_t *findings;	     /* of this one, with --json */
	json_t *all;
	int failed;
};

/* ---- files ------------------------------------------------------------ */

/* The whole file, to be freed with free(); NULL raised. */
static unsigned char *
read_all(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	unsigned char *buf = NULL, *more;
	size_t size = 64 * 1024;

	*len = 0;
	if (f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return NULL;
	}
	while ((more = realloc(buf, size)) != NULL) {
		buf = more;
		*len += fread(buf + *len, 1, size - *len, f);
		if (*len < size || size > 2 * LINT_CRL_MAX)
			break;
		size *= 2;
	}
	if (more == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	else if (ferror(f))
		ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
	else if (*len == 0 || *len > 2 * LINT_CRL_MAX)
		ca_raise(CA_E_BADREQUEST, "%s is %s", path,
		    *len == 0 ? "empty" : "too large");
	else
		goto out;
	free(buf);
	buf = NULL;
out:
	if (f != stdin)
		fclose(f);
	return buf;
}

/* ---- findings --------------------------------------------------------- */

static void
found(void *arg, const struct lint_rule *rule, const char *text)
{
	struct linting *l = arg;
	char escaped[ESCAPED_MAX];
	json_t *one;

	if (rule->severity < l->severity)
		return;
	l->n++;
	report_escape(text, escaped, sizeof(escaped));
	if (!l->cli->json) {
		fprintf(l->cli->out, "%s:%zu: %s: %s: %s: %s (%s)\n", l->file,
		    l->number, l->what, lint_severity_name(rule->severity),
		    rule->id, escaped, rule->citation);
		return;
	}
	one = json_pack("{ss ss ss ss}", "rule", rule->id, "severity",
	    lint_severity_name(rule->severity), "citation", rule->citation,
	    "text", escaped);
	if (json_array_append_new(l->findings, one) != 0)
		l->failed = 1;
}

/* One certificate or CRL. */
static void
lint_one(struct linting *l, const unsigned char *der, size_t len, int is_crl)
{
	json_t *one;

	l->number++;
	l->n = 0;
	l->what = is_crl ? "CRL" : lint_class_name(lint_cert_classes(der, len));
	if (l->cli->json && (l->findings = json_array()) == NULL)
		l->failed = 1;
	if (!(is_crl ? lint_crl(der, len, found, l)
		     : lint_cert(der, len, found, l))) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		l->failed = 1;
	}
	l->total += l->n;
	if (!l->cli->json) {
		if (l->n == 0)
			fprintf(l->cli->out, "%s:%zu: %s: clean\n", l->file,
			    l->number, l->what);
		return;
	}
	one = json_pack("{ss sI ss so}", "file", l->file, "number",
	    (json_int_t)l->number, "what", l->what, "findings", l->findings);
	l->findings = NULL;
	if (json_array_append_new(l->all, one) != 0)
		l->failed = 1;
}

static int
is_one_of(const char *label, const char *a, const char *b)
{
	return strcmp(label, a) == 0 || (b != NULL && strcmp(label, b) == 0);
}

/* Every certificate and CRL among the PEM blocks; others are passed over. */
static void
lint_pem(struct linting *l, BIO *bio)
{
	char *label, *header;
	unsigned char *der;
	long len;

	while (PEM_read_bio(bio, &label, &header, &der, &len) == 1) {
		if (is_one_of(label, PEM_STRING_X509, PEM_STRING_X509_OLD))
			lint_one(l, der, (size_t)len, 0);
		else if (is_one_of(label, PEM_STRING_X509_CRL, NULL))
			lint_one(l, der, (size_t)len, 1);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	ERR_clear_error(); /* "no start line" is how it ends */
}

static int
lint_file(struct linting *l, const char *path)
{
	unsigned char *buf = NULL;
	BIO *bio = NULL;
	size_t len;
	int ok = 0;

	l->file = path;
	l->number = 0;
	if ((buf = read_all(path, &len)) == NULL)
		goto out;
	if (buf[0] == 0x30) {
		lint_one(l, buf, len, lint_looks_like_crl(buf, len));
	} else if (len > INT32_MAX ||
	    (bio = BIO_new_mem_buf(buf, (int)len)) == NULL) {
		ca_raise(CA_E_INTERNAL, "%s cannot be held", path);
		goto out;
	} else {
		lint_pem(l, bio);
	}
	ok = l->number > 0;
	if (!ok)
		ca_raise(CA_E_BADREQUEST,
		    "%s holds neither a certificate nor a CRL, PEM or DER",
		    path);
out:
	BIO_free(bio);
	free(buf);
	return ok;
}

/* ---- rules ------------------------------------------------------------ */

static const char *
applies_to(const struct lint_rule *r)
{
	if ((r->applies & LINT_ON_CERT) && (r->applies & LINT_ON_CRL))
		return "both";
	return r->applies & LINT_ON_CERT ? "certificate" : "CRL";
}

static int
list_rules(struct cli *cli)
{
	const struct lint_rule *r;
	json_t *all = cli->json ? json_array() : NULL;
	size_t i;

	for (i = 0; (r = lint_rule_at(i)) != NULL; i++)
		if (!cli->json)
			fprintf(cli->out, "%-26s %-8s %-12s %s (%s)\n", r->id,
			    lint_severity_name(r->severity), applies_to(r),
			    r->demand, r->citation);
		else
			json_array_append_new(all,
			    json_pack("{ss ss ss ss ss}", "rule", r->id,
				"severity", lint_severity_name(r->severity),
				"on", applies_to(r), "demand", r->demand,
				"citation", r->citation));
	if (cli->json && !encode_print(cli->out, all))
		return client_failed(cli);
	return CLI_DONE;
}

static int
lint_files(struct linting *l, const struct options *o)
{
	int unread = 0, n = 0;
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (strcmp(o->v[i].spec->name, "file") != 0)
			continue;
		n++;
		if (lint_file(l, o->v[i].text))
			continue;
		unread = 1;
		client_failed(&(struct cli){.out = l->cli->out,
		    .err = l->cli->err});
	}
	if (n == 0) {
		ca_raise(CA_E_BADREQUEST, "no FILE");
		return CLI_USAGE;
	}
	if (l->failed)
		return client_failed(l->cli);
	if (l->cli->json && !encode_print(l->cli->out, json_incref(l->all)))
		return client_failed(l->cli);
	return unread || l->total > 0 ? CLI_FAILED : CLI_DONE;
}

int
run_lint(struct cli *cli, const struct command *cmd, const struct options *o)
{
	const char *severity = option_text(o, "severity");
	int s = severity ? lint_severity_of(severity) : LINT_WARNING, status;
	struct linting l = {.cli = cli};

	(void)cmd;
	if (s < 0) {
		ca_raise(CA_E_BADREQUEST,
		    "--severity: \"%s\" is none of error, warning, notice",
		    severity);
		return CLI_USAGE;
	}
	if (option_has(o, "rules"))
		return list_rules(cli);
	l.severity = (enum lint_severity)s;
	if (cli->json && (l.all = json_array()) == NULL)
		return client_failed(cli);
	status = lint_files(&l, o);
	json_decref(l.findings);
	json_decref(l.all);
	return status;
}
