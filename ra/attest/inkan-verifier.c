#include <stdio.h>
#include <unistd.h>

#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "ca/wire/socket.h"
#include "ra/attest/verifier_conf.h"
#include "ra/attest/verifier_serve.h"

/*
 * inkan-verifier: appraises the evidence of secure components for inkan-ca. It
 * has one UNIX socket; no key, no network, no file but its configuration.
 */

static const char USAGE[] = "inkan-verifier -c FILE [-n]\n"
			    "  -c FILE  configuration, inkan-verifier.conf(5)\n"
			    "  -n       check the configuration, then exit\n";

static int
fail(void)
{
	report_errors(REPORT_ERROR, "start.failed", NULL);
	return 1;
}

int
main(int argc, char **argv)
{
	struct daemon_options o = {.usage = USAGE};
	struct verifier_conf conf;
	int signal_fd, listen_fd, ok;

	if (!daemon_options(argc, argv, &o))
		return 2;
	report_init("inkan-verifier", REPORT_INFO, STDERR_FILENO);
	if (!daemon_harden())
		return fail();
	if (!verifier_conf_read(o.config, &conf)) {
		report_fatal("inkan-verifier");
		return 1;
	}
	if (o.check_only) {
		puts("the configuration is well");
		return 0;
	}
	if ((signal_fd = daemon_signals()) < 0 ||
	    (listen_fd = socket_listen(conf.socket, 0660)) < 0)
		return fail();
	ok = verifier_serve(&conf, listen_fd, signal_fd);
	unlink(conf.socket);
	if (!ok)
		return fail();
	report_event(REPORT_INFO, "stop.done", NULL);
	return 0;
}
