/* The HTTP side of inkan-ocsp over a socket: exchange_begin, exchange_handle,
   exchange_end, path_route, responder_answer, files_get and logfiles_get, behind
   a real status.db with certificates of a known CA. What is sent is the input;
   then the client says that it sends no more, and reads until the server ends the
   connection. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ca/report/report.h"
#include "tests/fuzz/quiet.h"
#include "tests/unit/ocsp/rig.h"
#include "tests/unit/ocsp/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOON_MS 3

static struct rig *rig;

static void
down(void)
{
	rig_free(rig);
}

static void
up(void)
{
	report_init("fuzz", REPORT_ERROR, 2);
	pki_ca_key_file = "tests/golden/keys/issuer-p256.pem";
	rig = rig_make();
	rig->set.request_timeout = 1;
	rig->set.idle_timeout = 1;
	rig->set.threads = 1;
	rig_crl(rig, "devices-g1.crl", -10, 1000);
	rig_serve(rig);
	quiet_client();
	atexit(down);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char octets[4096], first[8] = "";
	ssize_t n;
	size_t got = 0;
	int fd;

	if (rig == NULL)
		up();
	fd = http_connect(rig);
	(void)http_write(fd, data, size);
	/* libmicrohttpd does not notice an end that arrives with the last octets
	   before the connection has been idle for too long. */
	poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, SOON_MS);
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, octets, sizeof(octets), 0)) > 0) {
		if (got == 0)
			snprintf(first, sizeof(first), "%.7s", octets);
		got += (size_t)n;
	}
	close(fd);
	/* What comes back is HTTP. */
	if (got >= 7 && strcmp(first, "HTTP/1.") != 0)
		abort();
	return 0;
}
