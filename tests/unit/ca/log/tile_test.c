#include "rig.h"
#include "ca/log/tile.h"

static const struct { struct log_tile t; const char *name; } known[] = {
    {{0, 0, 256}, "tile/0/000"},
    {{1, 0, 17}, "tile/1/000.p/17"},
    {{0, 1234067, 256}, "tile/0/x001/x234/067"},
    {{0, 999, 255}, "tile/0/999.p/255"},
    {{0, 1000, 1}, "tile/0/x001/000.p/1"},
    {{LOG_LEVEL_ENTRIES, 273, 112}, "tile/entries/273.p/112"},
    {{LOG_LEVEL_ENTRIES, 1000000, 256}, "tile/entries/x001/x000/000"},
    {{7, 255, 256}, "tile/7/255"},
    {{0, UINT64_MAX / 256, 255},
	"tile/0/x072/x057/x594/x037/x927/935.p/255"}};

static void
names_tiles(void **state)
{
	char name[LOG_TILE_NAME_MAX];
	struct log_tile t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		log_tile_name(&known[i].t, name);
		assert_string_equal(name, known[i].name);
		assert_int_equal(log_tile_parse(name, &t), 1);
		assert_int_equal(t.level, known[i].t.level);
		assert_int_equal(t.index, known[i].t.index);
		assert_int_equal(t.width, known[i].t.width);
	}
}

static void
refuses_other_names(void **state)
{
	static const char *const bad[] = {"", "tile", "tile/", "tile/0/",
	    "tile/0/0", "tile/0/00", "tile/0/0000", "tile/8/000", "tile/00/000",
	    "tile/-1/000", "tile/0/x000/000", "tile/0/x001/00", "tile/0/001/000",
	    "tile/0/x001/x000", "tile/0/x001//000", "tile/0/../000",
	    "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
	    "tile/0/000.p/", "tile/0/000.p/1/", "tile/0/000/", "tile/0/000 ",
	    "/tile/0/000", "tile//0/000", "tile/entries/", "tile/entries/0",
	    "tile/entrie/000", "tile/0/000.q/1", "tile/0/00a", "checkpoint",
	    "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	    "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/999"};
	struct log_tile t = {-2, 7, 7};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (log_tile_parse(bad[i], &t))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(t.level, -2);
	assert_int_equal(ERR_peek_error(), 0);
}

/* The example of C2SP tlog-tiles: a tree of 70,000. */
static void
knows_widths(void **state)
{
	(void)state;
	assert_int_equal(log_tile_width(70000, 0, 272), 256);
	assert_int_equal(log_tile_width(70000, 0, 273), 112);
	assert_int_equal(log_tile_width(70000, LOG_LEVEL_ENTRIES, 273), 112);
	assert_int_equal(log_tile_width(70000, 0, 274), 0);
	assert_int_equal(log_tile_width(70000, 1, 0), 256);
	assert_int_equal(log_tile_width(70000, 1, 1), 17);
	assert_int_equal(log_tile_width(70000, 2, 0), 1);
	assert_int_equal(log_tile_width(70000, 3, 0), 0);
	assert_int_equal(log_tile_width(256, 0, 0), 256);
	assert_int_equal(log_tile_width(256, 1, 0), 1);
	assert_int_equal(log_tile_width(0, 0, 0), 0);
	assert_int_equal(log_tile_width(UINT64_MAX, 7, 0), 255);
}

struct seen { char text[4096]; size_t stop; };

static int
see(const struct log_tile *t, void *arg)
{
	struct seen *s = arg;
	char name[LOG_TILE_NAME_MAX];

	log_tile_name(t, name);
	strcat(strcat(s->text, name + 5), " ");
	return s->stop == 0 || --s->stop > 0;
}

static void
lists_what_is_new(void **state)
{
	static const struct { uint64_t from, to; const char *text; } t[] = {
	    {0, 0, ""}, {5, 5, ""}, {5, 4, ""},
	    {0, 1, "entries/000.p/1 0/000.p/1 "},
	    {1, 3, "entries/000.p/3 0/000.p/3 "},
	    {255, 256, "entries/000 0/000 1/000.p/1 "},
	    {256, 257, "entries/001.p/1 0/001.p/1 "},
	    {200, 520, "entries/000 0/000 entries/001 0/001 entries/002.p/8 "
	     "0/002.p/8 1/000.p/2 "},
	    {65535, 65536, "entries/255 0/255 1/000 2/000.p/1 "},
	    {65536, 65537, "entries/256.p/1 0/256.p/1 "}};
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(&s, 0, sizeof(s));
		assert_int_equal(log_tile_new(t[i].from, t[i].to, see, &s), 1);
		assert_string_equal(s.text, t[i].text);
	}
	memset(&s, 0, sizeof(s));
	s.stop = 3;
	assert_int_equal(log_tile_new(200, 520, see, &s), 0);
	assert_string_equal(s.text, "entries/000 0/000 entries/001 ");
}

static void
finds_leaves_in_a_bundle(void **state)
{
	static const unsigned char b[] = {0, 2, 'a', 'b', 0, 0, 0, 1, 'c'};
	const unsigned char *leaf;
	size_t len;

	(void)state;
	assert_int_equal(log_bundle_leaf(b, sizeof(b), 0, &leaf, &len), 1);
	assert_int_equal(len, 2);
	assert_memory_equal(leaf, "ab", 2);
	assert_int_equal(log_bundle_leaf(b, sizeof(b), 1, &leaf, &len), 1);
	assert_int_equal(len, 0);
	assert_int_equal(log_bundle_leaf(b, sizeof(b), 2, &leaf, &len), 1);
	assert_int_equal(*leaf, 'c');
	assert_ptr_equal(leaf + len, b + sizeof(b));
}

static void
refuses_a_cut_bundle(void **state)
{
	static const unsigned char b[] = {0, 2, 'a', 'b', 0, 0, 0, 1, 'c'};
	const unsigned char *leaf;
	size_t len, cut;

	(void)state;
	for (cut = 0; cut < sizeof(b); cut++) {
		assert_int_equal(log_bundle_leaf(b, cut, 2, &leaf, &len), 0);
		assert_refused("log.bundle: it ends before");
	}
	assert_int_equal(log_bundle_leaf(b, sizeof(b), 3, &leaf, &len), 0);
	assert_refused("log.bundle: it ends before");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_tiles),
	    cmocka_unit_test(refuses_other_names),
	    cmocka_unit_test(knows_widths),
	    cmocka_unit_test(lists_what_is_new),
	    cmocka_unit_test(finds_leaves_in_a_bundle),
	    cmocka_unit_test(refuses_a_cut_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
