#include "tests/unit/ocsp/asking.h"
#include "ocsp/standing.h"

static void
views(void **state)
{
	struct settings set = {.max_stale = 60};
	struct status_head h = {.heartbeat = 1000};

	(void)state;
	assert_int_equal(standing_view(&set, NULL, 1000), STANDING_UNSEEN);
	assert_int_equal(standing_view(&set, &h, 1000), STANDING_OK);
	assert_int_equal(standing_view(&set, &h, 1060), STANDING_OK);
	assert_int_equal(standing_view(&set, &h, 1061), STANDING_STALE);
	assert_int_equal(standing_view(&set, &h, 700), STANDING_OK);
	assert_int_equal(standing_view(&set, &h, 699), STANDING_AHEAD);
	strcpy(h.stopped, "clock");
	assert_int_equal(standing_view(&set, &h, 1000), STANDING_STOPPED);
	h = (struct status_head){0};
	assert_int_equal(standing_view(&set, &h, 1000), STANDING_FILLING);
}

static void
taken(void **state)
{
	struct rig *r = *state;
	struct standing s;
	struct view *view;
	struct signer *blind;
	EVP_PKEY *pub;

	standing_take(&r->set, r->state, r->delegates, r->now, &s);
	assert_int_equal(s.view, STANDING_OK);
	assert_string_equal(s.text, "ok");
	assert_int_equal(s.age, 5);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.delegates[0].issuer, "devices-g1");
	assert_string_equal(s.delegates[0].state, "ok");
	assert_true(s.delegates[0].rate > 0);
	assert_int_equal(s.n_there, 1);

	standing_take(
	    &r->set, r->state, r->delegates, r->now + 86500, &s);
	assert_int_equal(s.view, STANDING_STALE);
	assert_non_null(strstr(s.text, "max_stale is 86400 s"));
	assert_string_equal(
	    s.delegates[0].state, "its certificate has expired");

	/* A key that cannot sign: the public half. */
	pub = pki_public(r->pki.ocsp);
	blind = signer_new(pub, r->pki.ocsp, r->pki.ca);
	assert_non_null(blind);
	view = state_view(r->state);
	delegates_set(
	    r->delegates, view_find_ident(view, "devices-g1"), blind);
	view_free(view);
	standing_take(&r->set, r->state, r->delegates, r->now, &s);
	assert_non_null(strstr(s.delegates[0].state, "does not sign"));
	assert_int_equal(atomic_load(&blind->failed_at), r->now);
	assert_int_equal(ERR_peek_error(), 0);

	r->set.delegates[0].issuer = "other-g1";
	standing_take(&r->set, r->state, r->delegates, r->now, &s);
	assert_non_null(strstr(s.delegates[0].state, "no such issuer"));
	assert_int_equal(s.n_there, 0);
}

/* Without a signature: is there a key for each? */
static void
who_is_there(void **state)
{
	struct rig *r = *state;
	struct delegates *none = delegates_new(&r->set, NULL);
	struct view *view = state_view(r->state);
	struct standing s;
	struct signer *signer;

	standing_look(&r->set, r->state, none, r->now, &s);
	assert_int_equal(s.view, STANDING_OK);
	assert_int_equal(s.n_there, 0);
	standing_take(&r->set, r->state, none, r->now, &s);
	assert_int_equal(s.n_there, 0);
	assert_non_null(strstr(s.delegates[0].state, "is not there"));
	EVP_PKEY_up_ref(r->pki.ocsp_key);
	signer = signer_new(r->pki.ocsp_key, r->pki.ocsp, r->pki.ca);
	delegates_set(none, view_find_ident(view, "devices-g1"), signer);
	standing_look(&r->set, r->state, none, r->now, &s);
	assert_int_equal(s.n_there, 1);
	assert_int_equal(atomic_load(&signer->rate), 0);
	view_free(view);
	delegates_free(none);
}

static void
unseen(void **state)
{
	struct rig *r = *state;
	struct state *none = state_new();
	struct standing s;

	standing_look(&r->set, none, r->delegates, r->now, &s);
	assert_int_equal(s.view, STANDING_UNSEEN);
	assert_int_equal(s.n_there, 0);
	assert_int_equal(s.age, 0);
	assert_int_equal(s.n, 0);
	state_free(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(views),
	    cmocka_unit_test_setup_teardown(taken, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_is_there, setup, teardown),
	    cmocka_unit_test_setup_teardown(unseen, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
