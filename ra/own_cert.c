#include <pthread.h>
#include <string.h>
#include <time.h>

#include "ca/report/report.h"
#include "ra/error.h"
#include "ra/own_cert.h"

struct own_cert {
	const struct settings *settings;
	struct tls *tls;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* stop has changed */
	int stop;
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
rest(struct tls *tls)
{
	time_t from, to;

	if (!validity(tls, &from, &to) || to - from > 10 * OWN_CERT_LOOK_S)
		return OWN_CERT_LOOK_S;
	return (to - from) / 10 + 1;
}

/* 1 when it is time to stop. */
static int
sleep_for(struct own_cert *o, time_t seconds)
{
	struct timespec until;
	int stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&o->lock);
	while (
	    !o->stop && pthread_cond_timedwait(&o->wake, &o->lock, &until) == 0)
		continue;
	stop = o->stop;
	pthread_mutex_unlock(&o->lock);
	return stop;
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
			pause = rest(o->tls);
			continue;
		}
		report_errors(REPORT_WARN, "ra.cert.renew", NULL);
		pause = retry;
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
	pthread_condattr_t attr;

	if (o == NULL)
		goto fail;
	o->settings = s;
	o->tls = tls;
	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&o->thread, NULL, run, o) == 0)
		return o;
	pthread_cond_destroy(&o->wake);
	pthread_mutex_destroy(&o->lock);
fail:
	OPENSSL_free(o);
	ra_raise(RA_E_INTERNAL, "renewal of the certificate: no thread");
	return NULL;
}

void
own_cert_stop(struct own_cert *o)
{
	if (o == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	o->stop = 1;
	pthread_cond_signal(&o->wake);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->thread, NULL);
	pthread_cond_destroy(&o->wake);
	pthread_mutex_destroy(&o->lock);
	OPENSSL_free(o);
}
