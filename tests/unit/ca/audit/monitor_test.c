#include "rig.h"
#include "ca/audit/monitor.h"

struct seen {
	char certs[1024];
	char found[2048];
};

static void
see_cert(void *arg, const struct monitor_cert *c)
{
	struct seen *s = arg;
	size_t n = strlen(s->certs);

	snprintf(s->certs + n, sizeof(s->certs) - n, "%lld %s %s|",
	    (long long)c->index, c->subject, c->device);
}

static void
see_found(void *arg, const struct audit_finding *f)
{
	struct seen *s = arg;
	size_t n = strlen(s->found);

	snprintf(s->found + n, sizeof(s->found) - n, "%s %lld: %s\n", f->what,
	    (long long)f->index, f->text);
}

static int
watch(struct rig *r, struct monitor *m, struct seen *s)
{
	char state[320];
	int rc;

	memset(s, 0, sizeof(*s));
	snprintf(state, sizeof(state), "%s/seen", r->t->dir);
	m->key = &r->key;
	m->state = state;
	m->found = see_found;
	m->cert = see_cert;
	m->arg = s;
	assert_non_null(m->source = source_open(r->pub));
	rc = monitor_round(m);
	source_free(m->source);
	return rc;
}

static void
run_in(struct rig *r, const char *cmd)
{
	char all[1024];

	snprintf(all, sizeof(all), "cd %s && %s", r->t->dir, cmd);
	assert_int_equal(system(all), 0);
}

static void
follows_a_log(void **state)
{
	struct rig *r = *state;
	struct monitor m = {0};
	struct seen s;

	assert_int_equal(watch(r, &m, &s), 0);
	assert_refused("log.checkpoint: ");
	rig_add(r, 0, 130);
	rig_publish(r);
	assert_int_equal(watch(r, &m, &s), 1);
	assert_int_equal(m.from, 0);
	assert_int_equal(m.to, 260);
	assert_int_equal(m.n_kinds, 2);
	assert_string_equal(m.kind[0].kind, "issue.reserved");
	assert_int_equal(m.kind[0].n, 130);
	assert_int_equal(m.kind[1].n, 130);
	run_in(r, "cmp -s seen log/checkpoint");
	assert_int_equal(watch(r, &m, &s), 1);
	assert_int_equal(m.n_kinds, 0);
	rig_add(r, 130, 260);
	WRITE(r->t, rig_revoke, &(int64_t){3});
	rig_publish(r);
	assert_int_equal(watch(r, &m, &s), 1);
	assert_int_equal(m.from, 260);
	assert_int_equal(m.to, 521);
	assert_int_equal(m.kind[1].n, 130);
	assert_string_equal(m.kind[2].kind, "revoke");
	assert_string_equal(s.found, "");
}

static void
sees_a_fork(void **state)
{
	struct rig *r = *state;
	struct monitor m = {0};
	struct seen s;

	rig_add(r, 0, 3);
	rig_publish(r);
	assert_int_equal(watch(r, &m, &s), 1);
	/* The log goes on from another history. */
	rig_sql(r, "UPDATE entries SET leaf = x'3000' WHERE idx = 2;"
	    "DELETE FROM log_checkpoints");
	while (r->n > 0)
		OPENSSL_free(r->leaf[--r->n]);
	rig_add(r, 3, 4);
	rig_publish(r);
	assert_int_equal(watch(r, &m, &s), -1);
	assert_refused("log.fork: its first 6 entries are not those that were "
	    "seen (it has 8 now)");
	run_in(r, "cmp -s seen.fork log/checkpoint && grep -qx 6 seen");
	/* Also when it has the same size. */
	run_in(r, "cp seen.fork seen");
	assert_int_equal(watch(r, &m, &s), 1);
}

