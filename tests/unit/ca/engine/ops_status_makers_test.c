#include "tests/unit/ca/engine/world.h"
#include "tests/unit/ca/engine/maker_crl.h"
#include "ca/engine/maker_crls.h"

/* What "status" tells of manufacturers whose CRLs are asked. */

struct told_status {
	char level[8], text[400];
	int found;
};

static void
ask(struct world *w, struct told_status *t)
{
	WIRE_ANSWER *a = world_admin(w, "status", "");
	size_t i;

	memset(t, 0, sizeof(*t));
	world_is(a, WIRE_OK);
	for (i = 0; i < message_n_rows(a); i++) {
		if (strcmp(field_text(message_row(a, i), "check", ""),
			"maker:acme") != 0)
			continue;
		t->found++;
		snprintf(t->level, sizeof(t->level), "%s",
		    field_text(message_row(a, i), "level", ""));
		snprintf(t->text, sizeof(t->text), "%s",
		    field_text(message_row(a, i), "text", ""));
	}
	WIRE_ANSWER_free(a);
}

static void
told_is(struct world *w, const char *level, const char *text)
{
	struct told_status t;

	ask(w, &t);
	assert_int_equal(t.found, 1);
	assert_string_equal(t.level, level);
	if (strstr(t.text, text) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", t.text, text);
}

/* A policy whose fleet has that manufacturer, in place of the active one. */
static void
use_maker(struct world *w, X509 *ca, const char *more)
{
	struct policy_file *files = NULL;
	char *pem = make_pem(ca), text[1024];
	struct policy *p;
	size_t n;

	world_write(w, "fleets/acme.pem", pem);
	snprintf(text, sizeof(text),
	    "name = \"devices\"; label = \"devices\"; default = true;\n"
	    "profile = \"device-ldevid\"; registration = \"just-in-time\";\n"
	    "authenticate: { manufacturers = ( { name = \"acme\"; anchors ="
	    " \"acme.pem\"; %s } ); };\n",
	    more);
	world_write(w, "fleets/devices.conf", text);
	assert_int_equal(policy_load_dir(w->dir, &files, &n), 1);
	p = policy_compile(files, n);
	if (p == NULL)
		report_fatal("policy");
	pthread_mutex_lock(&w->ca->policy_lock);
	policy_put(w->ca->policy);
	w->ca->policy = p;
	pthread_mutex_unlock(&w->ca->policy_lock);
	policy_files_free(files, n);
	OPENSSL_free(pem);
}

static void
says_what_is_missing(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct make_spec s = {.subject = "CN=Acme", .issuer_key = key,
	    .key = key, .bc = "critical,CA:TRUE"};
	X509 *ca = make_cert(&s, 1);
	struct crl_spec crl = {.issuer = ca, .key = key,
	    .from = w->now - 60, .to = w->now + 3600};
	struct told_status t;
	char dir[256];

	use_maker(w, ca, "");
	ask(w, &t);
	assert_int_equal(t.found, 0); /* nobody asks */
	use_maker(w, ca, "revocation = \"crl\";");
	told_is(w, "warn", "no CRL of /CN=Acme: its devices are refused");
	use_maker(
	    w, ca, "revocation = \"crl\"; revocation_missing = \"pass\";");
	told_is(w, "warn", "passed unseen");
	snprintf(dir, sizeof(dir), "%s/crls", w->dir);
	world_sh("mkdir %s", dir);
	put_new_crl(dir, "a.crl", &crl);
	maker_crls_free(w->ca->maker_crls);
	w->ca->maker_crls = maker_crls_new(dir, w->now);
	told_is(w, "ok", "current");
	w->now += 4000;
	told_is(w, "warn", "is over");
	X509_free(ca);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_what_is_missing)};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
