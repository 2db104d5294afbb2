#include <sys/stat.h>

#include "tests/unit/ca/engine/logpub.h"

static const struct log_tile TILE = {0, 1234, LOG_TILE_WIDTH};
static const struct log_tile PART = {1, 0, 3};

static int
has(struct world *w, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/pub/log/%s", w->dir, name);
	return access(path, F_OK) == 0;
}

static void
writes_once(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	unsigned char data[LOG_TILE_OCTETS] = {1}, got[LOG_TILE_OCTETS];
	size_t len = 0;

	assert_true(logpub_file_tile(&TILE, data, sizeof(data), l));
	assert_true(has(w, "tile/0/x001/234"));
	assert_true(logpub_file_tile(&TILE, data, sizeof(data), l));
	assert_true(logpub_file_fetch(&TILE, got, &len, l));
	assert_int_equal(len, sizeof(data));
	assert_memory_equal(got, data, sizeof(data));
	/* A tile never changes. */
	data[0] = 2;
	assert_false(logpub_file_tile(&TILE, data, sizeof(data), l));
	world_raised(CA_E_DENIED, "log.fork: log/tile/0/x001/234 ");
	assert_true(l->denied);
	l->denied = 0;
	assert_false(logpub_file_tile(&TILE, data, 32, l));
	world_raised(CA_E_DENIED, "log.fork: ");
	l->denied = 0;
	/* Looking counts, repairing writes. */
	l->tiles = LOGPUB_LOOK;
	l->bad_tiles = 0;
	assert_true(logpub_file_tile(&TILE, data, sizeof(data), l));
	assert_int_equal(l->bad_tiles, 1);
	l->tiles = LOGPUB_REPAIR;
	assert_true(logpub_file_tile(&TILE, data, sizeof(data), l));
	l->tiles = LOGPUB_WRITE;
	assert_true(logpub_file_fetch(&TILE, got, &len, l));
	assert_int_equal(got[0], 2);
}

/* A partial tile that is gone is the beginning of the full one. */
static void
fetches_from_full(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	unsigned char data[LOG_TILE_OCTETS], got[LOG_TILE_OCTETS];
	struct log_tile full = PART;
	size_t len = 0;

	memset(data, 5, sizeof(data));
	assert_false(logpub_file_fetch(&PART, got, &len, l));
	world_raised(CA_E_STORE, "log.tile: tile/1/000.p/3 is not there");
	full.width = LOG_TILE_WIDTH;
	assert_true(logpub_file_tile(&full, data, sizeof(data), l));
	assert_true(logpub_file_fetch(&PART, got, &len, l));
	assert_int_equal(len, 3 * LOG_HASH);
	world_sh("head -c 100000 /dev/zero >%s/pub/log/tile/1/000", w->dir);
	assert_false(logpub_file_fetch(&full, got, &len, l));
	world_raised(CA_E_STORE, "more than");
}

static void
drops_partial(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct log_tile t = {0, 9, 4}, b = {LOG_LEVEL_ENTRIES, 9, 4};
	unsigned char data[4 * LOG_HASH] = {0};

	assert_true(logpub_file_tile(&t, data, sizeof(data), l));
	assert_true(logpub_file_tile(&b, data, sizeof(data), l));
	logpub_file_drop(l, 9 * 256 + 4, 9 * 256 + 200);
	assert_true(has(w, "tile/0/009.p/4"));
	logpub_file_drop(l, 9 * 256 + 4, 10 * 256);
	assert_false(has(w, "tile/0/009.p"));
	assert_false(has(w, "tile/entries/009.p"));
}

static void
reads_files(void **state)
{
	struct world *w = *state;
	char path[512], buf[8];
	size_t len = 0;

	world_write(w, "text", "1234567");
	snprintf(path, sizeof(path), "%s/text", w->dir);
	assert_int_equal(logpub_file_read(path, buf, sizeof(buf), &len), 1);
	assert_string_equal(buf, "1234567");
	assert_int_equal(logpub_file_read(path, buf, 7, &len), -1);
	world_raised(CA_E_STORE, "more than 6 octets");
	world_sh("ln -sf text %s/link", w->dir);
	snprintf(path, sizeof(path), "%s/link", w->dir);
	assert_int_equal(logpub_file_read(path, buf, sizeof(buf), &len), -1);
	ERR_clear_error();
	snprintf(path, sizeof(path), "%s/none", w->dir);
	assert_int_equal(logpub_file_read(path, buf, sizeof(buf), &len), 0);
}

/* Whose folder is it? */
static void
owns(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct log_row was = l->row;

	assert_true(logpub_file_own(l));
	assert_true(logpub_file_own(l));
	/* That of a log of ours that is over. */
	l->row.id++;
	strcat(l->row.vkey, "2");
	assert_true(logpub_file_own(l));
	assert_false(has(w, "tile"));
	assert_true(has(w, "../log.1/log.vkey"));
	/* And of one that is newer than what the store knows. */
	l->row = was;
	assert_false(logpub_file_own(l));
	world_raised(CA_E_DENIED, "log.rollback: log/log.vkey ");
	l->denied = 0;
	assert_true(logpub_file_put_away(l));
	assert_true(has(w, "../log.2/log.vkey"));
	assert_true(logpub_file_own(l));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_once),
	    cmocka_unit_test(fetches_from_full),
	    cmocka_unit_test(drops_partial),
	    cmocka_unit_test(reads_files),
	    cmocka_unit_test(owns),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
