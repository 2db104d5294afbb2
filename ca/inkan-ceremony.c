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
 * inkan-ceremony: run by `inkan ca init`. Opens the root's token, which the
 * daily program never sees, with inkan-ca stopped.
 */

static const char USAGE[] =
    "usage: inkan-ceremony --config FILE [--discard]\n"
    "  --config FILE  ceremony file, inkan-ceremony.conf(5)\n"
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

static int
options(int argc, char **argv, const char **config, int *discard)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--discard") == 0)
			*discard = 1;
		else if ((strcmp(argv[i], "--config") == 0 ||
		    strcmp(argv[i], "-c") == 0) && i + 1 < argc)
			*config = argv[++i];
		else if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			fputs(USAGE, stdout);
			return -1;
		} else
			return 0;
	}
	return *config != NULL;
}

int
main(int argc, char **argv)
{
	struct ceremony_file *f = NULL;
	struct settings *s = NULL;
	const char *config = NULL;
	int discard = 0, ok, rc;

	ok = options(argc, argv, &config, &discard);
	if (ok < 0)
		return 0;
	if (!ok) {
		fputs(USAGE, stderr);
		return 2;
	}
	report_init("inkan-ceremony", REPORT_INFO, STDERR_FILENO);
	ok = daemon_harden() && (f = ceremony_read(config)) != NULL &&
	    (s = settings_read(f->config)) != NULL &&
	    ceremony_run(f, s, discard, time(NULL), act);
	rc = ok ? 0 : fail();
	settings_free(s);
	OPENSSL_free(f);
	return rc;
}
