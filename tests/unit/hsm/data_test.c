#include "token.h"
#include "calls.h"

static struct token tok;
static struct hsm *hsm;

static int
setup(void **state)
{
	(void)state;
	token_make(&tok, "data", URI("data"));
	hsm = hsm_open(&tok.cfg);
	must(hsm != NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_close(hsm);
	token_remove(&tok);
	return 0;
}

struct seen {
	char text[3 * HSM_DATA_MAX];
	int n, stop;
};

static int
see(const unsigned char *data, size_t len, void *arg)
{
	struct seen *s = arg;

	s->n++;
	strncat(s->text, (const char *)data, len);
	return !s->stop;
}

static void
is(const char *label, int n, const char *text)
{
	struct seen s = {.n = 0};

	must(hsm_data_get(hsm, label, see, &s));
	assert_int_equal(s.n, n);
	assert_string_equal(s.text, text);
}

static void
test_replaces(void **state)
{
	(void)state;
	is("a", 0, "");
	must(hsm_data_set(hsm, "a", "first", 5));
	must(hsm_data_set(hsm, "b", "other", 5));
	is("a", 1, "first");
	must(hsm_data_set(hsm, "a", "second one", 10));
	is("a", 1, "second one");
	is("b", 1, "other");
	must(hsm_data_set(hsm, "a", NULL, 0));
	is("a", 0, "");
	must(hsm_data_set(hsm, "a", NULL, 0));
	is("b", 1, "other");
}

struct objects {
	size_t n;
	int private;
};

static CK_RV
count_op(struct hsm_session *s, void *arg)
{
	struct objects *c = arg;
	CK_OBJECT_HANDLE o[2];
	CK_RV rv;

	rv = hsm_object_find(s, CKO_DATA, "a", NULL, 0, o, 2, &c->n);
	if (rv == CKR_OK && c->n == 1)
		c->private = hsm_object_flag(s, o[0], CKA_PRIVATE);
	return rv;
}

/* It lies in the token, not in the program, and only for who logs in. */
static void
test_lasts(void **state)
{
	struct objects c = {0, 0};

	(void)state;
	must(hsm_data_set(hsm, "a", "kept", 4));
	must(session_run(hsm, count_op, &c));
	assert_int_equal(c.n, 1);
	assert_int_equal(c.private, 1);
	hsm_close(hsm);
	must((hsm = hsm_open(&tok.cfg)) != NULL);
	is("a", 1, "kept");
}

static void
test_bounds(void **state)
{
	char text[HSM_DATA_MAX + 1], label[HSM_LABEL_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	memset(label, 'x', sizeof(label));
	label[HSM_LABEL_MAX] = '\0';
	assert_false(hsm_data_set(hsm, "a", text, sizeof(text)));
	assert_reason(HSM_E_CONFIG);
	assert_false(hsm_data_set(hsm, "a", text, 0));
	assert_reason(HSM_E_CONFIG);
	assert_false(hsm_data_set(hsm, label, text, 1));
	assert_reason(HSM_E_CONFIG);
	assert_false(hsm_data_get(hsm, "", see, NULL));
	assert_reason(HSM_E_CONFIG);
	must(hsm_data_set(hsm, "a", text, HSM_DATA_MAX));
	text[HSM_DATA_MAX] = '\0';
	is("a", 1, text);
}

/* The old one cannot be destroyed, as if we had been killed before that: both
   are there, and the next one takes the place of both. */
static CK_FUNCTION_LIST broken;

static CK_RV
no_destroy(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	(void)s;
	(void)o;
	return CKR_FUNCTION_REJECTED;
}

static void
test_interrupted(void **state)
{
	struct seen s = {.stop = 1};

	(void)state;
	must(hsm_data_set(hsm, "c", "old", 3));
	broken = *hsm->module->managed;
	broken.C_DestroyObject = no_destroy;
	hsm->module->fn = &broken;
	assert_false(hsm_data_set(hsm, "c", "new", 3));
	assert_reason(HSM_E_TOKEN);
	hsm->module->fn = hsm->module->managed;
	assert_false(hsm_data_get(hsm, "c", see, &s));
	assert_int_equal(s.n, 1);
	s = (struct seen){.n = 0};
	must(hsm_data_get(hsm, "c", see, &s));
	assert_int_equal(s.n, 2);
	assert_true(strstr(s.text, "old") != NULL &&
	    strstr(s.text, "new") != NULL);
	must(hsm_data_set(hsm, "c", "newest", 6));
	is("c", 1, "newest");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replaces),
	    cmocka_unit_test(test_lasts),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_interrupted),
	};

	REQUIRE_SOFTHSM();
	return cmocka_run_group_tests(tests, setup, teardown);
}
