#include "tests/unit/ca/engine/people.h"
#include "ca/engine/scope.h"

/* A rule for a kind of certificates counts, whatever way leads to them. */

static char ldevid[64], code[64];
static unsigned char *spki;
static int spki_len;

static void
make(struct world *w, const char *profile, const char *cn, char serial[64])
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, cn, &csr);
	WIRE_ANSWER *a = world_admin(w, "issue", "tb", "profile", profile,
	    "csr", csr, len);

	world_is(a, WIRE_OK);
	snprintf(serial, 64, "%s", field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
	OPENSSL_free(csr);
	OPENSSL_free(spki);
	spki = NULL;
	spki_len = i2d_PUBKEY(key, &spki);
	EVP_PKEY_free(key);
}

static int
begin(void **state)
{
	struct world *w;
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "x", &csr);

	people_setup(state);
	w = *state;
	make(w, "device-ldevid", "dev-1", ldevid);
	make(w, "code-signing", "signer", code);
	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "dev-2"));
	world_done(world_admin(w, "issue", "ttb", "profile", "device-ldevid",
	    "device", "dev-2", "csr", csr, len));
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
	people_as(w, 2003);
	people_activate(w, PEOPLE_CONF "approvals = ( { operation = "
	    "\"revoke:code-signing\"; number = 2; }, { operation = "
	    "\"revoke:ldevid\"; number = 1; } );");
	people_as(w, 2002);
	return 0;
}

static void
parks(WIRE_ANSWER *a, int need)
{
	world_is(a, WIRE_PENDING);
	assert_int_equal(field_int(a->values, "need", 0), need);
	WIRE_ANSWER_free(a);
}

static void
ways(void **state)
{
	struct world *w = *state;

	parks(world_admin(w, "revoke", "t", "serial", code), 2);
	parks(world_admin(w, "revoke", "t", "serial", ldevid), 1);
	parks(world_admin(w, "revoke.key", "b", "key", spki, spki_len), 2);
	parks(world_admin(w, "revoke.device", "t", "name", "dev-2"), 1);
	parks(world_admin(w, "device.revoke", "t", "name", "dev-2"), 1);
	parks(world_admin(w, "device.retire", "t", "name", "dev-2"), 1);
	parks(world_admin(w, "campaign.start", "t", "where",
	    "profile=code-signing"), 2);
	parks(world_admin(w, "campaign.start", "t", "where",
	    "issuer=devices-g1"), 1);
	/* Of what the store does not know the highest. */
	parks(world_admin(w, "revoke", "ttf", "serial", "40aabbccdd",
	    "issuer", "devices-g1", "unknown", 1), 2);
}

static struct profile *
profile(struct world *w, const char *name)
{
	struct policy *p = w->ca->policy;
	size_t i;

	for (i = 0; i < p->n_profiles; i++)
		if (strcmp(p->profiles[i]->name, name) == 0)
			return p->profiles[i];
	report_fatal("no such profile");
	return NULL;
}

static void
by_all_ways(struct world *w, int need)
{
	parks(world_admin(w, "revoke", "t", "serial", code), need);
	parks(world_admin(w, "revoke.key", "b", "key", spki, spki_len), need);
	parks(world_admin(w, "campaign.start", "t", "where",
	    "profile=code-signing"), need);
}

/* The certificate says what it is; of one that does not, the highest. */
static void
profile_is_another(void **state)
{
	struct world *w = *state;
	struct profile *p = profile(w, "code-signing");

	p->class = PROFILE_LDEVID;
	by_all_ways(w, 2);
	p->class = PROFILE_CODE_SIGNING;
	p->name[0] = 'x';
	by_all_ways(w, 2);
	p->name[0] = 'c';
	p = profile(w, "device-ldevid");
	p->name[0] = 'x';
	parks(world_admin(w, "revoke", "t", "serial", ldevid), 2);
	parks(world_admin(w, "revoke.device", "t", "name", "dev-2"), 2);
	parks(world_admin(w, "campaign.start", "t", "where",
	    "profile=device-ldevid"), 2);
	p->name[0] = 'd';
	parks(world_admin(w, "revoke", "t", "serial", ldevid), 1);
}

/* Nothing of that kind is touched: it is done at once. */
static void
others(void **state)
{
	struct world *w = *state;

	world_done(world_admin(w, "device.add", "tt", "fleet", "devices",
	    "name", "dev-3"));
	world_done(world_admin(w, "device.revoke", "t", "name", "dev-3"));
	world_done(world_admin(w, "campaign.start", "t", "where",
	    "device=nobody"));
	world_refused(world_admin(w, "revoke", "t", "serial", "40ffeeddcc"),
	    WIRE_NOTFOUND, "serial");
	world_refused(world_admin(w, "campaign.start", "t", "where",
	    "nonsense"), WIRE_BADREQUEST, "where.");
	world_refused(world_admin(w, "revoke.device", "t", "name", "none"),
	    WIRE_NOTFOUND, "no device");
}

static int
end(void **state)
{
	OPENSSL_free(spki);
	return people_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ways),
	    cmocka_unit_test(profile_is_another),
	    cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
