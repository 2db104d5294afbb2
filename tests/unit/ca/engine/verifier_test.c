#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/ca/engine/admit_change.h"
#include "tests/unit/ca/engine/verifier_run.h"

/* With inkan-verifier itself: what it is asked, whether it can read a policy, and
   what becomes of a question that it does not answer. */

static struct verifier_run run;

#define ATTEST                                                                 \
	"attest: { formats = [ \"tpm\", \"dice\" ];\n"                         \
	"  anchors = ( { format = \"dice\"; anchors = \"dice.pem\"; } );\n"    \
	"  own_keys = [ \"ak\" ]; references = \"f.attest\"; };\n"

#define PHONES                                                                 \
	"attest: { formats = [ \"android\" ];\n"                              \
	"  anchors = ( { format = \"android\"; anchors = \"dice.pem\"; } );\n" \
	"  references = \"f.attest\"; };\n"

/* Fleet "f" demands evidence, by reference values ${refs}. */
static struct policy *
policy_of(const struct world *w, const char *rules, const char *refs)
{
	char *maker = make_pem(w->maker), *dice = make_pem(w->ours);
	char *f = fleet_text("f", rules);
	struct policy_file files[6];
	struct policy *p;

	put_file(&files[0], "fleets/dice.pem", dice);
	put_file(&files[1], "fleets/f.attest", refs);
	put_file(&files[2], "fleets/f.conf", f);
	put_file(&files[3], "fleets/maker.pem", maker);
	put_file(&files[4], "profiles/ak.conf", AK_CONF);
	put_file(&files[5], "profiles/device-ldevid.conf", LDEVID_CONF);
	p = policy_compile(files, 6);
	if (p == NULL)
		ERR_print_errors_fp(stderr);
	assert_non_null(p);
	OPENSSL_free(maker);
	OPENSSL_free(dice);
	free(f);
	return p;
}

