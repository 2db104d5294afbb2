#include "tests/unit/ca/engine/admit_change.h"

/* Compile a fleet with this text of maker.pem and this maker group. */
static struct policy *
compile(const char *pem, const char *maker)
{
	struct policy_file files[3];
	char text[1024];

	snprintf(text, sizeof(text),
	    "name = \"f\"; label = \"f\"; profile ="
	    " \"device-ldevid\"; registration = \"just-in-time\";\n"
	    "authenticate: { manufacturers = ( { %s } ); };",
	    maker);
	put_file(&files[0], "fleets/f.conf", text);
	put_file(&files[1], "fleets/maker.pem", pem);
	put_file(&files[2], "profiles/device-ldevid.conf", LDEVID_CONF);
	return policy_compile(files, 3);
}

static void
refused(const char *pem, const char *maker, const char *part)
{
	struct policy *p = compile(pem, maker);
	const char *data = "";
	int flags = 0;

	if (p != NULL) {
		policy_put(p);
		fail_msg("accepted: %s", maker);
	}
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error_data(&data, &flags)),
	    PROFILE_E_CONFIG);
	if (strstr(data, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", data, part);
	ERR_clear_error();
}

#define GOOD "name = \"m\"; anchors = \"maker.pem\";"

static void
anchors_are_read(void **state)
{
	struct world *w = *state;
	char *a = make_pem(w->maker), *b = make_pem(w->ours), *both;
	struct policy *p;

	both = calloc(1, strlen(a) + strlen(b) + 8);
	sprintf(both, "# x\n%s\n%s", a, b);
	p = compile(both, GOOD);
	assert_non_null(p);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(
			     p->fleets[0]->makers[0].anchors)),
	    2);
	policy_put(p);
	p = compile(a, GOOD "depth = 8; device_from = \"CN\";");
	assert_non_null(p);
	assert_int_equal(p->fleets[0]->makers[0].depth, 8);
	assert_int_equal(p->fleets[0]->makers[0].name_nid, NID_commonName);
	policy_put(p);
	free(both);
	OPENSSL_free(a);
	OPENSSL_free(b);
}

static void
bad_anchors(void **state)
{
	struct world *w = *state;
	struct make_spec leaf = {.subject = "CN=leaf",
	    .key = w->key[0],
	    .issuer_key = w->key[0],
	    .bc = "critical,CA:FALSE"};
	X509 *cert = make_cert(&leaf, 9);
	char *sub = make_pem(w->sub), *noca = make_pem(cert), *cut;

	refused(sub, GOOD, "not self-signed");
	refused(noca, GOOD, "not a CA");
	refused("", GOOD, "not a PEM file");
	refused("no certificate", GOOD, "not a PEM file");
	cut = make_pem(w->maker);
	cut[strlen(cut) / 2] = '!';
	refused(cut, GOOD, "not a PEM file");
	OPENSSL_free(cut);
	OPENSSL_free(sub);
	OPENSSL_free(noca);
	X509_free(cert);
}

static void
bad_makers(void **state)
{
	static const char *const t[][2] = {
	    {"name = \"m\"; anchors = \"other.pem\";", "no file \"other.pem\""},
	    {"name = \"m\"; anchors = \"../x.pem\";", "no file"},
	    {"name = \"m\";", "anchors"},
	    {"anchors = \"maker.pem\";", "name"},
	    {"name = \"M m\"; anchors = \"maker.pem\";", "name"},
	    {GOOD "depth = 0;", "depth"},
	    {GOOD "depth = 9;", "depth"},
	    {GOOD "device_from = \"mail\";", "device_from"},
	    {GOOD "trust = 1;", "unknown key"},
	    {GOOD "}, {" GOOD, "given twice"},
	};
	struct world *w = *state;
	char *pem = make_pem(w->maker);
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		refused(pem, t[i][0], t[i][1]);
	OPENSSL_free(pem);
}

static void
our_own_is_no_maker(void **state)
{
	struct world *w = *state;
	char *pem = make_pem(w->ours);
	struct policy *p = compile(pem, GOOD);

	assert_non_null(p);
	assert_int_equal(
	    policy_refuse_own(p, (const unsigned char(*)[32])w->own, 1), 0);
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), PROFILE_E_CONFIG);
	ERR_clear_error();
	policy_put(p);
	assert_int_equal(
	    policy_refuse_own(w->policy, (const unsigned char(*)[32])w->own, 1),
	    1);
	OPENSSL_free(pem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(anchors_are_read),
	    world_test(bad_anchors), world_test(bad_makers),
	    world_test(our_own_is_no_maker)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
