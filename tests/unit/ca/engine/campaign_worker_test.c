#include <stdatomic.h>
#include "ca/engine/campaign.h"
#include "tests/unit/ca/engine/many.h"

/* The worker: that it works, goes on after a restart, and stops. */

#define N 7

static char serials[N][64];

static size_t
revoked(struct world *w)
{
	size_t i, n = 0;

	for (i = 0; i < N; i++)
		n += many_state(w, serials[i]) == CERT_REVOKED;
	return n;
}

static struct campaign_row
start(struct world *w, const char *model, int pause)
{
	char name[64], query[64];
	struct campaign_request r = {.query = query,
	    .note = "",
	    .who = "test",
	    .stage = 3,
	    .pause = pause,
	    .now = w->now};
	struct campaign_row row;
	int i;

	for (i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "%s-%d", model, i);
		many_device(w, name, model, "1");
		many_issue(w, "device-ldevid", name, NULL, serials[i]);
	}
	snprintf(query, sizeof(query), "model=%s", model);
	assert_true(campaign_start(w->ca->store, w->ca->policy, &r, &row));
	return row;
}

static void
until(struct world *w, size_t n)
{
	int i;

	for (i = 0; i < 600 && revoked(w) < n; i++)
		usleep(50000);
}

static void
works(void **state)
{
	struct world *w = *state;
	struct campaign_worker *worker;
	struct campaign_row row;
	int i;

	start(w, "W1", 0);
	atomic_store(&w->ca->crl_wanted, 0);
	worker = campaign_worker_start(w->ca);
	assert_non_null(worker);
	until(w, N);
	for (i = 0; i < 600 && !atomic_load(&w->ca->crl_wanted); i++)
		usleep(50000);
	campaign_worker_stop(worker);
	assert_int_equal(revoked(w), N);
	assert_int_equal(atomic_load(&w->ca->crl_wanted), 1);
	assert_int_equal(campaign_step(w->ca, w->now, NULL, NULL, &row), 0);
	campaign_worker_stop(NULL);
}

/* It is stopped within a pause, however long, and the next one goes on. */
static void
goes_on(void **state)
{
	struct world *w = *state;
	struct campaign_worker *worker;

	start(w, "W2", 3600);
	worker = campaign_worker_start(w->ca);
	until(w, 3);
	campaign_worker_stop(worker);
	assert_int_equal(revoked(w), 3);
	worker = campaign_worker_start(w->ca);
	until(w, 6);
	campaign_worker_stop(worker);
	assert_int_equal(revoked(w), 6);
}

static int
get_tx(struct store_tx *tx, void *arg)
{
	struct campaign_row *row = arg;

	return campaigns_get(tx, row->id, row) == 1;
}

/* The pause of one is not that of the next, which may be in more of a hurry. */
static void
serves_others_meanwhile(void **state)
{
	struct world *w = *state;
	struct campaign_worker *worker;
	struct campaign_row slow;

	slow = start(w, "W3", 3600);
	worker = campaign_worker_start(w->ca);
	until(w, 3);
	assert_int_equal(revoked(w), 3);
	start(w, "W4", 0);
	until(w, N);
	campaign_worker_stop(worker);
	assert_int_equal(revoked(w), N);
	assert_true(store_read(w->ca->store, get_tx, &slow));
	assert_int_equal(slow.state, CAMPAIGN_RUNNING);
	assert_int_equal(slow.done, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(works),
	    cmocka_unit_test(goes_on),
	    cmocka_unit_test(serves_others_meanwhile),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
