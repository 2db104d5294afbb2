#ifndef INKAN_TESTS_RA_PLACE_H
#define INKAN_TESTS_RA_PLACE_H

#include "issued.h"
#include "log.h"

#include <errno.h>

/* A house whose log can be read, for tests of one connection. */

#define CSRATTRS "GET /.well-known/est/csrattrs HTTP/1.1\r\nHost: localhost\r\n"

static const char ask_it[] = CSRATTRS "\r\n";

struct place {
	struct house *house;
	int log;
};

static inline int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	p->house = house_open(0);
	house_stop_worker(p->house);
	p->log = log_open();
	house_start_worker(p->house);
	house_wait_ready(p->house);
	*state = p;
	return 0;
}

static inline int
tear_down(void **state)
{
	struct place *p = *state;

	house_close(p->house, 0);
	log_close(p->log);
	free(p);
	return 0;
}

static inline void
assert_all_given_back(const struct house *h)
{
	int i;

	for (i = 0; i < 800 && limits_count(h->limits) > 0; i++)
		house_pause(10);
	assert_int_equal(limits_count(h->limits), 0);
}

static inline void
assert_served(const struct house *h)
{
	struct reply r;

	house_ask(h, 0, ask_it, strlen(ask_it), &r);
	assert_int_equal(r.status, 200);
}

static inline size_t
enrolment(const struct house *h, char *request, size_t size)
{
	return (size_t)snprintf(request, size,
	    "POST " ENROLL " HTTP/1.1\r\nHost: a\r\n" PKCS10
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(h->csr), h->csr);
}

/* The other end's, whole or in part: nothing more comes. */
static inline int
tcp_ended(int fd)
{
	char octets[256];
	ssize_t n;

	while ((n = recv(fd, octets, sizeof(octets), 0)) > 0)
		;
	return n == 0 || errno == ECONNRESET;
}

#endif
