#include "tests/unit/ca/engine/foreign.h"
#include "tests/unit/ca/engine/second_token.h"

/* Two tokens in one folder, and a CA in the second one. */

static struct foreign root;

static void
add_ca(struct world *w)
{
	struct subca_request r = {.name = "second", .token = "hsm2",
	    .key_type = "ec-p384", .set = {"cn=Second"}, .n_set = 1,
	    .who = "test", .now = w->now};
	struct pending_ca_row row;
	struct issuer *is = NULL;
	X509_REQ *req;
	X509 *cert;

	assert_true(subca_request(w->ca, &r, &row));
	req = foreign_req(row.csr, row.csr_len);
	cert = foreign_certify(&root, req, (struct foreign_how){0}, w->now);
	assert_true(foreign_import(w, "second", cert, root.cert, &is));
	assert_ptr_equal(is->token, &w->ca->tokens[1]);
	X509_REQ_free(req);
	X509_free(cert);
	pending_cas_row_clear(&row);
}

static int
setup(void **state)
{
	struct world *w;

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	foreign_ca(&root, NULL, "Foreign Root", (struct foreign_how){0},
	    w->now);
	second_token(w);
	add_ca(w);
	return 0;
}

static int
teardown(void **state)
{
	foreign_free(&root);
	return world_teardown(state);
}

static int
signs(struct world *w, const char *name, enum issuer_use use, time_t now)
{
	struct issuer *is = ca_issuer_lock_for(w->ca, name, use, now);

	if (is != NULL)
		ca_issuer_unlock(w->ca, is);
	return is != NULL;
}

static void
each_has_its_own(void **state)
{
	struct world *w = *state;
	struct ca_token *t;
	struct issuer *is;

	assert_int_equal(w->ca->n_tokens, 2);
	assert_ptr_equal(tokens_find(w->ca, ""), &w->ca->tokens[0]);
	assert_ptr_equal(tokens_find(w->ca, "hsm2"), &w->ca->tokens[1]);
	assert_null(tokens_find(w->ca, "hsm"));
	assert_true(signs(w, "devices", ISSUER_TO_ISSUE, w->now));
	assert_true(signs(w, "second", ISSUER_TO_ISSUE, w->now));
	/* While one is held, the other can be had for changing. */
	is = ca_issuer_lock(w->ca, "second", w->now);
	assert_non_null(is);
	assert_int_equal(pthread_rwlock_trywrlock(&w->ca->tokens[0].lock), 0);
	pthread_rwlock_unlock(&w->ca->tokens[0].lock);
	assert_int_not_equal(
	    pthread_rwlock_trywrlock(&w->ca->tokens[1].lock), 0);
	ca_issuer_unlock(w->ca, is);
	t = tokens_lock(w->ca, "hsm2", w->now);
	assert_ptr_equal(t, &w->ca->tokens[1]);
	tokens_unlock(t);
	assert_null(tokens_lock(w->ca, "hsm3", w->now));
	world_raised(CA_E_CONFIG, "token.unknown: ");
}

static void
use(void **state)
{
	struct world *w = *state;
	struct issuer *was = issuer_set_find(&w->ca->issuers, "code"), *now;
	struct issuer_row row = was->row;

	assert_false(signs(w, "root", ISSUER_TO_VOUCH, w->now));
	world_raised(CA_E_DENIED, "issuer.root: ");
	assert_false(signs(w, "nobody", ISSUER_TO_VOUCH, w->now));
	world_raised(CA_E_NOTFOUND, "issuer: no CA");
	row.state = ISSUER_DISABLED;
	now = issuer_changed(was, &row);
	issuer_set_replace(&w->ca->issuers, was, now);
	assert_false(signs(w, "code", ISSUER_TO_ISSUE, w->now));
	world_raised(CA_E_DENIED, "issuer.disabled: ");
	assert_true(signs(w, "code", ISSUER_TO_VOUCH, w->now));
	assert_true(ca_issuer_has_key(now));
	row.state = ISSUER_ACTIVE;
	issuer_set_replace(&w->ca->issuers, now, issuer_changed(now, &row));
	assert_true(signs(w, "code", ISSUER_TO_ISSUE, w->now));
}

#define SOON 1000		/* times 10 ms */

struct writing {
	struct ca_token *t;
	atomic_int done;
};

static void *
write_it(void *arg)
{
	struct writing *x = arg;

	pthread_rwlock_wrlock(&x->t->lock);
	atomic_store(&x->done, 1);
	pthread_rwlock_unlock(&x->t->lock);
	return NULL;
}