static void
sees_that_it_shrank(void **state)
{
	struct rig *r = *state;
	struct monitor m = {0};
	struct seen s;

	rig_add(r, 0, 3);
	rig_publish(r);
	run_in(r, "cp -r log old");
	rig_add(r, 3, 4);
	rig_publish(r);
	assert_int_equal(watch(r, &m, &s), 1);
	run_in(r, "rm -r log && mv old log");
	assert_int_equal(watch(r, &m, &s), -1);
	assert_refused("log.fork: the log had 8 entries, and has 6 now");
}

/* Two at a time may be shown two logs; the state is one. */
static void
one_at_a_time(void **state)
{
	struct rig *r = *state;
	struct monitor m = {0};
	struct seen s;
	char path[320];
	int lock;

	rig_add(r, 0, 3);
	rig_publish(r);
	snprintf(path, sizeof(path), "%s/seen", r->t->dir);
	assert_int_not_equal(lock = monitor_lock(path), -1);
	assert_int_equal(watch(r, &m, &s), 0);
	assert_refused("log.state: another run has ");
	assert_int_not_equal(access(path, F_OK), 0);
	close(lock);
	assert_int_equal(watch(r, &m, &s), 1);
	assert_int_equal(access(path, F_OK), 0);
}

static void
sees_what_is_changed(void **state)
{
	struct rig *r = *state;
	struct monitor m = {0};
	struct seen s;

	rig_add(r, 0, 3);
	rig_publish(r);
	run_in(r, "cp -r log whole");
	run_in(r, "printf XXXX | dd of=log/tile/entries/000.p/6 bs=1 seek=60 "
	    "conv=notrunc status=none");
	assert_int_equal(watch(r, &m, &s), -1);
	assert_refused("log.fork: ");
	assert_non_null(strstr(s.found, "changed 0: its leaf in the bundle"));
	run_in(r, "rm -r log && cp -r whole log && rm log/tile/entries/000.p/6");
	assert_int_equal(watch(r, &m, &s), -1);
	assert_refused("log.fork: 1 of what is served is not");
	assert_non_null(strstr(s.found, "tile/entries/000.p/6: the file is"));
	run_in(r, "rm -r log && cp -r whole log && "
	    "sed -i 's/^6$/7/' log/checkpoint");
	assert_int_equal(watch(r, &m, &s), -1);
	assert_refused("log.fork: the checkpoint that is served is not one of");
	run_in(r, "test ! -e seen");
	run_in(r, "echo x >seen");
	assert_int_equal(watch(r, &m, &s), 0);
	assert_refused("log.state: ");
}

static void
opens_commitments(void **state)
{
	struct rig *r = *state;
	struct monitor m = {.match = "*DEVICE 2*"};
	struct seen s;
	char path[320];
	int64_t n = 0;
	FILE *f;

	rig_add(r, 0, 30);
	rig_publish(r);
	snprintf(path, sizeof(path), "%s/details", r->t->dir);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(details_export(r->t->store, 0, f, &n), 1);
	fclose(f);
	assert_int_equal(n, 60);
	rig_add(r, 30, 31);
	rig_publish(r);
	assert_non_null(m.details = details_open(path));
	assert_int_equal(watch(r, &m, &s), 1);
	assert_int_equal(m.opened, 60);
	assert_int_equal(m.unopened, 2);
	assert_non_null(strstr(s.certs, "4 CN=device 2 device-2|"));
	assert_non_null(strstr(s.certs, "58 CN=device 29 device-29|"));
	assert_null(strstr(s.certs, "device-3"));
	details_close(m.details);
	/* One octet of one salt. */
	run_in(r, "rm seen; sed -i '8s/\"salt\": \"../\"salt\": \"zz/;8s/zz/00/' "
	    "details");
	assert_non_null(m.details = details_open(path));
	assert_int_equal(watch(r, &m, &s), -1);
	assert_refused("log.fork: ");
	assert_non_null(strstr(s.found, "changed 7: issue.recorded: the details "
	    "do not open it"));
	details_close(m.details);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(follows_a_log),
	    TEST(sees_a_fork),
	    TEST(sees_that_it_shrank),
	    TEST(one_at_a_time),
	    TEST(sees_what_is_changed),
	    TEST(opens_commitments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
