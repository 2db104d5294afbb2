#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/engine/ceremony.h"
#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "hsm/error.h"

/*
 * inkan-ceremony: run by `inkan ca init` and its sisters. Opens the root's
 * token, which the daily program never sees, with inkan-ca stopped.
 */

static const char USAGE[] =
    "usage: inkan-ceremony --config FILE [--kind KIND[,KIND]] [--discard]\n"
    "  --config FILE  ceremony file, inkan-ceremony.conf(5)\n"
    "  --kind KIND    refuse a file of another kind\n"
    "  --discard      first remove what an interrupted ceremony left\n";

static void
act(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

static int
fail(void)
{
	int pin = report_last_reason() == HSM_E_PIN;

	report_fatal("inkan-ceremony");
	return pin ? HSM_EXIT_PIN : 1;
}

struct words {
	const char *config, *kind;
	int discard;
};

static int
is_word(const char *word, const char *full, const char *brief)
{
	return strcmp(word, full) == 0 || strcmp(word, brief) == 0;
}

static int
options(int argc, char **argv, struct words *w)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--discard") == 0)
			w->discard = 1;
		else if (is_word(argv[i], "--config", "-c") && i + 1 < argc)
			w->config = argv[++i];
		else if (strcmp(argv[i], "--kind") == 0 && i + 1 < argc)
			w->kind = argv[++i];
		else if (is_word(argv[i], "--help", "-h")) {
			fputs(USAGE, stdout);
			return -1;
		} else
			return 0;
	}
	return w->config != NULL;
}

/* Whoever says "renew" does not mean the file that revokes. */
static int
is_wanted(const struct ceremony_file *f, const char *kinds)
{
	const char *name = ceremony_kind_name(f->kind), *p = kinds;
	size_t n = strlen(name), len;

	if (kinds == NULL)
		return 1;
	for (; *p != '\0'; p += len + (p[len] == ',')) {
		len = strcspn(p, ",");
		if (len == n && memcmp(p, name, n) == 0)
			return 1;
	}
	ca_raise(CA_E_BADREQUEST, "kind: the file is of kind %s, asked for is "
	    "%s", name, kinds);
	return 0;
}

int
main(int argc, char **argv)
{
	struct ceremony_file *f = NULL;
	struct settings *s = NULL;
	struct words w = {0};
	int ok, rc;

	ok = options(argc, argv, &w);
	if (ok < 0)
		return 0;
	if (!ok) {
		fputs(USAGE, stderr);
		return 2;
	}
	report_init("inkan-ceremony", REPORT_INFO, STDERR_FILENO);
	ok = daemon_harden() && (f = ceremony_read(w.config)) != NULL &&
	    is_wanted(f, w.kind) && (s = settings_read(f->config)) != NULL &&
	    ceremony_run(f, s, w.discard, time(NULL), act);
	rc = ok ? 0 : fail();
	settings_free(s);
	OPENSSL_free(f);
	return rc;
}
