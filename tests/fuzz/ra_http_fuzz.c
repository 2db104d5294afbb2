/* The HTTP side of inkan-ra over TLS: est_request, head_check, exchange_*,
   enroll_start, log_proof_start and connection.c, behind a thread that plays
   inkan-ca. An odd first octet: the client has a certificate. */
#include "tests/unit/ra/house.h"
#include "tests/fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct house *house;

static void
down(void)
{
	house_close(house, 0);
}

static void
up(void)
{
	house = house_open(0);
	house_stop_worker(house);
	report_init("fuzz", REPORT_ERROR, 2);
	house->settings.request_timeout = 1;
	house->settings.idle_timeout = 1;
	/* Some inputs leave a connection that lingers for as long. */
	house->settings.max_connections = 2000;
	house->settings.max_per_address = 2000;
	house_start_worker(house);
	house_wait_ready(house);
	quiet_client();
	atexit(down);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char octets[4096], first[8] = "";
	struct client c;
	size_t got = 0;
	int n;

	if (house == NULL)
		up();
	if (size < 2)
		return 0;
	client_open(&c, house, data[0] & 1, 0);
	(void)SSL_write(c.ssl, data + 1, (int)size - 1);
	(void)SSL_shutdown(c.ssl);
	shutdown(c.fd, SHUT_WR);
	while ((n = SSL_read(c.ssl, octets, sizeof(octets))) > 0) {
		if (got == 0)
			snprintf(first, sizeof(first), "%.7s", octets);
		got += (size_t)n;
	}
	client_close(&c);
	/* Where the head is none at all, evhttp answers by itself, and repeats the
	   version: "HTTP/-1.1". */
	if (got >= 7 && strncmp(first, "HTTP/", 5) != 0)
		abort();
	return 0;
}
