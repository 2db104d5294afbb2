#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "ca/report/report.h"
#include "ra/error.h"
#include "ra/own_cert.h"

struct own_cert {
	const struct settings *settings;
	struct tls *tls;
	pthread_t thread;
	int wake; /* eventfd: stop */
};

time_t
own_cert_due(time_t not_before, time_t not_after)
{
	return not_after - (not_after - not_before) / 3;
}

static int
to_time(const ASN1_TIME *t, time_t *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	*out = timegm(&tm);
	return 1;
}

static int
validity(struct tls *tls, time_t *from, time_t *to)
{
	X509 *cert = tls_certificate(tls);
	int ok = cert != NULL && to_time(X509_get0_notBefore(cert), from) &&
	    to_time(X509_get0_notAfter(cert), to);

	X509_free(cert);
	return ok;
}

/* Seconds until the renewal is due, 0 when it is. */
static time_t
wait_for(struct tls *tls, time_t now)
{
	time_t from, to, due;

	if (!validity(tls, &from, &to))
		return OWN_CERT_LOOK_S;
	due = own_cert_due(from, to);
	if (due <= now)
		return 0;
	return due - now < OWN_CERT_LOOK_S ? due - now : OWN_CERT_LOOK_S;
}

/* After a renewal: where our clock is ahead of the CA's, the new certificate
   looks due at once, and would every time. */
static time_t
rest(struct tls *tls, time_t now)
{
	time_t from, to, pause = wait_for(tls, now);

	if (pause > 0)
		return pause;
	if (!validity(tls, &from, &to) || to - from > 10 * OWN_CERT_REST_S)
		return OWN_CERT_REST_S;
	return (to - from) / 10 + 1;
}

/* After a failure: ten tries at least are left before the end. */
static time_t
hurry(struct tls *tls, time_t pause, time_t now)
{
	time_t from, to, share;

	if (!validity(tls, &from, &to) || to <= now)
		return pause;
	share = (to - now) / 10 + 1;
	return pause < share ? pause : share;
}

/* 1 when it is time to stop. A time to wait, not one of the clock: that may be
   set. */
static int
sleep_for(struct own_cert *o, time_t seconds)
{
	struct pollfd fd = {.fd = o->wake, .events = POLLIN};
	int n = poll(&fd, 1, (int)(seconds * 1000));

	return n > 0 || (n < 0 && errno != EINTR);
}

static void *
run(void *arg)
{
	struct own_cert *o = arg;
	time_t retry = OWN_CERT_RETRY_FIRST_S, pause;

	do {
		pause = wait_for(o->tls, time(NULL));
		if (pause > 0)
			continue;
		ERR_clear_error();
		if (own_cert_renew(o->settings, o->tls)) {
			report_event(REPORT_INFO, "ra.cert.renewed", NULL);
			retry = OWN_CERT_RETRY_FIRST_S;
			pause = rest(o->tls, time(NULL));
			continue;
		}
		report_errors(REPORT_WARN, "ra.cert.renew", NULL);
		pause = hurry(o->tls, retry, time(NULL));
		retry = retry * 2 > OWN_CERT_RETRY_MAX_S ? OWN_CERT_RETRY_MAX_S
							 : retry * 2;
	} while (!sleep_for(o, pause));
	ERR_clear_error();
	return NULL;
}

struct own_cert *
own_cert_start(const struct settings *s, struct tls *tls)
{
	struct own_cert *o = OPENSSL_zalloc(sizeof(*o));

	if (o == NULL)
		goto fail;
	o->settings = s;
	o->tls = tls;
	o->wake = eventfd(0, EFD_CLOEXEC);
	if (o->wake >= 0 && pthread_create(&o->thread, NULL, run, o) == 0)
		return o;
	if (o->wake >= 0)
		close(o->wake);
fail:
	OPENSSL_free(o);
	ra_raise(RA_E_INTERNAL, "renewal of the certificate: no thread");
	return NULL;
}

void
own_cert_stop(struct own_cert *o)
{
	const uint64_t one = 1;

	if (o == NULL)
		return;
	if (write(o->wake, &one, sizeof(one)) != (ssize_t)sizeof(one))
		report_event(REPORT_ERROR, "ra.stop", "why", strerror(errno),
		    NULL);
	pthread_join(o->thread, NULL);
	close(o->wake);
	OPENSSL_free(o);
}
