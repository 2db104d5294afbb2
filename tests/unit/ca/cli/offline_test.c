#include "tests/unit/ca/cli/canned.h"
#include <jansson.h>
#include "tests/unit/ca/store/temp.h"

/* The tool on a store file, beside a writer and without one. */

#define CERTS 250

static struct temp *t;

static int
fill(struct store_tx *tx, void *arg)
{
	struct cert_row row;
	unsigned int n;

	(void)arg;
	for (n = 1; n <= CERTS; n++) {
		temp_row(t, &row, n);
		if (!temp_issue(tx, &row))
			return 0;
		if (n == 7 &&
		    !certs_set_state(tx, row.id, CERT_REVOKED, 1, NOW + 9))
			return 0;
	}
	return 1;
}

static int
start(void **state)
{
	void *p = NULL;

	if (canned_start(state) != 0 || temp_make(&p) != 0)
		return -1;
	t = p;
	return store_write(t->store, fill, NULL, 0) ? 0 : -1;
}

static int
stop(void **state)
{
	void *p = t;

	return temp_remove(&p) == 0 && canned_stop(state) == 0 ? 0 : -1;
}

static size_t
list_len(void)
{
	json_t *v = json_loads(canned.out, 0, NULL);
	size_t n = json_array_size(v);

	assert_non_null(v);
	json_decref(v);
	return n;
}

static void
test_list(void **state)
{
	(void)state;
	assert_int_equal(
	    tool("--store", t->path, "cert", "list", "--json", NULL), 0);
	assert_int_equal(list_len(), CERTS);
	assert_in(canned.out,
	    "\"serial\":\"4141414141414141414141414141414100"
	    "000001\"");
	assert_in(canned.out, "\"not_after\":\"");
	assert_int_equal(tool("--store", t->path, "cert", "list", NULL), 0);
	assert_in(canned.err, "more");
	assert_int_equal(tool("--store", t->path, "cert", "list", "--state",
			     "revoked", "--json", NULL),
	    0);
	assert_int_equal(list_len(), 1);
	assert_in(canned.out, "\"reason\":\"keyCompromise\"");
	assert_int_equal(tool("--store", t->path, "cert", "list", "--issuer",
			     "devices-g1", "--limit", "5", "--json", NULL),
	    0);
	assert_int_equal(list_len(), 5);
	assert_int_equal(tool("--store", t->path, "cert", "list", "--issuer",
			     "device", "--json", NULL),
	    0);
	assert_int_equal(list_len(), 0);
	/* No server was asked. */
	assert_int_equal(canned.calls, 0);
}

static void
test_show(void **state)
{
	(void)state;
	assert_int_equal(tool("--store", t->path, "cert", "show",
			     "41414141414141414141414141414141:00000007", NULL),
	    0);
	assert_in(canned.out, "state: revoked\n");
	assert_in(canned.out, "subject: CN=device 7\n");
	assert_in(canned.out, "predecessor: -\n");
	assert_int_equal(tool("--store", t->path, "cert", "show",
			     "4141414141414141414141414141414100000007",
			     "--issuer", "devices", "--pem", NULL),
	    0);
	assert_in(canned.out, "-----BEGIN CERTIFICATE-----\n");
}

static void
test_refused(void **state)
{
	(void)state;
	assert_int_equal(
	    tool("--store", t->path, "cert", "show", "4f", NULL), 1);
	assert_in(canned.err, "no certificate with that serial");
	assert_int_equal(tool("--store", t->path, "cert", "show",
			     "4141414141414141414141414141414100000007",
			     "--issuer", "code", NULL),
	    1);
	assert_int_equal(
	    tool("--store", t->path, "cert", "list", "--state", "lost", NULL),
	    1);
	assert_in(canned.err, "none of reserved");
	assert_int_equal(
	    tool("--store", canned_file("none"), "cert", "list", NULL), 1);
	canned_write("junk", "not a database at all", 21);
	assert_int_equal(
	    tool("--store", canned_file("junk"), "cert", "list", NULL), 1);
	assert_int_equal(
	    tool("--store", t->path, "revoke", "--serial", "4f", NULL), 2);
}

static void
test_without_writer(void **state)
{
	(void)state;
	store_close(t->store);
	t->store = NULL;
	assert_int_equal(
	    tool("--store", t->path, "cert", "list", "--json", NULL), 0);
	assert_int_equal(list_len(), CERTS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_list),
	    T(test_show),
	    T(test_refused),
	    T(test_without_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
