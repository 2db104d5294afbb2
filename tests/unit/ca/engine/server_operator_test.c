#include "tests/unit/ca/engine/world.h"
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include "ca/engine/server.h"
#include "ca/engine/stage.h"
#include "ca/report/daemon.h"
#include "ca/wire/socket.h"

/* The operator's way is free however many devices wait; and what a stop leaves
   behind. */

/* More than there are threads for devices. */
#define DEVICES \
	(LIMITS_GATES * LIMITS_GATE_RUN + LIMITS_GATE_WAIT + LIMITS_KEYGEN_WAIT + 11)
#define HOLDERS 8 /* more than the store has read connections */

static struct server *the_server;
static struct world *the_world;

static void *
serve(void *arg)
{
	int *fd = arg;

	assert_true(server_run(the_server, *fd));
	return NULL;
}

static void
path_of(const char *name, char path[512])
{
	snprintf(path, 512, "%s/%s.sock", the_world->dir, name);
}

static WIRE_ANSWER *
ask(const char *socket, const char *op, int timeout)
{
	WIRE_REQUEST *req = message_request(op, 5);
	WIRE_ANSWER *a;
	char path[512];
	int fd;

	path_of(socket, path);
	fd = socket_connect(path);
	assert_true(fd >= 0);
	a = socket_call(fd, req, timeout);
	close(fd);
	WIRE_REQUEST_free(req);
	return a;
}

static void *
one_device(void *arg)
{
	WIRE_ANSWER *a = ask("ra", "fleets", 20);

	*(int *)arg = a != NULL && message_answer_status(a) == WIRE_OK;
	WIRE_ANSWER_free(a);
	return NULL;
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static int
hold_tx(struct store_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	pthread_mutex_lock(&held);
	pthread_mutex_unlock(&held);
	return 1;
}

/* Keeps a read connection of the store until ${held} is free. */
static void *
hold(void *arg)
{
	assert_int_equal(store_read(arg, hold_tx, NULL), 1);
	return NULL;
}

static void
operators_do_not_wait(void **state)
{
	struct world *w = the_world = *state;
	pthread_t device[DEVICES], holder[HOLDERS], server;
	int i, signals = daemon_signals(), got[DEVICES] = {0};
	struct stat st;
	char path[512];
	WIRE_ANSWER *a;

	w->settings->workers = 1;
	the_server = server_start(w->ca);
	assert_non_null(the_server);
	assert_int_equal(pthread_create(&server, NULL, serve, &signals), 0);
	path_of("admin", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* Whoever asks for the fleets waits to read the store. */
	pthread_mutex_lock(&held);
	for (i = 0; i < HOLDERS; i++)
		assert_int_equal(pthread_create(&holder[i], NULL, hold,
		    w->ca->store), 0);
	usleep(200000);
	for (i = 0; i < DEVICES; i++)
		assert_int_equal(
		    pthread_create(&device[i], NULL, one_device, &got[i]), 0);
	usleep(200000);
	for (i = 0; i < 3; i++) {
		a = ask("admin", "profile.list", 5);
		assert_non_null(a);
		world_done(a);
	}
	/* Stopped in the middle: what is in flight is answered. */
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	pthread_join(server, NULL);
	pthread_mutex_unlock(&held);
	for (i = 0; i < HOLDERS; i++)
		pthread_join(holder[i], NULL);
	server_stop(the_server);
	for (i = 0; i < DEVICES; i++) {
		pthread_join(device[i], NULL);
		assert_int_equal(got[i], 1);
	}
	assert_int_not_equal(stat(path, &st), 0);
	close(signals);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		operators_do_not_wait, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
