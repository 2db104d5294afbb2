#include <pthread.h>
#include <stdatomic.h>
#include "tests/unit/ca/store/temp.h"
#include "ca/store/devices.h"

static void
make_row(struct secret_row *row, const char *user, int reusable)
{
	memset(row, 0, sizeof(*row));
	snprintf(row->user, sizeof(row->user), "%s", user);
	snprintf(row->fleets, sizeof(row->fleets), "demo,other");
	snprintf(row->device, sizeof(row->device), "a");
	row->kind = SECRET_SCRYPT;
	row->reusable = reusable;
	memset(row->salt, 5, sizeof(row->salt));
	memset(row->hash, 6, sizeof(row->hash));
	row->created = NOW;
	row->expires = NOW + 60;
}

static int
adds(struct store_tx *tx, void *arg)
{
	struct secret_row row, out;

	(void)arg;
	make_row(&row, "u", 0);
	assert_int_equal(secrets_get(tx, "u", &out), 0);
	assert_true(secrets_add(tx, &row));
	assert_int_equal(secrets_get(tx, "u", &out), 1);
	assert_memory_equal(&row, &out, sizeof(row));
	assert_int_equal(secrets_get(tx, "U", &out), 0);
	assert_false(secrets_add(tx, &row));
	assert_raised(CA_E_DENIED, "secret.duplicate: ");
	return 1;
}

static int
uses_once(struct store_tx *tx, void *arg)
{
	struct secret_row row, out;

	(void)arg;
	make_row(&row, "once", 0);
	assert_true(secrets_add(tx, &row));
	assert_true(secrets_use(tx, row.id, NOW + 1));
	assert_int_equal(secrets_get(tx, "once", &out), 1);
	assert_int_equal(out.used_at, NOW + 1);
	assert_false(secrets_use(tx, row.id, NOW + 2));
	assert_raised(CA_E_UNAUTHENTICATED, "secret.used: ");
	make_row(&row, "often", 1);
	assert_true(secrets_add(tx, &row));
	assert_true(secrets_use(tx, row.id, NOW + 1));
	assert_true(secrets_use(tx, row.id, NOW + 2));
	assert_false(secrets_use(tx, 99, NOW));
	assert_raised(CA_E_UNAUTHENTICATED, "secret.unknown: ");
	return 1;
}

static int
revokes(struct store_tx *tx, void *arg)
{
	struct secret_row row, out;

	(void)arg;
	make_row(&row, "u", 1);
	assert_true(secrets_add(tx, &row));
	assert_true(secrets_revoke(tx, row.id));
	assert_int_equal(secrets_get(tx, "u", &out), 1);
	assert_int_equal(out.revoked, 1);
	assert_false(secrets_use(tx, row.id, NOW));
	assert_raised(CA_E_UNAUTHENTICATED, "secret.revoked: ");
	assert_false(secrets_revoke(tx, 99));
	assert_raised(CA_E_NOTFOUND, "store: secret 99");
	return 1;
}

static int
note(const struct secret_row *row, void *arg)
{
	int *n = arg;

	assert_true(row->id > 0);
	return ++*n != 2;
}

static int
lists(struct store_tx *tx, void *arg)
{
	struct secret_row row;
	char user[8];
	int i, n = 0;

	(void)arg;
	for (i = 0; i < 3; i++) {
		snprintf(user, sizeof(user), "u%d", i);
		make_row(&row, user, 0);
		assert_true(secrets_add(tx, &row));
	}
	assert_true(secrets_list(tx, 0, 100, note, &n));
	assert_int_equal(n, 2);
	return 1;
}

struct race {
	struct temp *t;
	struct secret_row row;
	atomic_int won, lost;
};

static int
add_tx(struct store_tx *tx, void *arg)
{
	return secrets_add(tx, &((struct race *)arg)->row);
}

static int
use_tx(struct store_tx *tx, void *arg)
{
	return secrets_use(tx, ((struct race *)arg)->row.id, NOW);
}

static void *
use(void *arg)
{
	struct race *r = arg;

	if (store_write(r->t->store, use_tx, r, 0))
		r->won++;
	else
		r->lost += report_last_reason() == CA_E_UNAUTHENTICATED;
	ERR_clear_error();
	return NULL;
}

static void
serves_one_of_sixteen(void **state)
{
	struct race r = {.t = *state};
	pthread_t thread[16];
	int i;

	make_row(&r.row, "once", 0);
	WRITE(r.t, add_tx, &r);
	for (i = 0; i < 16; i++)
		pthread_create(&thread[i], NULL, use, &r);
	for (i = 0; i < 16; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(r.won, 1);
	assert_int_equal(r.lost, 15);
}

static int
revokes_of(struct store_tx *tx, void *arg)
{
	static const char *const FLEETS[] = {"demo", "other,demo", "demo-2",
	    "demo,x", "other"};
	struct secret_row row, out;
	int64_t n = 0;
	size_t i;

	(void)arg;
	for (i = 0; i < 5; i++) {
		memset(&row, 0, sizeof(row));
		snprintf(row.user, sizeof(row.user), "user-%zu", i);
		strcpy(row.fleets, FLEETS[i]);
		strcpy(row.device, i == 3 ? "b" : "a");
		row.kind = SECRET_RANDOM;
		assert_true(secrets_add(tx, &row));
	}
	assert_true(secrets_revoke_of(tx, "demo", "a", &n));
	assert_int_equal(n, 2);
	for (i = 0; i < 5; i++) {
		snprintf(row.user, sizeof(row.user), "user-%zu", i);
		assert_int_equal(secrets_get(tx, row.user, &out), 1);
		assert_int_equal(out.revoked, i < 2);
	}
	assert_true(secrets_revoke_of(tx, "demo", "a", &n));
	assert_int_equal(n, 0);
	return 1;
}

#define IN_STORE(fn)                                                           \
	static void fn##_in_store(void **state)                                \
	{                                                                      \
		struct temp *t = *state;                                       \
		RUN(t, fn, t);                                                 \
	}

IN_STORE(adds)
IN_STORE(uses_once)
IN_STORE(revokes)
IN_STORE(revokes_of)
IN_STORE(lists)

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(adds_in_store),
	    T(uses_once_in_store),
	    T(revokes_in_store),
	    T(revokes_of_in_store),
	    T(lists_in_store),
	    T(serves_one_of_sixteen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
