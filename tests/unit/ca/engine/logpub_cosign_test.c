#include "tests/unit/ca/engine/logpub.h"

static EVP_PKEY *key;
static struct note_key witness, stranger;

static int
setup(void **state)
{
	struct world *w;
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_true(note_key_set(&witness, "w.example", key,
	    NOTE_COSIGNATURE));
	assert_true(note_key_set(&stranger, "s.example", other,
	    NOTE_COSIGNATURE));
	EVP_PKEY_free(other);
	assert_true(note_key_print(&witness, w->settings->log.witnesses[0],
	    SETTINGS_VKEY_MAX));
	w->settings->log.n_witnesses = 1;
	reopen(w);
	round_ok(w);
	return 0;
}

static int
teardown(void **state)
{
	note_key_clear(&witness);
	note_key_clear(&stranger);
	EVP_PKEY_free(key);
	return world_teardown(state);
}

/* ${note} with a signature of ${pkey} as ${k}'s behind it. */
static char *
sign(const char *note, const struct note_key *k, EVP_PKEY *pkey)
{
	struct note n;
	char *line, *out;

	assert_true(note_parse(&n, note, strlen(note)));
	line = note_sign(n.text, k, pkey, 1795000000);
	assert_non_null(line);
	out = OPENSSL_malloc(strlen(note) + strlen(line) + 1);
	sprintf(out, "%s%s", note, line);
	OPENSSL_free(line);
	note_clear(&n);
	return out;
}

static size_t
lines(struct world *w, const char *name)
{
	char *text = read_text(w, name);
	struct note n;
	size_t count;

	assert_true(note_parse(&n, text, strlen(text)));
	count = n.n;
	note_clear(&n);
	free(text);
	return count;
}

/* Kept, merged, published; again it changes nothing. */
static void
keeps(void **state)
{
	struct world *w = *state;
	char *note = read_text(w, "pub/log/checkpoint"), *signed_;
	struct logpub_view v;
	WIRE_ANSWER *a;
	int i;

	signed_ = sign(note, &witness, key);
	for (i = 0; i < 2; i++) {
		a = world_admin(w, "log.cosign", "t", "note", signed_);
		world_is(a, WIRE_OK);
		assert_int_equal(field_int(a->values, "witnesses", 0), 1);
		WIRE_ANSWER_free(a);
		assert_int_equal(lines(w, "pub/log/checkpoint"), 2);
		assert_int_equal(lines(w, "pub/log/checkpoint.witnessed"), 2);
	}
	logpub_look(w->ca->log, &v);
	assert_int_equal(v.cosigned, v.size);
	reopen(w);
	round_ok(w);
	assert_int_equal(lines(w, "pub/log/checkpoint"), 2);
	OPENSSL_free(signed_);
	free(note);
}

/* A witness is slower than we are. */
static void
keeps_an_older_one(void **state)
{
	struct world *w = *state;
	char *note = read_text(w, "pub/log/checkpoint"), serial[64], *signed_;

	world_issue(w, "x", serial);
	round_ok(w);
	signed_ = sign(note, &witness, key);
	world_done(world_admin(w, "log.cosign", "t", "note", signed_));
	assert_int_equal(lines(w, "pub/log/checkpoint"), 1);
	assert_int_equal(lines(w, "pub/log/checkpoint.witnessed"), 2);
	OPENSSL_free(signed_);
	free(note);
}

static void
refuses(void **state)
{
	struct world *w = *state;
	char *note = read_text(w, "pub/log/checkpoint"), *s, *t;
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct note_key k;

	/* Nobody has signed. */
	world_refused(world_admin(w, "log.cosign", "t", "note", note),
	    WIRE_DENIED, "log.witness");
	/* One that is not named. */
	assert_true(note_key_set(&k, "s.example", other, NOTE_COSIGNATURE));
	s = sign(note, &k, other);
	world_refused(world_admin(w, "log.cosign", "t", "note", s),
	    WIRE_DENIED, "log.witness");
	/* Beside one that is named it is not kept. */
	t = sign(s, &witness, key);
	world_done(world_admin(w, "log.cosign", "t", "note", t));
	assert_int_equal(lines(w, "pub/log/checkpoint"), 2);
	OPENSSL_free(s);
	/* A bit of the witness's signature. */
	t[strlen(t) - 6] = t[strlen(t) - 6] == 'A' ? 'B' : 'A';
	world_refused(world_admin(w, "log.cosign", "t", "note", t),
	    WIRE_BADREQUEST, "note.signature");
	OPENSSL_free(t);
	world_refused(world_admin(w, "log.cosign", "t", "note", "x\n"),
	    WIRE_BADREQUEST, "note.format");
	note_key_clear(&k);
	EVP_PKEY_free(other);
	free(note);
}

/* A checkpoint under our key, as if it had been signed in another life. */
static char *
forge(struct world *w, uint64_t size)
{
	struct logpub *l = w->ca->log;
	struct log_checkpoint c = {.size = size};
	char text[512], *line, *note, *out;
	const char *list[1];

	strcpy(c.origin, "localhost:8444/log");
	memset(c.root.b, 7, sizeof(c.root.b));
	assert_true(checkpoint_print(&c, text, sizeof(text)));
	line = note_sign(text, &l->vkey, l->key, 0);
	assert_non_null(line);
	list[0] = line;
	note = note_join(text, list, 1);
	out = sign(note, &witness, key);
	OPENSSL_free(note);
	OPENSSL_free(line);
	return out;
}

static void
evidence(void **state)
{
	struct world *w = *state;
	uint64_t size = w->ca->log->last.size;
	char *note = forge(w, size + 5);

	world_refused(world_admin(w, "log.cosign", "t", "note", note),
	    WIRE_DENIED, "log.rollback");
	assert_state(w, LOGPUB_STOPPED, "log.rollback: ");
	refused(w);
	OPENSSL_free(note);
	reopen(w);
	assert_state(w, LOGPUB_STOPPED, "log.rollback: a cosigned checkpoint");
	world_done(world_admin(w, "log.accept", "t", "reason", "known"));
	reopen(w);
	assert_state(w, LOGPUB_GOING, "");
}

static void
evidence_of_a_fork(void **state)
{
	struct world *w = *state;
	char *note = forge(w, w->ca->log->last.size);

	world_refused(world_admin(w, "log.cosign", "t", "note", note),
	    WIRE_DENIED, "log.fork");
	assert_state(w, LOGPUB_STOPPED, "log.fork: ");
	OPENSSL_free(note);
	reopen(w);
	assert_state(w, LOGPUB_STOPPED, "log.fork: ");
}

static void
evidence_of_an_old_fork(void **state)
{
	struct world *w = *state;
	char *note = forge(w, 3);

	world_refused(world_admin(w, "log.cosign", "t", "note", note),
	    WIRE_DENIED, "log.fork");
	assert_state(w, LOGPUB_STOPPED, "log.fork: ");
	OPENSSL_free(note);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(keeps),
	    T(keeps_an_older_one),
	    T(refuses),
	    T(evidence),
	    T(evidence_of_a_fork),
	    T(evidence_of_an_old_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