/* Who signs is waited for; who comes later lets the writer go first. */
static void
a_writer_goes_first(void **state)
{
	struct world *w = *state;
	struct issuer *is = ca_issuer_lock(w->ca, "second", w->now);
	struct writing x = {.t = &w->ca->tokens[1]};
	pthread_t thread;
	int i, later = 1;

	assert_non_null(is);
	assert_int_equal(pthread_create(&thread, NULL, write_it, &x), 0);
	for (i = 0; i < SOON && later; i++) {
		usleep(10000);
		later = pthread_rwlock_tryrdlock(&x.t->lock) == 0;
		if (later)
			pthread_rwlock_unlock(&x.t->lock);
	}
	i = atomic_load(&x.done);
	ca_issuer_unlock(w->ca, is);
	pthread_join(thread, NULL);
	assert_int_equal(later, 0);
	assert_int_equal(i, 0);
	assert_int_equal(x.done, 1);
	assert_true(signs(w, "second", ISSUER_TO_ISSUE, w->now));
}

struct wanting {
	struct world *w;
	time_t now;
	int got;
	atomic_int done;
};

static void *
want(void *arg)
{
	struct wanting *x = arg;

	x->got = signs(x->w, "code", ISSUER_TO_ISSUE, x->now);
	ERR_clear_error();
	atomic_store(&x->done, 1);
	return NULL;
}

/* Had ${x} its answer while another CA of the token signs? */
static int
answered_beside(struct wanting *x)
{
	struct issuer *is = ca_issuer_lock(x->w->ca, "devices", x->now);
	pthread_t thread;
	int i, beside;

	assert_non_null(is);
	assert_int_equal(pthread_create(&thread, NULL, want, x), 0);
	for (i = 0; i < SOON && !atomic_load(&x->done); i++)
		usleep(10000);
	beside = atomic_load(&x->done);
	ca_issuer_unlock(x->w->ca, is);
	pthread_join(thread, NULL);
	return beside;
}

/* A key that is not there stops nobody, until it is time to look again. */
static void
a_missing_key(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "code");
	struct wanting x = {w, w->now, 1, 0};

	assert_false(ca_issuer_lacks_key(is));
	EVP_PKEY_free(is->key);
	is->key = NULL;
	is->token->tried = w->now;
	assert_true(ca_issuer_lacks_key(is));
	assert_true(answered_beside(&x));
	assert_false(x.got);
	assert_true(signs(w, "code", ISSUER_TO_ISSUE, w->now + 3));
	assert_false(ca_issuer_lacks_key(is));
	assert_false(ca_issuer_lacks_key(
	    issuer_set_find(&w->ca->issuers, "root")));
}

static void
move(struct world *w, const char *from, const char *to)
{
	world_sh("cd %s && mkdir -p away && for d in %s/*/; do grep -lq second "
	    "$d/token.object && mv $d %s/; done; true", w->dir, from, to);
}

/* One that is away at the start stops nobody else, and is taken back. */
static void
one_away(void **state)
{
	struct world *w = *state;

	report_init("test", REPORT_ERROR + 1, 2);
	ca_close(w->ca);
	move(w, "t-ca", "away");
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_non_null(w->ca->tokens[0].hsm);
	assert_string_equal(w->ca->tokens[0].error, "");
	assert_null(w->ca->tokens[1].hsm);
	assert_true(w->ca->tokens[1].error[0] != '\0');
	assert_true(signs(w, "devices", ISSUER_TO_ISSUE, w->now));
	assert_false(signs(w, "second", ISSUER_TO_ISSUE, w->now + 3));
	world_raised(CA_E_SIGN, "token: ");
	assert_false(signs(w, "second", ISSUER_TO_VOUCH, w->now + 4));
	ERR_clear_error();
	/* That of a token that is away may be in it. */
	assert_false(ca_issuer_lacks_key(
	    issuer_set_find(&w->ca->issuers, "second")));
	/* The restart of their module was nothing to the first one. */
	assert_true(signs(w, "devices", ISSUER_TO_ISSUE, w->now + 4));
	assert_true(hsm_healthy(w->ca->tokens[0].hsm));
	move(w, "away", "t-ca");
	assert_true(signs(w, "second", ISSUER_TO_ISSUE, w->now + 9));
	assert_true(hsm_healthy(w->ca->tokens[0].hsm));
	assert_true(hsm_healthy(w->ca->tokens[1].hsm));
	report_init("test", REPORT_ERROR, 2);
}

/* A configuration without the token: its CA cannot sign, all others can. */
static void
not_configured(void **state)
{
	struct world *w = *state;
	size_t n = w->settings->n_tokens;

	report_init("test", REPORT_ERROR + 1, 2);
	ca_close(w->ca);
	w->settings->n_tokens = 0;
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_true(signs(w, "devices", ISSUER_TO_ISSUE, w->now));
	assert_false(signs(w, "second", ISSUER_TO_VOUCH, w->now));
	world_raised(CA_E_SIGN, "does not name");
	assert_false(ca_issuer_has_key(
	    issuer_set_find(&w->ca->issuers, "second")));
	ca_close(w->ca);
	w->settings->n_tokens = n;
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_true(signs(w, "second", ISSUER_TO_ISSUE, w->now));
	report_init("test", REPORT_ERROR, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_has_its_own),
	    cmocka_unit_test(use),
	    cmocka_unit_test(a_writer_goes_first),
	    cmocka_unit_test(a_missing_key),
	    cmocka_unit_test(one_away),
	    cmocka_unit_test(not_configured),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
