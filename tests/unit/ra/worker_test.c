#include "house.h"

#include <errno.h>

/* The worker as a whole: TLS, connections, deadlines, limits, stop. */

static const char cacerts[] =
    "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n";

static int
set_up(void **state)
{
	*state = house_open(0);
	return 0;
}

static int
tear_down(void **state)
{
	house_close(*state, 0);
	return 0;
}

static void
both_versions_of_tls_work(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct client c;
	struct reply r;
	size_t i;

	for (i = 0; i < 2; i++) {
		client_open(&c, *state, 0, versions[i]);
		assert_int_equal(SSL_version(c.ssl), versions[i]);
		client_send(&c, cacerts, strlen(cacerts));
		client_read(&c, &r, 0);
		assert_int_equal(r.status, 200);
		assert_int_equal(SSL_session_reused(c.ssl), 0);
		client_close(&c);
	}
}

static void
old_tls_is_refused(void **state)
{
	int fd = house_tcp(*state);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	assert_int_not_equal(SSL_connect(ssl), 1);
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(fd);
}

static void
no_ticket_is_sent(void **state)
{
	struct client c;
	struct reply r;

	client_open(&c, *state, 0, TLS1_3_VERSION);
	client_send(&c, cacerts, strlen(cacerts));
	client_read(&c, &r, 0);
	assert_int_equal(SSL_SESSION_has_ticket(SSL_get0_session(c.ssl)), 0);
	client_close(&c);
}

static void
a_connection_is_kept(void **state)
{
	struct client c;
	struct reply r;
	int i;

	client_open(&c, *state, 0, 0);
	for (i = 0; i < 5; i++) {
		client_send(&c, cacerts, strlen(cacerts));
		client_read(&c, &r, 0);
		assert_int_equal(r.status, 200);
	}
	client_close(&c);
}

static void
pipelined_requests_are_answered(void **state)
{
	char twice[2 * sizeof(cacerts)];
	struct client c;
	struct reply r;

	snprintf(twice, sizeof(twice), "%s%s", cacerts, cacerts);
	client_open(&c, *state, 0, 0);
	client_send(&c, twice, strlen(twice));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	client_close(&c);
}

/* ${octets} of ${text}, one every 200 ms; how long the server bore it. */
static double
drip(struct client *c, const char *text)
{
	double start = house_seconds();
	size_t i;
	int n = 1;

	for (i = 0; i < strlen(text) && n == 1; i++) {
		n = SSL_write(c->ssl, text + i, 1);
		house_pause(200);
	}
	ERR_clear_error();
	return house_seconds() - start;
}

static void
a_slow_sender_is_cut_off(void **state)
{
	struct client c;
	double took;

	client_open(&c, *state, 0, 0);
	took = drip(&c, cacerts); /* would take 13 s */
	assert_true(took < 11.0); /* request_timeout is 2 s */
	assert_true(took > 1.0);
	client_close(&c);
}

/* The same on a second request, when the connection is known. */
static void
a_slow_second_request_is_cut_off(void **state)
{
	struct client c;
	struct reply r;

	client_open(&c, *state, 0, 0);
	client_send(&c, cacerts, strlen(cacerts));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	assert_true(drip(&c, cacerts) < 4.0);
	client_close(&c);
}

static void
a_silent_handshake_is_cut_off(void **state)
{
	double start = house_seconds();
	int fd = house_tcp(*state), i;
	char octet = 0x16;

	/* A record that announces much and comes slowly. */
	for (i = 0; i < 30; i++) {
		if (send(fd, &octet, 1, MSG_NOSIGNAL) != 1)
			break;
		octet = i == 0 ? 3 : 1;
		house_pause(200);
		if (recv(fd, &octet, 1, MSG_DONTWAIT) == 0)
			break;
		octet = 1;
	}
	assert_true(house_seconds() - start < 4.0);
	close(fd);
}

static void
an_idle_connection_ends(void **state)
{
	double start = house_seconds();
	struct client c;

	client_open(&c, *state, 0, 0);
	assert_true(client_ended(&c));
	assert_true(house_seconds() - start < 6.0); /* idle_timeout 3 s */
	assert_true(house_seconds() - start > 2.0);
	client_close(&c);
}

