#include "tests/unit/ca/engine/generations.h"
#include "ca/engine/cacerts.h"

/* What "cacerts" says while there are two generations of everything. */

static struct world w;
static struct generations g;

static int
setup(void **state)
{
	(void)state;
	gen_up(&w, &g);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gen_down(&w, &g);
	return 0;
}

static WIRE_FIELDS *
get(const char *issuer, time_t now)
{
	struct cacerts *k = cacerts_read(w.ca->store);
	WIRE_FIELDS *row = field_list_new();

	assert_non_null(k);
	assert_true(cacerts_add(k, issuer, now, row));
	cacerts_free(k);
	return row;
}

static X509 *
at(const WIRE_FIELDS *row, size_t i)
{
	const unsigned char *p;
	size_t len;

	p = field_get_bytes(field_find(row, "cacerts", i), &len);
	return p == NULL ? NULL : d2i_X509(NULL, &p, (long)len);
}

static int
place(const WIRE_FIELDS *row, const X509 *wanted)
{
	size_t i, n = field_count(row, "cacerts");
	int found = -1;
	X509 *x;

	for (i = 0; i < n; i++) {
		x = at(row, i);
		if (X509_cmp(x, wanted) == 0) {
			assert_int_equal(found, -1); /* none twice */
			found = (int)i;
		}
		X509_free(x);
	}
	return found;
}

static void
all_generations(void **state)
{
	WIRE_FIELDS *row = get("devices", w.now);
	const struct issuer *old =
	    issuer_set_find(&w.ca->issuers, "devices-g1");

	(void)state;
	/* RFC 7030 4.1.3: the CAs, OldWithOld, NewWithNew, and both links. */
	assert_int_equal(field_count(row, "cacerts"), 6);
	assert_int_equal(place(row, g.devices2), 0);
	assert_int_equal(place(row, old->cert), 1);
	assert_int_equal(place(row, g.new_root), 2);
	assert_int_equal(place(row, g.old_root), 3);
	assert_true(place(row, g.old_with_new) > 3);
	assert_true(place(row, g.new_with_old) > 3);
	field_list_free(row);
	/* By ident it is the same CA. */
	row = get("devices-g1", w.now);
	assert_int_equal(field_count(row, "cacerts"), 6);
	field_list_free(row);
	/* Another CA, and none at all: roots and links. */
	row = get("code", w.now);
	assert_int_equal(field_count(row, "cacerts"), 5);
	assert_int_equal(place(row, g.devices2), -1);
	field_list_free(row);
	row = get("nobody", w.now);
	assert_int_equal(field_count(row, "cacerts"), 4);
	field_list_free(row);
}

static void
what_has_expired_is_left_out(void **state)
{
	WIRE_FIELDS *row = get("devices", w.now + 301 * 86400);

	(void)state;
	assert_int_equal(field_count(row, "cacerts"), 4);
	assert_int_equal(place(row, g.new_with_old), -1);
	assert_int_equal(place(row, g.old_with_new), -1);
	field_list_free(row);
	/* In a hundred years: never nothing. */
	row = get("devices", w.now + 36500LL * 86400);
	assert_int_equal(place(row, g.devices2), 0);
	assert_true(place(row, g.new_root) > 0);
	assert_int_equal(place(row, g.old_root), -1);
	field_list_free(row);
}

struct more {
	const char *kind;
	X509 *cert;
	int64_t subject, end;
};

static int
more_tx(struct store_tx *tx, void *arg)
{
	struct more *m = arg;

	return gen_link(tx, m->kind, m->subject, 0, m->cert, m->end);
}

static void
add_more(const char *kind, X509 *cert, int64_t subject, int64_t end)
{
	struct more m = {kind, cert, subject, end};

	assert_true(store_write(w.ca->store, more_tx, &m, 0));
}

static X509_NAME *
name(const char *cn)
{
	X509_NAME *n = X509_NAME_new();

	X509_NAME_add_entry_by_txt(
	    n, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
	return n;
}

static int
foreign_tx(struct store_tx *tx, void *arg)
{
	int64_t id;

	return gen_issuer(tx, "hosted", ISSUER_ACTIVE, 0, arg, w.now, &id);
}

static void
foreign_cas_where_they_are_needed(void **state)
{
	EVP_PKEY *k[4] = {world_key(), world_key(), world_key(), world_key()};
	X509_NAME *n[4] = {name("Group Root"), name("Group Sub"),
	    name("Elsewhere"), name("Hosted")};
	int64_t from = w.now - 60, to = w.now + 86400 * 100;
	X509 *root = gen_cert(n[0], k[0], NULL, k[0], from, to);
	X509 *sub = gen_cert(n[1], k[1], root, k[0], from, to);
	X509 *other = gen_cert(n[2], k[2], NULL, k[2], from, to);
	X509 *ca = gen_cert(n[3], k[3], sub, k[1], from, to);
	WIRE_FIELDS *row;
	size_t i;

	(void)state;
	add_more(CA_CERT_FOREIGN, root, 0, to);
	add_more(CA_CERT_FOREIGN, sub, 0, to);
	add_more(CA_CERT_FOREIGN, other, 0, to);
	assert_true(store_write(w.ca->store, foreign_tx, ca, 0));
	row = get("hosted", w.now);
	assert_int_equal(place(row, ca), 0);
	assert_int_equal(place(row, sub), 1);
	assert_int_equal(place(row, root), 2);
	assert_int_equal(place(row, other), -1);
	field_list_free(row);
	/* Who does not need them does not get them. */
	row = get("devices", w.now);
	assert_int_equal(place(row, sub), -1);
	assert_int_equal(place(row, root), -1);
	field_list_free(row);
	for (i = 0; i < 4; i++) {
		EVP_PKEY_free(k[i]);
		X509_NAME_free(n[i]);
	}
	X509_free(root);
	X509_free(sub);
	X509_free(other);
	X509_free(ca);
}

static void
renewed_yes_cross_no(void **state)
{
	EVP_PKEY *key = world_key();
	X509_NAME *n = name("Renewed");
	X509 *renewed = gen_cert(n, key, g.new_root, g.new_root_key,
	    w.now - 60, w.now + 86400);
	X509 *cross = gen_cert(n, key, NULL, key, w.now - 60, w.now + 86400);
	WIRE_FIELDS *row;

	(void)state;
	add_more(CA_CERT_RENEWED, renewed, g.devices1_id, w.now + 86400);
	add_more(CA_CERT_CROSS, cross, g.new_root_id, w.now + 86400);
	row = get("devices", w.now);
	assert_int_equal(place(row, renewed), 2); /* behind its CA's */
	assert_int_equal(place(row, cross), -1);
	field_list_free(row);
	row = get("devices", w.now + 86401);
	assert_int_equal(place(row, renewed), -1);
	field_list_free(row);
	X509_free(renewed);
	X509_free(cross);
	X509_NAME_free(n);
	EVP_PKEY_free(key);
}

/* The RA asks again and again: a change is in the next answer. */
static void
the_ra_is_told(void **state)
{
	WIRE_ANSWER *a = world_ask(&w, OPS_RA, "fleets", "");

	(void)state;
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	assert_true(field_count(message_row(a, 0), "cacerts") >= 6);
	assert_int_equal(place(message_row(a, 0), g.devices2), 0);
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_generations),
	    cmocka_unit_test(what_has_expired_is_left_out),
	    cmocka_unit_test(foreign_cas_where_they_are_needed),
	    cmocka_unit_test(renewed_yes_cross_no),
	    cmocka_unit_test(the_ra_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
