#include <stdio.h>
#include <stdlib.h>
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

static int
run(const struct verifier_conf *conf)
{
	int signal_fd, listen_fd, ok;

	if ((signal_fd = daemon_signals()) < 0 ||
	    (listen_fd = socket_listen(conf->socket, 0660)) < 0 ||
	    !confine_files(conf->confine))
		return fail();
	ok = verifier_serve(conf, listen_fd, signal_fd);
	unlink(conf->socket);
	if (!ok)
		return fail();
	report_event(REPORT_INFO, "stop.done", NULL);
	return 0;
}

int
main(int argc, char **argv)
{
	struct daemon_options o = {.usage = USAGE};
	struct verifier_conf conf;
	int status = 0;

	if (!daemon_options(argc, argv, &o))
		return 2;
	report_init("inkan-verifier", REPORT_INFO, STDERR_FILENO);
	/* libtss2-mu writes about what it cannot read: strangers send it. */
	if (!daemon_harden() || setenv("TSS2_LOG", "all+none", 1) != 0)
		return fail();
	if (!verifier_conf_read(o.config, &conf)) {
		report_fatal("inkan-verifier");
		status = 1;
	} else if (o.check_only) {
		puts("the configuration is well");
	} else {
		status = run(&conf);
	}
	verifier_conf_clear(&conf);
	return status;
}