static void
slow_ones_do_not_hold_up_others(void **state)
{
	struct client slow[10], c;
	struct reply r;
	double start;
	size_t i;

	for (i = 0; i < 10; i++) {
		client_open(&slow[i], *state, 0, 0);
		client_send(&slow[i], cacerts, 10);
	}
	start = house_seconds();
	client_open(&c, *state, 0, 0);
	client_send(&c, cacerts, strlen(cacerts));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	assert_true(house_seconds() - start < 1.0);
	client_close(&c);
	for (i = 0; i < 10; i++)
		client_close(&slow[i]);
}

static void
the_certificate_can_change_under_connections(void **state)
{
	struct house *h = *state;
	struct client old, new;
	struct reply r;
	EVP_PKEY *key = keyfile_new();
	X509 *cert = fake_certificate(key, h->ca.key, h->ca.cert, "next", 30);
	FILE *f;

	client_open(&old, h, 0, 0);
	assert_true(keyfile_write(h->key, key));
	/* Key without its certificate: refused, the old pair stays. */
	assert_false(tls_reload(h->tls, h->certificate, h->key));
	ERR_clear_error();
	f = fopen(h->certificate, "w");
	PEM_write_X509(f, cert);
	fclose(f);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	client_open(&new, h, 0, 0);
	assert_int_equal(X509_cmp(SSL_get0_peer_certificate(new.ssl), cert), 0);
	assert_int_not_equal(
	    X509_cmp(SSL_get0_peer_certificate(old.ssl), cert), 0);
	client_send(&old, cacerts, strlen(cacerts));
	client_read(&old, &r, 0);
	assert_int_equal(r.status, 200);
	client_close(&old);
	client_close(&new);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
idle_connections_give_way(void **state)
{
	struct house *h = *state;
	struct client idle[4], c;
	struct reply r;
	double start;
	size_t i;

	house_stop_worker(h);
	h->settings.max_connections = 4;
	house_start_worker(h);
	house_wait_ready(h);
	for (i = 0; i < 4; i++)
		client_open(&idle[i], h, 0, 0);
	start = house_seconds();
	client_open(&c, h, 0, 0);
	client_send(&c, cacerts, strlen(cacerts));
	client_read(&c, &r, 0);
	assert_int_equal(r.status, 200);
	assert_true(house_seconds() - start < 2.0);
	assert_true(client_ended(&idle[0]));
	client_close(&c);
	for (i = 0; i < 4; i++)
		client_close(&idle[i]);
}

static void
one_address_gets_its_share_only(void **state)
{
	struct house *h = *state;
	struct client two[2];
	struct reply r;
	char octet;
	int fd;

	house_stop_worker(h);
	h->settings.max_per_address = 2;
	house_start_worker(h);
	house_wait_ready(h);
	client_open(&two[0], h, 0, 0);
	client_open(&two[1], h, 0, 0);
	fd = house_tcp(h);
	assert_true(recv(fd, &octet, 1, 0) <= 0); /* closed at once */
	close(fd);
	client_close(&two[0]);
	house_pause(200);
	client_open(&two[0], h, 0, 0);
	client_send(&two[0], cacerts, strlen(cacerts));
	client_read(&two[0], &r, 0);
	assert_int_equal(r.status, 200);
	client_close(&two[0]);
	client_close(&two[1]);
}

/* Large bodies cannot take all memory: beyond a number they are cut off, and
   requests of ordinary size go on. */
static void
large_bodies_are_rationed(void **state)
{
	enum { N = 40 };
	static const char head[] =
	    "POST /.well-known/est/simpleenroll "
	    "HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
	struct client c[N + 1];
	struct house *h = *state;
	char *half = calloc(1, 300000), octet;
	struct reply r;
	int i, cut = 0;

	h->settings.request_timeout = 20;
	for (i = 0; i < N; i++) {
		client_open(&c[i], h, 0, 0);
		client_send(&c[i], head, strlen(head));
		SSL_write(c[i].ssl, half, 300000);
		ERR_clear_error();
	}
	client_open(&c[N], h, 0, 0);
	client_send(&c[N], cacerts, strlen(cacerts));
	client_read(&c[N], &r, 0);
	assert_int_equal(r.status, 200);
	house_pause(300);
	for (i = 0; i < N; i++)
		if (recv(c[i].fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 ||
		    errno == ECONNRESET)
			cut++;
	assert_int_equal(cut, N - 32);
	for (i = 0; i <= N; i++)
		client_close(&c[i]);
	free(half);
}

/* Whom the kernel has accepted already is served, although nobody had taken him
   when the worker was told to stop. */
static void
what_waits_in_the_socket_survives_stop(void **state)
{
	enum { N = 5 };
	struct house *h = *state;
	struct client c[N];
	struct reply r;
	int i, fd[N];

	house_stop_worker(h);
	for (i = 0; i < N; i++)
		fd[i] = house_tcp(h);
	house_start_worker(h);
	worker_stop(h->worker);
	for (i = 0; i < N; i++) {
		client_open_on(&c[i], h, fd[i]);
		client_send(&c[i], cacerts, strlen(cacerts));
		client_read(&c[i], &r, 0);
		/* It may not have heard of any fleet yet. */
		assert_true(r.status == 200 || r.status == 503);
		assert_has(&r, "Connection: close");
	}
	worker_join(h->worker);
	h->worker = NULL;
	limits_free(h->limits);
	for (i = 0; i < N; i++)
		client_close(&c[i]);
}

static void *
stop_it(void *arg)
{
	struct house *h = arg;

	house_pause(300);
	worker_stop(h->worker);
	worker_join(h->worker);
	h->worker = NULL;
	return NULL;
}

/* The answer comes although the worker was told to stop before it. */
static void
a_request_in_flight_survives_stop(void **state)
{
	struct house *h = *state;
	struct client busy, idle;
	struct reply r;
	pthread_t thread;

	client_open(&idle, h, 0, 0);
	client_open(&busy, h, 0, 0);
	client_send(&busy, cacerts, 20);
	house_pause(100);
	pthread_create(&thread, NULL, stop_it, h);
	assert_true(client_ended(&idle));
	client_send(&busy, cacerts + 20, strlen(cacerts) - 20);
	client_read(&busy, &r, 0);
	assert_int_equal(r.status, 200);
	assert_has(&r, "Connection: close");
	assert_true(client_ended(&busy));
	pthread_join(thread, NULL);
	limits_free(h->limits);
	client_close(&idle);
	client_close(&busy);
}

/* Who has come and not asked yet is heard; who was answered is let go. */
static void
a_first_request_survives_stop(void **state)
{
	struct house *h = *state;
	struct client fresh, served;
	struct reply r;
	pthread_t thread;
	double began;

	client_open(&served, h, 0, 0);
	client_send(&served, cacerts, strlen(cacerts));
	client_read(&served, &r, 0);
	client_open(&fresh, h, 0, 0);
	house_pause(100);
	began = house_seconds();
	pthread_create(&thread, NULL, stop_it, h);
	assert_true(client_ended(&served));
	client_send(&fresh, cacerts, strlen(cacerts));
	client_read(&fresh, &r, 0);
	assert_int_equal(r.status, 200);
	assert_has(&r, "Connection: close");
	pthread_join(thread, NULL);
	assert_true(house_seconds() - began < 5);
	limits_free(h->limits);
	client_close(&served);
	client_close(&fresh);
}

static void
connections_are_counted_right(void **state)
{
	struct house *h = *state;
	struct client c;
	struct reply r;
	int i;

	for (i = 0; i < 20; i++) {
		client_open(&c, h, i % 2, 0);
		client_send(&c, cacerts, strlen(cacerts));
		client_read(&c, &r, 0);
		client_close(&c);
	}
	for (i = 0; i < 100 && limits_count(h->limits) != 0; i++)
		house_pause(10);
	assert_int_equal(limits_count(h->limits), 0);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(both_versions_of_tls_work),
	    t(old_tls_is_refused),
	    t(no_ticket_is_sent),
	    t(a_connection_is_kept),
	    t(pipelined_requests_are_answered),
	    t(a_slow_sender_is_cut_off),
	    t(a_slow_second_request_is_cut_off),
	    t(a_silent_handshake_is_cut_off),
	    t(an_idle_connection_ends),
	    t(slow_ones_do_not_hold_up_others),
	    t(the_certificate_can_change_under_connections),
	    t(idle_connections_give_way),
	    t(one_address_gets_its_share_only),
	    t(large_bodies_are_rationed),
	    t(a_request_in_flight_survives_stop),
	    t(a_first_request_survives_stop),
	    t(what_waits_in_the_socket_survives_stop),
	    t(connections_are_counted_right),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
