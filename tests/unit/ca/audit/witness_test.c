#include <fcntl.h>
#include <sys/file.h>
#include "rig.h"
#include "ca/audit/monitor.h"

static char state_path[320];

static char *
cosign(struct rig *r, const struct note_key *w, EVP_PKEY *pkey, int64_t now)
{
	struct source *s = source_open(r->pub);
	char *out;

	snprintf(state_path, sizeof(state_path), "%s/witness", r->t->dir);
	out = monitor_cosign(s, &r->key, state_path, w, pkey, now);
	source_free(s);
	return out;
}

static void
cosigns_what_goes_on(void **state)
{
	struct rig *r = *state;
	EVP_PKEY *pkey = ed25519(8);
	struct note_key w;
	struct note n;
	int64_t when = 0;
	char *note;

	assert_true(note_key_set(&w, "w.example", pkey, NOTE_COSIGNATURE));
	rig_add(r, 0, 3);
	rig_publish(r);
	assert_non_null(note = cosign(r, &w, pkey, NOW));
	OPENSSL_free(note);
	rig_add(r, 3, 200);
	rig_publish(r);
	assert_non_null(note = cosign(r, &w, pkey, NOW + 9));
	assert_true(note_parse(&n, note, strlen(note)));
	assert_int_equal(n.n, 2);
	assert_int_equal(note_verify(&n, &w, &when), 1);
	assert_int_equal(when, NOW + 9);
	assert_int_equal(note_verify(&n, &r->key, NULL), 1);
	note_clear(&n);
	OPENSSL_free(note);
	note_key_clear(&w);
	EVP_PKEY_free(pkey);
}

static void
does_not_cosign_a_fork(void **state)
{
	struct rig *r = *state;
	EVP_PKEY *pkey = ed25519(8);
	struct note_key w;
	char *note;

	assert_true(note_key_set(&w, "w.example", pkey, NOTE_COSIGNATURE));
	rig_add(r, 0, 3);
	rig_publish(r);
	assert_non_null(note = cosign(r, &w, pkey, NOW));
	OPENSSL_free(note);
	rig_sql(r, "UPDATE entries SET leaf = x'3000' WHERE idx = 2;"
	    "DELETE FROM log_checkpoints");
	while (r->n > 0)
		OPENSSL_free(r->leaf[--r->n]);
	rig_add(r, 3, 4);
	rig_publish(r);
	assert_null(cosign(r, &w, pkey, NOW));
	assert_refused("log.fork: the log does not begin with");
	rig_sql(r, "DELETE FROM entries WHERE idx > 3;"
	    "DELETE FROM log_checkpoints");
	while (r->n > 0)
		OPENSSL_free(r->leaf[--r->n]);
	rig_publish(r);
	assert_null(cosign(r, &w, pkey, NOW));
	assert_refused("log.fork: the log has shrunk");
	note_key_clear(&w);
	EVP_PKEY_free(pkey);
}

/* Two at a time might cosign two branches of a fork. */
static void
one_at_a_time(void **state)
{
	struct rig *r = *state;
	EVP_PKEY *pkey = ed25519(8);
	struct note_key w;
	char path[340], *note;
	int fd;

	assert_true(note_key_set(&w, "w.example", pkey, NOTE_COSIGNATURE));
	rig_add(r, 0, 3);
	rig_publish(r);
	snprintf(path, sizeof(path), "%s/witness.lock", r->t->dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_null(cosign(r, &w, pkey, NOW));
	assert_refused("log.state: another run has ");
	assert_int_not_equal(access(state_path, F_OK), 0);
	close(fd);
	note = cosign(r, &w, pkey, NOW);
	assert_non_null(note);
	OPENSSL_free(note);
	note_key_clear(&w);
	EVP_PKEY_free(pkey);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(cosigns_what_goes_on),
	    TEST(does_not_cosign_a_fork),
	    TEST(one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
