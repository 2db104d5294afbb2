#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include "ca/engine/campaign.h"
#include "tests/unit/ca/engine/many.h"

static struct campaign_plan *
plan(struct world *w, const char *query, int reason, int64_t invalidity)
{
	struct campaign_request r = {.query = query,
	    .note = "",
	    .who = "test",
	    .reason = reason,
	    .invalidity = invalidity,
	    .stage = 10,
	    .now = w->now + 60};
	struct campaign_plan *p = NULL;

	assert_true(campaign_plan(w->ca->store, w->ca->policy, &r, &p));
	assert_non_null(p);
	return p;
}

/* What OpenSSL makes of the same entry. */
static size_t
real_octets(const struct where_row *row, int reason, int64_t when, time_t now)
{
	X509_REVOKED *rev = X509_REVOKED_new();
	BIGNUM *bn = BN_bin2bn(row->serial, (int)row->serial_len, NULL);
	ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(bn, NULL);
	ASN1_TIME *t = ASN1_TIME_set(NULL, now);
	ASN1_GENERALIZEDTIME *g = ASN1_GENERALIZEDTIME_set(NULL, (time_t)when);
	ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();
	int len;

	assert_true(X509_REVOKED_set_serialNumber(rev, serial));
	assert_true(X509_REVOKED_set_revocationDate(rev, t));
	assert_true(ASN1_ENUMERATED_set(e, reason));
	if (reason > 0)
		assert_true(
		    X509_REVOKED_add1_ext_i2d(rev, NID_crl_reason, e, 0, 0));
	if (when != 0)
		assert_true(X509_REVOKED_add1_ext_i2d(
		    rev, NID_invalidity_date, g, 0, 0));
	len = i2d_X509_REVOKED(rev, NULL);
	assert_true(len > 0);
	X509_REVOKED_free(rev);
	BN_free(bn);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(t);
	ASN1_GENERALIZEDTIME_free(g);
	ASN1_ENUMERATED_free(e);
	return (size_t)len;
}

static void
entry_octets(void **state)
{
	static const struct {
		size_t len;
		unsigned char first;
		int reason;
		int64_t when;
		time_t now;
	} C[] = {{20, 0x41, 0, 0, 1800000000}, {20, 0x41, 1, 0, 1800000000},
	    {20, 0x41, 0, 1700000000, 1800000000},
	    {20, 0x41, 1, 1700000000, 1800000000}, {8, 0x81, 4, 0, 1800000000},
	    {1, 0x7f, 4, 0, 2600000000}};
	struct where_row row;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(C) / sizeof(C[0]); i++) {
		memset(&row, 0, sizeof(row));
		row.serial_len = C[i].len;
		row.serial[0] = C[i].first;
		assert_int_equal(campaign_entry_octets(
				     &row, C[i].reason, C[i].when, C[i].now),
		    real_octets(&row, C[i].reason, C[i].when, C[i].now));
	}
}

static void
plans(void **state)
{
	struct world *w = *state;
	struct campaign_plan *p;
	struct cert_row row;
	char name[32], s[64], held[64] = "";
	size_t before, i;

	for (i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "plan-%zu", i);
		many_device(w, name, i % 2 ? "P1" : "P2",
		    i == 3	? "beta"
			: i < 8 ? "1.4.1"
				: "1.10");
		many_issue(w, "device-ldevid", name, NULL, s);
		if (i == 5)
			many_issue(w, "device-ldevid", name, NULL, held);
	}
	before = world_log(w, "campaign.start", "");
	p = plan(w, "model=P1 firmware<1.4.2", 1, 0);
	/* 1, 5 (twice), 7; 3 tells nothing. */
	assert_int_equal(p->certs, 4);
	assert_int_equal(p->devices, 3);
	assert_int_equal(p->undecided, 1);
	assert_int_equal(p->excluded, 0);
	assert_int_equal(p->crls, 1);
	assert_int_equal(p->entries, 4);
	assert_int_equal(p->octets, 4 * 53);
	assert_int_equal(p->n_groups, 1);
	assert_string_equal(p->group[0].issuer, "devices-g1");
	assert_string_equal(p->group[0].profile, "device-ldevid");
	assert_int_equal(p->group[0].certs, 4);
	assert_int_equal(p->n_sample, 4);
	assert_string_equal(p->sample[0].device, "plan-1");
	OPENSSL_free(p);
	/* One that is held has its entry on the CRL. */
	world_done(world_admin(
	    w, "revoke", "tt", "serial", held, "reason", "certificateHold"));
	p = plan(w, "model=P1 firmware<1.4.2", 1, w->now);
	assert_int_equal(p->certs, 4);
	assert_int_equal(p->entries, 3);
	assert_int_equal(p->octets, 3 * 79);
	OPENSSL_free(p);
	p = plan(w, "issuer=root profile~*", 1, 0);
	assert_int_equal(p->certs, 0);
	assert_true(p->excluded >= 3);
	assert_int_equal(p->n_groups, 0);
	OPENSSL_free(p);
	p = plan(w, "device~plan-*", 1, 0);
	assert_int_equal(p->certs, 13);
	assert_int_equal(p->n_sample, CAMPAIGN_SAMPLE_MAX);
	OPENSSL_free(p);
	/* Nothing was changed. */
	assert_int_equal(world_log(w, "campaign.start", ""), before);
	world_row(w, s, &row);
	assert_int_equal(row.state, CERT_VALID);
}

static void
refuses(void **state)
{
	struct world *w = *state;
	struct campaign_request r = {.query = "nothing=here",
	    .note = "",
	    .who = "test",
	    .stage = 10,
	    .now = w->now};
	struct campaign_plan *p = NULL;

	assert_false(campaign_plan(w->ca->store, w->ca->policy, &r, &p));
	world_raised(CA_E_BADREQUEST, "where.field");
	r.query = "state=";
	assert_false(campaign_plan(w->ca->store, w->ca->policy, &r, &p));
	world_raised(CA_E_BADREQUEST, "where.value");
	assert_null(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entry_octets),
	    cmocka_unit_test(plans),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