static void
reads(struct world *w, const char *refs, int is, const char *rule,
    const char *text)
{
	struct policy *p = policy_of(w, ATTEST, refs);
	struct outcome o;

	outcome_init(&o);
	assert_int_equal(verifier_reads(&run.v, p, NULL, NOW, &o), is);
	assert_string_equal(o.rule, rule);
	if (strstr(o.text, text) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", o.text, text);
	assert_int_equal(ERR_peek_error(), 0);
	policy_put(p);
}

#define LONG                                                                   \
	"0123456789012345678901234567890123456789012345678901234567890123"     \
	"456789"

static void
policies_are_read(void **state)
{
	struct world *w = *state;

	reads(w, "", 1, "", "");
	reads(w, "tpm: { classes = [ \"virtual\" ]; };\n", 1, "", "");
	/* Fleet, file, line, key, and what is wrong with it. */
	reads(w, "tpm: {\n  classes = [ \"best\" ];\n};\n", 0,
	    "policy.references",
	    "fleet f: fleets/f.attest:2: classes: unknown value \"best\"");
	reads(w, "\n\ndice: { layers = ( { fwids = [ \"sha256:00\" ]; } ); };",
	    0, "policy.references", "fleets/f.attest:3: fwids: the digest has");
	reads(w, "tpm: {\n", 0, "policy.references", "fleets/f.attest:");
	reads(w, "more = 1;\n", 0, "policy.references",
	    "fleets/f.attest:1: unknown key \"more\"");
	/* What is quoted may be cut, but not out of the answer. */
	reads(w, "quirks = [ \"" LONG "\" ];\n", 0, "policy.references",
	    "fleets/f.attest:1: quirks");
	reads(w, "quirks = [ \"012345678901234567890123456789012345678901234567"
		 "89012345678901\xc3\xa4\xc3\xa4\" ];\n", 0,
	    "policy.references", "fleets/f.attest:1: quirks");
}

/* Nobody is asked where no fleet demands evidence. */
static void
nothing_to_read(void **state)
{
	static const struct verifier none = {"", 1, "", NULL};
	struct world *w = *state;
	struct policy *p = policy_of(w, "", "nonsense");
	struct outcome o;

	outcome_init(&o);
	assert_int_equal(verifier_reads(&none, p, NULL, NOW, &o), 1);
	policy_put(p);
	p = policy_of(w, ATTEST, "");
	assert_int_equal(verifier_reads(&none, p, NULL, NOW, &o), -1);
	assert_string_equal(o.rule, "policy.unchecked");
	assert_non_null(strstr(o.text, "none is configured"));
	policy_put(p);
}

/* It is asked for what is new: other reference values, a fleet of another name. */
static void
what_is_active_needs_no_answer(void **state)
{
	static const struct verifier none = {"", 1, "", NULL};
	struct world *w = *state;
	struct policy *active = policy_of(w, ATTEST, "# a\n");
	struct policy *same = policy_of(w, ATTEST, "# a\n");
	struct policy *other = policy_of(w, ATTEST, "# b\n");
	struct policy *plain = policy_of(w, "", "# a\n");
	struct outcome o;

	outcome_init(&o);
	assert_int_equal(verifier_reads(&none, same, active, NOW, &o), 1);
	assert_string_equal(o.rule, "");
	assert_int_equal(verifier_reads(&none, other, active, NOW, &o), -1);
	assert_string_equal(o.rule, "policy.unchecked");
	assert_int_equal(verifier_reads(&none, same, plain, NOW, &o), -1);
	/* What it has refused stays refused, however long it has been active. */
	policy_put(other);
	other = policy_of(w, ATTEST, "more = 1;\n");
	assert_int_equal(verifier_reads(&run.v, other, other, NOW, &o), 0);
	assert_string_equal(o.rule, "policy.references");
	policy_put(active);
	policy_put(same);
	policy_put(other);
	policy_put(plain);
}

static void
says_it_is_away(void **state)
{
	struct world *w = *state;

	run.v.limit = 1;
	verifier_signal(&run, SIGSTOP);
	reads(w, "", -1, "policy.unchecked", "could not be asked");
	verifier_signal(&run, SIGCONT);
	run.v.limit = 30;
	verifier_kill(&run);
	reads(w, "", -1, "policy.unchecked", "could not be asked");
	verifier_start(&run);
	reads(w, "", 1, "", "");
}

/* One that is older than the question. */
static void
says_it_is_old(void **state)
{
	struct world *w = *state;
	char path[128];
	unsigned char *der = NULL, *frame = NULL;
	struct verifier was = run.v;
	WIRE_ANSWER *a;
	WIRE_REQUEST *r;
	size_t len, n;
	pid_t pid;
	int listening, fd;

	snprintf(path, sizeof(path), "%s/old", run.dir);
	listening = socket_listen(path, 0600);
	assert_true(listening >= 0);
	pid = fork();
	if (pid == 0) {
		fd = accept(listening, NULL, NULL);
		if (socket_read(fd, &der, &len) == 1 &&
		    (r = message_decode_request(der, len)) != NULL &&
		    (a = message_answer(message_request_id(r),
			 WIRE_INTERNAL)) != NULL &&
		    message_encode_answer(a, &frame, &n))
			(void)socket_write(fd, frame, n);
		_exit(0);
	}
	run.v.socket = path;
	reads(w, "", -1, "policy.unchecked", "does not know the question");
	run.v = was;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(listening);
}

static int
is_cert(const WIRE_FIELDS *l, const char *name, size_t i, X509 *cert)
{
	size_t len, n;
	unsigned char *der = make_der(cert, &n);
	const unsigned char *p = field_get_bytes(field_find(l, name, i), &len);
	int is = p != NULL && len == n && memcmp(p, der, n) == 0;

	OPENSSL_free(der);
	return is;
}

static const struct verifier with_arc = {"", 1, "1.2.3", NULL};

/* A list as it was fetched at ${when}. */
static struct phone_list *
phones(const char *text, time_t when)
{
	struct timespec t[2] = {{when, 0}, {when, 0}};
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/phones.json", run.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
	return phone_list_new(path);
}

/* The status list goes with the question of who takes evidence of phones. */
static void
phones_have_their_list(void **state)
{
	struct world *w = *state;
	struct policy *p = policy_of(w, PHONES, ""), *q = policy_of(w, ATTEST, "");
	struct verifier v = {"", 1, "", NULL};
	WIRE_FIELDS *l = field_list_new(), *m = field_list_new();

	assert_true(verifier_add_policy(
	    l, &v, policy_fleet(p, "f")->evidence, NOW));
	assert_null(field_find(l, "android.status", 0));
	v.phones = phones("{\"entries\":{}}", 1000);
	assert_true(verifier_add_policy(
	    l, &v, policy_fleet(p, "f")->evidence, NOW));
	assert_string_equal(
	    field_text(l, "android.status", ""), "{\"entries\":{}}");
	assert_int_equal(field_int(l, "android.status_time", 0), 1000);
	assert_true(verifier_add_policy(
	    m, &v, policy_fleet(q, "f")->evidence, NOW));
	assert_null(field_find(m, "android.status", 0));
	field_list_free(l);
	field_list_free(m);
	phone_list_free(v.phones);
	policy_put(p);
	policy_put(q);
}

/* Before a policy is activated it is asked whether there is one that it can read. */
static void
phones_need_a_list(void **state)
{
	static const struct { const char *list; int is; const char *text; } c[] =
	    {{"", 0, "no status list"}, {"[]", 0, "is not JSON with entries"},
		{"{\"entries\":{}}", 1, ""}};
	struct world *w = *state;
	struct policy *p = policy_of(w, PHONES, "");
	struct outcome o;
	size_t i;

	for (i = 0; i < 3; i++) {
		run.v.phones = phones(c[i].list, NOW);
		outcome_init(&o);
		assert_int_equal(
		    verifier_reads(&run.v, p, NULL, NOW, &o), c[i].is);
		assert_string_equal(
		    o.rule, c[i].is ? "" : "policy.references");
		if (strstr(o.text, c[i].text) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", o.text, c[i].text);
		phone_list_free(run.v.phones);
		run.v.phones = NULL;
	}
	policy_put(p);
}

static void
policies_are_sent_whole(void **state)
{
	struct world *w = *state;
	struct policy *p = policy_of(w, ATTEST, "quirks = [ ];\n");
	const struct fleet_evidence *e = policy_fleet(p, "f")->evidence;
	WIRE_FIELDS *l = field_list_new();

	assert_true(verifier_add_policy(l, &with_arc, e, NOW));
	assert_int_equal(field_int(l, "now", 0), NOW);
	assert_string_equal(field_text(l, "arc", ""), "1.2.3");
	assert_string_equal(field_text(l, "references", ""),
	    "quirks = [ ];\n");
	assert_string_equal(field_text(l, "file", ""), "fleets/f.attest");
	assert_int_equal(field_count(l, "format"), 2);
	assert_string_equal(
	    field_get_text(field_find(l, "format", 1)), "dice");
	assert_int_equal(field_count(l, "anchor.dice"), 1);
	assert_true(is_cert(l, "anchor.dice", 0, w->ours));
	/* Who names devices vouches for no hardware. */
	assert_false(is_cert(l, "anchor.dice", 0, w->maker));
	assert_int_equal(field_count(l, "anchor.tpm-ek"), 0);
	field_list_free(l);
	l = field_list_new();
	assert_true(verifier_add_policy(l, NULL, e, NOW));
	assert_null(field_find(l, "arc", 0));
	field_list_free(l);
	policy_put(p);
}

static void
facts_are_taken(void **state)
{
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	WIRE_FIELDS *l = field_list_new(), *row;

	(void)state;
	assert_true(verifier_add_facts(l, a));
	assert_int_equal(sk_WIRE_FIELD_num(l), 0);
	row = message_add_row(a);
	assert_true(field_add_text(row, "name", "tpm.class") &&
	    field_add_text(row, "value", "discrete"));
	row = message_add_row(a);
	assert_true(field_add_text(row, "name", "x"));
	assert_true(verifier_add_facts(l, a));
	assert_string_equal(field_text(l, "tpm.class", ""), "discrete");
	assert_string_equal(field_text(l, "x", "-"), "");
	WIRE_ANSWER_free(a);
	field_list_free(l);
}

static void
status_is(const char *op, enum wire_status status)
{
	WIRE_FIELDS *l = field_list_new();
	WIRE_ANSWER *a;

	assert_true(field_add_text(l, "format", "tpm"));
	a = verifier_ask(&run.v, op, l);
	assert_non_null(a);
	assert_int_equal(message_answer_status(a), status);
	/* Lent for the question only. */
	assert_string_equal(field_text(l, "format", ""), "tpm");
	WIRE_ANSWER_free(a);
	field_list_free(l);
}

/* What is no judgement of what a device has shown, and what is one. */
static void
judgements_are_known(void **state)
{
	static const struct { enum wire_status status; int is; } c[] = {
	    {WIRE_OK, 1}, {WIRE_DENIED, 1}, {WIRE_BADREQUEST, 1},
	    {WIRE_INTERNAL, 0}, {WIRE_UNAVAILABLE, 0}};
	WIRE_ANSWER *a;
	size_t i;

	(void)state;
	assert_false(verifier_judged(NULL));
	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		a = message_answer(1, c[i].status);
		assert_non_null(a);
		assert_int_equal(verifier_judged(a), c[i].is);
		WIRE_ANSWER_free(a);
	}
}

static void
questions_are_answered(void **state)
{
	(void)state;
	status_is("ping", WIRE_OK);
	status_is("policy", WIRE_OK);
	status_is("sign", WIRE_INTERNAL);
	status_is("appraise", WIRE_INTERNAL);
	assert_null(verifier_ask(NULL, "ping", NULL));
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), CA_E_BUSY);
	ERR_clear_error();
}

static int
begin(void **state)
{
	verifier_begin(&run);
	return world_setup(state);
}

static int
end(void **state)
{
	verifier_end(&run);
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(policies_are_read),
	    cmocka_unit_test(nothing_to_read),
	    cmocka_unit_test(what_is_active_needs_no_answer),
	    cmocka_unit_test(says_it_is_away), cmocka_unit_test(says_it_is_old),
	    cmocka_unit_test(phones_have_their_list),
	    cmocka_unit_test(phones_need_a_list),
	    cmocka_unit_test(policies_are_sent_whole),
	    cmocka_unit_test(facts_are_taken),
	    cmocka_unit_test(judgements_are_known),
	    cmocka_unit_test(questions_are_answered)};

	return cmocka_run_group_tests(tests, begin, end);
}
