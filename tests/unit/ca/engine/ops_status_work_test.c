#include "profiles/error.h"
#include "ca/engine/campaign.h"
#include "ca/engine/ceremony.h"
#include "tests/unit/ca/engine/many.h"

/* What operators have under way, as "status" tells it. */

/* Text of the row of that check, with its level; "" when there is none. */
static const char *
row_of(struct world *w, const char *check, char level[16])
{
	static char text[512];
	WIRE_ANSWER *a = world_admin(w, "status", "");
	const WIRE_FIELDS *row;
	size_t i;

	world_is(a, WIRE_OK);
	text[0] = level[0] = '\0';
	for (i = 0; i < message_n_rows(a); i++) {
		row = message_row(a, i);
		if (strcmp(field_text(row, "check", ""), check) != 0)
			continue;
		snprintf(text, sizeof(text), "%s", field_text(row, "text", ""));
		snprintf(level, 16, "%s", field_text(row, "level", ""));
	}
	WIRE_ANSWER_free(a);
	return text;
}

static void
expect(struct world *w, const char *check, const char *level, const char *word)
{
	char have[16];
	const char *text = row_of(w, check, have);

	if (strcmp(have, level) != 0 || strstr(text, word) == NULL)
		fail_msg("%s: %s \"%s\"", check, have, text);
}

static int
start(struct world *w)
{
	WIRE_ANSWER *a = world_admin(w, "campaign.start", "tti", "where",
	    "model=S1", "reason", "superseded", "stage", 1);
	int id;

	world_is(a, WIRE_OK);
	id = (int)field_int(a->values, "id", 0);
	WIRE_ANSWER_free(a);
	return id;
}

static void
campaigns(void **state)
{
	struct world *w = *state;
	struct campaign_row row;
	char name[16], check[32], s[64];
	int id, i;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "s-%d", i);
		many_device(w, name, "S1", "1.0");
		many_issue(w, "device-ldevid", name, NULL, s);
	}
	id = start(w);
	snprintf(check, sizeof(check), "campaign:%d", id);
	expect(w, check, "ok", "0 of 3 certificates revoked");
	do
		assert_int_equal(campaign_step(w->ca, w->now, NULL, NULL, &row), 1);
	while (row.done == 0);
	expect(w, check, "ok", "1 of 3 certificates revoked, 0 skipped");
	world_done(world_admin(w, "campaign.stop", "i", "id", id));
	expect(w, check, "warn", "stopped with 2 of 3 certificates left");
	world_done(world_admin(w, "campaign.resume", "i", "id", id));
	while (campaign_step(w->ca, w->now, NULL, NULL, &row) == 1)
		;
	expect(w, check, "", "");
}

/* Many are told as one line behind the newest. */
static void
many_campaigns(void **state)
{
	struct world *w = *state;
	int i;

	for (i = 0; i < 10; i++)
		world_done(world_admin(w, "campaign.stop", "i", "id",
		    start(w)));
	expect(w, "campaigns", "warn", "2 more are stopped");
}

static void
policy(void **state)
{
	struct world *w = *state;

	expect(w, "policy", "ok", "version 1 is active");
	world_sh("echo '# x' >>%s/fleets/devices.conf", w->dir);
	expect(w, "policy", "warn", "differ from it");
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
	expect(w, "policy", "ok", "version 1 is active");
}

static int
activate_tx(struct store_tx *tx, void *arg)
{
	struct policy *p = arg;

	p->row.version = 0;
	return policies_add(tx, &p->row, p->files, p->n_files);
}

/* A version that was activated before there was a rule that it breaks. */
static int
activate_old(struct world *w, struct policy *p)
{
	static const char add[] = "policies = ( { oid = \"1.2.3\"; cps = "
	    "\"http:///cps\"; } );\n";
	struct policy_file *f = NULL;
	size_t i;

	for (i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i].path, "profiles/code-signing.conf") == 0)
			f = &p->files[i];
	assert_non_null(f);
	f->text = OPENSSL_realloc(f->text, f->len + sizeof(add));
	assert_non_null(f->text);
	memcpy(f->text + f->len, add, sizeof(add));
	f->len += strlen(add);
	assert_true(policies_hash(p->files, p->n_files, p->row.sha256));
	return store_write(w->ca->store, activate_tx, p, 0);
}

static void
issue_code(struct world *w, enum wire_status status, const char *word)
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "code", &csr);
	WIRE_ANSWER *a = world_admin(w, "issue", "tb", "profile",
	    "code-signing", "csr", csr, len);

	if (status == WIRE_OK)
		world_done(a);
	else
		world_refused(a, status, word);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* It goes on, all that it yields is judged, and nobody can activate it. */
static void
older_than_a_rule(void **state)
{
	struct world *w = *state;
	struct policy *p = policy_read_store(w->ca->store);
	char s[64];

	assert_non_null(p);
	expect(w, "profile:code-signing", "", "");
	issue_code(w, WIRE_OK, "");
	assert_true(activate_old(w, p));
	assert_null(policy_compile(p->files, p->n_files));
	world_raised(PROFILE_E_CONFIG, "profiles/code-signing.conf: "
	    "lint.policies.cps: ");
	policy_put(p);
	assert_true(ca_policy_reload(w->ca));
	expect(w, "profile:code-signing", "warn",
	    "profiles/code-signing.conf: lint.policies.cps: ");
	expect(w, "profile:device-ldevid", "", "");
	issue_code(w, WIRE_INTERNAL, "lint.policies.cps");
	many_device(w, "p-1", "P1", "1.0");
	many_issue(w, "device-ldevid", "p-1", NULL, s);
	/* As at the next start. */
	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	expect(w, "profile:code-signing", "warn", "lint.policies.cps");
}

static int
left_tx(struct store_tx *tx, void *arg)
{
	return store_meta_set(tx, CEREMONY_STATE, arg);
}

static void
ceremony(void **state)
{
	struct world *w = *state;

	expect(w, "ceremony", "", "");
	assert_true(store_write(w->ca->store, left_tx, (void *)"open crl 1 -",
	    0));
	expect(w, "ceremony", "warn", "with --resume or --discard");
	assert_true(store_write(w->ca->store, left_tx, (void *)"", 0));
	expect(w, "ceremony", "", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(policy),
	    cmocka_unit_test(ceremony),
	    cmocka_unit_test(campaigns),
	    cmocka_unit_test(many_campaigns),
	    cmocka_unit_test(older_than_a_rule),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
