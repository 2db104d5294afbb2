#include <openssl/sha.h>
#include "tests/unit/ca/store/temp.h"

/*
 * The worked example of docs/log.md, octet by octet. Whoever changes the format
 * breaks every verifier: this test must not be adapted, a new version of the
 * leaf must be made.
 */
static const unsigned char example_salt[16] = {0x00, 0x01, 0x02, 0x03, 0x04,
    0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};

#define EXAMPLE_DETAIL                                                         \
	"306a30140c066973737565720c0a646576696365732d6731300c0c067368"         \
	"613235360402abcd300d0c07656e74726965730202ff7f30090c04686f6c"         \
	"640101ff301e0c0b746869735f757064617465180f323032363131313831"         \
	"31303634305a300a0c06726561736f6e0500"
#define EXAMPLE_LEAF                                                           \
	"303f0201010202012c0c0363726c180f3230323631313138313130363430"         \
	"5a04205b00e2377a03ff3c4b6584adc82fe6b3c03be64e7031113d4f1c2e"         \
	"30cef378a2"
#define EXAMPLE_HASH                                                           \
	"810b2a4b6e4676b4daa34e1b1feca8634b405094ecbd1238ed96b8dee5a0"         \
	"9f8d"

static char *
hex(const unsigned char *p, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
	return out;
}

static WIRE_FIELDS *
example_detail(void)
{
	WIRE_FIELDS *l = field_list_new();

	assert_true(field_add_text(l, "issuer", "devices-g1"));
	assert_true(field_add_bytes(l, "sha256", "\xab\xcd", 2));
	assert_true(field_add_int(l, "entries", -129));
	assert_true(field_add_flag(l, "hold", 1));
	assert_true(field_add_time(l, "this_update", NOW));
	assert_true(field_add_text(l, "reason", NULL));
	return l;
}

static void
writes_the_example(void **state)
{
	struct entry_row row = {.index = 300, .time = NOW, .kind = "crl"};
	WIRE_FIELDS *l = example_detail();
	unsigned char leaf[512], md[32];
	char text[1200];
	size_t i, n = strlen(EXAMPLE_LEAF) / 2;
	unsigned int octet;

	(void)state;
	memcpy(row.salt, example_salt, 16);
	assert_true(field_list_encode(l, &row.detail, &row.detail_len));
	field_list_free(l);
	assert_string_equal(
	    hex(row.detail, row.detail_len, text), EXAMPLE_DETAIL);
	for (i = 0; i < n; i++) {
		sscanf(EXAMPLE_LEAF + 2 * i, "%2x", &octet);
		leaf[i] = (unsigned char)octet;
	}
	row.leaf = OPENSSL_memdup(leaf, n);
	row.leaf_len = n;
	assert_true(entries_check(&row));
	memmove(leaf + 1, leaf, n);
	leaf[0] = 0; /* RFC 9162 2.1.1: the hash of a leaf */
	SHA256(leaf, n + 1, md);
	assert_string_equal(hex(md, 32, text), EXAMPLE_HASH);
	entries_row_clear(&row);
}

/* Does the page have these octets, in lines of 64 digits? */
static int
page_has(const char *page, const char *digits)
{
	char want[2048] = "";
	size_t i, used = 0, n = strlen(digits);

	for (i = 0; i < n; i += 64)
		used += (size_t)snprintf(want + used, sizeof(want) - used,
		    "\n    %.64s", digits + i);
	return strstr(page, want) != NULL;
}

static void
stands_on_the_page(void **state)
{
	static char page[1 << 18];
	FILE *f = fopen("docs/log.md", "r");
	size_t n;

	(void)state;
	if (f == NULL) /* not started from the tree's root */
		skip();
	n = fread(page, 1, sizeof(page) - 1, f);
	fclose(f);
	page[n] = '\0';
	assert_true(page_has(page, EXAMPLE_DETAIL));
	assert_true(page_has(page, EXAMPLE_LEAF));
	assert_true(page_has(page, EXAMPLE_HASH));
	assert_false(page_has(page, "00" EXAMPLE_LEAF));
}

static int
append(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = example_detail();
	int ok = entries_append(tx, "crl", NOW, l, arg);

	field_list_free(l);
	return ok;
}

static int
append_and_fail(struct store_tx *tx, void *arg)
{
	(void)append(tx, arg);
	ca_raise(CA_E_DENIED, "no");
	return 0;
}

static int
append_badly(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	char kind[65];
	int i;

	(void)arg;
	memset(kind, 'k', 64);
	kind[64] = '\0';
	assert_false(entries_append(tx, kind, NOW, l, NULL));
	assert_raised(CA_E_INTERNAL, "log: ");
	assert_false(entries_append(tx, "", NOW, l, NULL));
	assert_raised(CA_E_INTERNAL, "log: ");
	assert_false(entries_append(tx, "crl", -1, l, NULL));
	assert_raised(CA_E_INTERNAL, "log: ");
	for (i = 0; i <= FIELDS_MAX; i++)
		assert_true(field_add_int(l, "n", i));
	assert_false(entries_append(tx, "crl", NOW, l, NULL));
	assert_true(report_last_reason() != 0);
	ERR_clear_error();
	field_list_free(l);
	return 1;
}

