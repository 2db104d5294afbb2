#include "tests/unit/ocsp/asking.h"

#include <pthread.h>
#include <sys/socket.h>
#include "ca/wire/socket.h"
#include "ocsp/tell.h"

/* What goes over svc.sock; a thread answers at its other end. */

static struct player {
	pthread_t thread;
	int listener;
	enum wire_status status;
	WIRE_REQUEST *heard; /* the last one */
	pthread_mutex_t lock;
	int n;
} player = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char path[256];

static void
reply_to(int fd)
{
	unsigned char *buf = NULL, *frame = NULL;
	WIRE_ANSWER *a;
	size_t len;

	if (socket_read(fd, &buf, &len) != 1)
		return;
	pthread_mutex_lock(&player.lock);
	WIRE_REQUEST_free(player.heard);
	player.heard = message_decode_request(buf, len);
	player.n++;
	a = message_answer(
	    message_request_id(player.heard), player.status);
	pthread_mutex_unlock(&player.lock);
	if (message_encode_answer(a, &frame, &len))
		socket_write(fd, frame, len);
	WIRE_ANSWER_free(a);
	OPENSSL_free(frame);
	OPENSSL_free(buf);
}

static void *
play(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(player.listener, NULL, NULL)) >= 0) {
		reply_to(fd);
		close(fd);
	}
	return NULL;
}

static void
player_up(struct rig *r)
{
	snprintf(path, sizeof(path), "%s/svc.sock", r->dir);
	player.status = WIRE_OK;
	player.n = 0;
	player.listener = socket_listen(path, 0600);
	assert_true(player.listener >= 0);
	assert_int_equal(
	    pthread_create(&player.thread, NULL, play, NULL), 0);
	r->set.svc_socket = path;
}

static void
player_down(void)
{
	shutdown(player.listener, SHUT_RDWR);
	pthread_join(player.thread, NULL);
	close(player.listener);
	WIRE_REQUEST_free(player.heard);
	player.heard = NULL;
}

static void
one_message(void **state)
{
	struct rig *r = *state;
	struct standing s;
	const WIRE_FIELDS *l;

	player_up(r);
	r->set.delegates[0].policy.sign_budget = 77;
	standing_take(&r->set, r->state, r->delegates, r->now, &s);
	assert_true(tell_once(&r->set, "127.0.0.1:80", &s));
	l = player.heard->args;
	assert_string_equal(message_request_op(player.heard), "tell-own");
	assert_string_equal(field_text(l, "name", ""), "127.0.0.1:80");
	assert_string_equal(field_text(l, "view", ""), "ok");
	assert_int_equal(field_int(l, "age", 0), 5);
	assert_int_equal(field_int(l, "validity", 0), 3600);
	assert_string_equal(field_text(l, "issuer", ""), "devices-g1");
	assert_string_equal(field_text(l, "state", ""), "ok");
	assert_int_equal(field_int(l, "budget", 0), 77);
	assert_true(field_int(l, "rate", 0) > 0);
	/* More delegates than a message holds fields for. */
	s.n = SETTINGS_DELEGATES_MAX;
	for (size_t i = 1; i < s.n; i++)
		s.delegates[i] = s.delegates[0];
	assert_true(tell_once(&r->set, "127.0.0.1:80", &s));
	assert_true(field_count(player.heard->args, "issuer") > 50);
	player.status = WIRE_DENIED;
	assert_false(tell_once(&r->set, "127.0.0.1:80", &s));
	assert_int_equal(pki_reason(), OCSP_E_RENEW);
	player_down();
	assert_false(tell_once(&r->set, "127.0.0.1:80", &s));
	ERR_clear_error();
}

static void
by_itself(void **state)
{
	struct rig *r = *state;
	struct tell *t;
	int i, n = 0;

	player_up(r);
	t = tell_start(&r->set, r->state, r->delegates, "127.0.0.1:80");
	assert_non_null(t);
	for (i = 0; i < 100 && n == 0; i++) {
		usleep(50000);
		pthread_mutex_lock(&player.lock);
		n = player.n;
		pthread_mutex_unlock(&player.lock);
	}
	assert_int_equal(n, 1);
	tell_stop(t);
	player_down();
	tell_stop(NULL);
}

/* Until it is told that the one delegate is well, or is not. */
static void
until(int well)
{
	int is = !well;

	while (is != well) {
		usleep(10000);
		pthread_mutex_lock(&player.lock);
		if (player.heard != NULL)
			is = strcmp(field_text(player.heard->args, "state", ""),
				 "ok") == 0;
		pthread_mutex_unlock(&player.lock);
	}
}

/* A delegate that goes and comes back, and does so again. */
static void
turns(void **state)
{
	struct rig *r = *state;
	struct view *view = state_view(r->state);
	struct tell *t;
	int i;

	player_up(r);
	t = tell_start(&r->set, r->state, r->delegates, "127.0.0.1:80");
	assert_non_null(t);
	until(1);
	for (i = 0; i < 2; i++) {
		delegates_set(r->delegates,
		    view_find_ident(view, "devices-g1"), NULL);
		until(0);
		rig_delegate(r);
		until(1);
	}
	tell_stop(t);
	player_down();
	view_free(view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_message, setup, teardown),
	    cmocka_unit_test_setup_teardown(by_itself, setup, teardown),
	    cmocka_unit_test_setup_teardown(turns, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
