#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/confine/confine.h"
#include "ca/confine/memory.h"
#include "ca/engine/ceremony.h"
#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "hsm/error.h"

/*
 * inkan-ceremony: run by `inkan ca init` and its sisters. Opens the root's
 * token, which the daily program never sees, with inkan-ca stopped.
 */

static const char USAGE[] =
    "usage: inkan-ceremony --config FILE [--kind KIND[,KIND]] [--resume |\n"
    "           --discard] [--signatures FILE]... [--dry-run\n"
    "           [--transcript FILE] [--softhsm MODULE]]\n"
    "  --config FILE      ceremony file, inkan-ceremony.conf(5)\n"
    "  --kind KIND        refuse a file of another kind\n"
    "  --resume           finish an interrupted ceremony\n"
    "  --discard          first remove what an interrupted ceremony left\n"
    "  --signatures FILE  of participants, over the file (default: FILE.sigs)\n"
    "  --dry-run          all of it on throw-away tokens; nothing is changed\n"
    "  --transcript FILE  where the rehearsal's transcript goes\n"
    "  --softhsm MODULE   libsofthsm2.so, for the rehearsal\n";

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
	const char *config, *kind, *softhsm, *transcript;
	int dry;
	struct ceremony_how how;
};

static time_t
clock_now(void)
{
	return time(NULL);
}

static int
is_word(const char *word, const char *full, const char *brief)
{
	return strcmp(word, full) == 0 || strcmp(word, brief) == 0;
}

/* One that stands alone: taken, or not one of them. */
static int
flag(const char *word, struct words *w)
{
	int *to = strcmp(word, "--discard") == 0 ? &w->how.discard :
	    strcmp(word, "--resume") == 0 ? &w->how.resume :
	    strcmp(word, "--dry-run") == 0 ? &w->dry : NULL;

	if (to != NULL)
		*to = 1;
	return to != NULL;
}

static int
valued(const char *word, const char *value, struct words *w)
{
	struct ceremony_how *h = &w->how;

	if (is_word(word, "--config", "-c"))
		w->config = value;
	else if (strcmp(word, "--kind") == 0)
		w->kind = value;
	else if (strcmp(word, "--softhsm") == 0)
		w->softhsm = value;
	else if (strcmp(word, "--transcript") == 0)
		w->transcript = value;
	else if (strcmp(word, "--signatures") == 0 &&
	    h->n_signatures < CEREMONY_SIGNATURES_MAX)
		h->signatures[h->n_signatures++] = value;
	else
		return 0;
	return 1;
}

static int
options(int argc, char **argv, struct words *w)
{
	int i;

	w->how.clock = clock_now;
	for (i = 1; i < argc; i++) {
		if (is_word(argv[i], "--help", "-h")) {
			fputs(USAGE, stdout);
			return -1;
		}
		if (flag(argv[i], w))
			continue;
		if (i + 1 == argc || !valued(argv[i], argv[i + 1], w))
			return 0;
		i++;
	}
	return w->config != NULL && !(w->how.discard && w->how.resume) &&
	    !(w->dry && (w->how.discard || w->how.resume)) &&
	    (w->dry || (w->softhsm == NULL && w->transcript == NULL));
}

static int
run(const struct ceremony_file *f, const struct settings *s,
    const struct words *w)
{
	return w->dry ? ceremony_rehearse(f, s, &w->how, w->softhsm,
	    w->transcript, time(NULL), act) :
	    ceremony_run(f, s, &w->how, time(NULL), act);
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
	/* By calls alone: which files it needs is told step by step. */
	ok = daemon_harden() && memory_protect(0) &&
	    (f = ceremony_read(w.config)) != NULL && is_wanted(f, w.kind) &&
	    (s = settings_read(f->config)) != NULL &&
	    confine_calls(s->confine, CONFINE_STORES) && run(f, s, &w);
	rc = ok ? 0 : fail();
	settings_free(s);
	OPENSSL_free(f);
	return rc;
}