struct seen {
	int64_t from, next;
	size_t limit;
	unsigned char salt[16];
	int stop;
};

static int
look(const struct entry_row *row, void *arg)
{
	struct seen *s = arg;

	assert_int_equal(row->index, s->next);
	assert_int_equal(row->time, NOW);
	assert_string_equal(row->kind, "crl");
	assert_true(entries_check(row));
	assert_memory_not_equal(row->salt, s->salt, 16);
	memcpy(s->salt, row->salt, 16);
	return ++s->next != s->stop;
}

static int
list(struct store_tx *tx, void *arg)
{
	struct seen *s = arg;

	s->next = s->from;
	return entries_list(tx, s->from, s->limit, look, s);
}

static int
count(struct store_tx *tx, void *arg)
{
	return entries_count(tx, arg);
}

static void
appends_without_gaps(void **state)
{
	struct temp *t = *state;
	struct seen all = {0}, some = {.from = 2, .limit = 2},
		    stopped = {.stop = 1};
	int64_t index = -1, n = -1;
	int i;

	READ(t, count, &n);
	assert_int_equal(n, 0);
	for (i = 0; i < 5; i++) {
		WRITE(t, append, &index);
		assert_int_equal(index, i);
		assert_false(store_write(t->store, append_and_fail, &index, 0));
		ERR_clear_error();
	}
	READ(t, list, &all);
	assert_int_equal(all.next, 5);
	READ(t, list, &some);
	assert_int_equal(some.next, 4);
	READ(t, list, &stopped);
	assert_int_equal(stopped.next, 1);
	READ(t, count, &n);
	assert_int_equal(n, 5);
}

static void
refuses_bad_entries(void **state)
{
	struct temp *t = *state;

	RUN(t, append_badly, NULL);
}

static int
tamper(const struct entry_row *good, void *arg)
{
	struct entry_row bad = *good;
	unsigned char detail[256];

	(void)arg;
	memcpy(detail, good->detail, good->detail_len);
	bad.detail = detail;
	assert_true(entries_check(&bad));
	detail[good->detail_len - 1] ^= 1;
	assert_false(entries_check(&bad));
	detail[good->detail_len - 1] ^= 1;
	bad.detail_len++;
	assert_false(entries_check(&bad));
	bad.detail_len--;
	bad.salt[0] ^= 1;
	assert_false(entries_check(&bad));
	bad.salt[0] ^= 1;
	bad.index++;
	assert_false(entries_check(&bad));
	bad.index--;
	bad.time++;
	assert_false(entries_check(&bad));
	bad.time--;
	bad.kind[0] ^= 1;
	assert_false(entries_check(&bad));
	bad.kind[0] ^= 1;
	bad.leaf_len--;
	assert_false(entries_check(&bad));
	ERR_clear_error();
	bad.leaf_len++;
	assert_true(entries_check(&bad));
	return 1;
}

static int
tamper_all(struct store_tx *tx, void *arg)
{
	return entries_list(tx, 0, 0, tamper, arg);
}

static void
notices_tampering(void **state)
{
	struct temp *t = *state;

	WRITE(t, append, NULL);
	READ(t, tamper_all, NULL);
}

struct leaves {
	int64_t next, stop;
};

static int
take_leaf(int64_t index, const unsigned char *leaf, size_t len, void *arg)
{
	struct leaves *l = arg;

	assert_int_equal(index, l->next);
	assert_true(len > 40 && leaf[0] == 0x30);
	return l->next++ != l->stop;
}

static int
leaves(struct store_tx *tx, void *arg)
{
	struct leaves *l = arg;

	return entries_leaves(tx, l->next, 3, take_leaf, l);
}

static void
gives_leaves(void **state)
{
	struct temp *t = *state;
	struct leaves l = {1, -1};
	int i;

	for (i = 0; i < 5; i++)
		WRITE(t, append, NULL);
	READ(t, leaves, &l);
	assert_int_equal(l.next, 4);
	READ(t, leaves, &l);
	assert_int_equal(l.next, 5);
	READ(t, leaves, &l);
	assert_int_equal(l.next, 5);
	l = (struct leaves){0, 1};
	assert_int_equal(store_read(t->store, leaves, &l), 0);
	assert_int_equal(l.next, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_the_example),
	    cmocka_unit_test(stands_on_the_page),
	    T(appends_without_gaps),
	    T(refuses_bad_entries),
	    T(notices_tampering),
	    T(gives_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
