#include "house.h"

#include <string.h>

#include "ra/monitor.h"

/* The listener for the operator's programs beside a worker that serves. The
   fake inkan-ca has one connection, which is the worker's: for the listener it
   is away. What it tells in earnest tests/integration/metrics.sh sees. */

struct scene {
	struct house *house;
	struct monitor *monitor;
	struct settings settings; /* the listener's */
	struct worker *workers[1];
	int fd, port;
};

static int
set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct settings_address a;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	struct monitor_shared shared = {.n_workers = 1};

	s->house = house_open(0);
	s->house->ca.mood = FAKE_EMPTY;
	house_stop_worker(s->house);
	s->house->metrics = metrics_new(time(NULL));
	house_start_worker(s->house);
	house_wait_ready(s->house);
	assert_true(settings_address_parse("127.0.0.1:0", &a));
	s->fd = listener_open(&a, 0);
	getsockname(s->fd, (struct sockaddr *)&sin, &len);
	s->port = ntohs(sin.sin_port);
	s->workers[0] = s->house->worker;
	s->settings.ca_socket = "/nobody/listens/here";
	s->settings.max_connections = 50;
	shared.settings = &s->settings;
	shared.metrics = s->house->metrics;
	shared.tls = s->house->tls;
	shared.workers = s->workers;
	shared.fd = s->fd;
	s->monitor = monitor_start(&shared);
	assert_non_null(s->monitor);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	monitor_stop(s->monitor);
	close(s->fd);
	house_stop_worker(s->house);
	metrics_free(s->house->metrics);
	s->house->metrics = NULL;
	house_close(s->house, 0);
	free(s);
	return 0;
}

static int
dial(const struct scene *s)
{
	struct house h = {.port = s->port};

	return house_tcp(&h);
}

/* All that comes back, until the end. */
static void
ask(const struct scene *s, const char *text, char *out, size_t size)
{
	int fd = dial(s);
	size_t n = 0;
	ssize_t got;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	while (n < size - 1 && (got = read(fd, out + n, size - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
}

static void
alive_and_counted(void **state)
{
	struct scene *s = *state;
	char *out = malloc(1 << 20);
	struct reply r;

	ask(s, "GET /healthz?live HTTP/1.1\r\n\r\n", out, 1 << 20);
	assert_int_equal(strncmp(out, "HTTP/1.1 200 ", 13), 0);
	house_enroll(s->house, 1, PKCS10, &r);
	assert_int_equal(r.status, 500); /* FAKE_EMPTY */
	ask(s, "GET /metrics HTTP/1.1\r\n\r\n", out, 1 << 20);
	assert_non_null(strstr(out, "version=0.0.4"));
	assert_non_null(strstr(out,
	    "\ninkan_ra_requests_total{fleet=\"devices\",op=\"simpleenroll\","
	    "stage=\"answer\",outcome=\"failed\"} 1\n"));
	assert_non_null(strstr(out, "\ninkan_ra_workers_ready 1\n"));
	assert_non_null(strstr(out,
	    "\ninkan_ra_tls_handshakes_total{version=\"TLSv1.3\"} 1\n"));
	assert_non_null(strstr(out, "\ninkan_ca_up 0\n"));
	ask(s, "GET /healthz HTTP/1.1\r\n\r\n", out, 1 << 20);
	assert_int_equal(strncmp(out, "HTTP/1.1 503 ", 13), 0);
	assert_non_null(strstr(out, "\r\n\r\nca.away: "));
	free(out);
}

/* Half a request has its time, and then makes room. */
static void
slow_ones_are_cut(void **state)
{
	struct scene *s = *state;
	int fd[MONITOR_CONNECTIONS_MAX + 4];
	char out[256], octet;
	double began = house_seconds();
	size_t i;

	for (i = 0; i < sizeof(fd) / sizeof(fd[0]); i++) {
		fd[i] = dial(s);
		assert_int_equal(write(fd[i], "GET ", 4), 4);
	}
	ask(s, "GET /healthz?live HTTP/1.1\r\n\r\n", out, sizeof(out));
	assert_int_equal(strncmp(out, "HTTP/1.1 200 ", 13), 0);
	assert_true(house_seconds() - began > MONITOR_DEADLINE_S - 1);
	assert_true(house_seconds() - began < 2 * MONITOR_DEADLINE_S + 5);
	assert_int_equal(read(fd[0], &octet, 1), 0);
	for (i = 0; i < sizeof(fd) / sizeof(fd[0]); i++)
		close(fd[i]);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(alive_and_counted),
	    t(slow_ones_are_cut),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
