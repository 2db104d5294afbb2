#include "tests/unit/ca/engine/admit_change.h"
#include "ca/engine/attest_evidence.h"
#include "ca/engine/fleet_attest.h"

/* Which of our certificates make an attestation key known. */

#define AK "2.23.133.8.3"

struct own {
	const char *device, *profile, *eku;
	int key;
	enum cert_state state;
	int64_t end;
};

struct putting {
	struct cert_row row;
	const unsigned char *der;
	size_t len;
	enum cert_state to;
};

static int
put_tx(struct store_tx *tx, void *arg)
{
	struct putting *p = arg;

	return certs_reserve(tx, &p->row) &&
	    certs_record(tx, p->row.id, p->der, p->len, NOW) &&
	    (p->to == CERT_VALID ||
		certs_set_state(
		    tx, p->row.id, p->to, CERT_REASON_NONE, NOW));
}

static void
key_hash(EVP_PKEY *key, unsigned char md[32])
{
	unsigned char *spki = NULL;
	size_t len;

	assert_int_equal(spki_from_pkey(key, &spki, &len), 1);
	SHA256(spki, len, md);
	OPENSSL_free(spki);
}

static void
put(struct world *w, const struct own *o)
{
	struct make_spec s = {.subject = "CN=ak",
	    .issuer = w->ours,
	    .issuer_key = w->our_key,
	    .key = w->key[o->key],
	    .eku = o->eku};
	X509 *cert = make_cert(&s, ++w->serial);
	struct putting p = {.to = o->state};
	struct cert_row *row = &p.row;
	unsigned char *der = make_der(cert, &p.len);

	p.der = der;
	row->issuer = w->issuer;
	strcpy(row->issuer_ident, "devices-g1");
	row->serial_len = 20;
	row->serial[0] = 0x40;
	row->serial[19] = (unsigned char)w->serial;
	row->state = CERT_RESERVED;
	row->reason = CERT_REASON_NONE;
	row->not_before = NOW - DAY;
	row->not_after = o->end != 0 ? o->end : NOW + DAY;
	strcpy(row->profile, o->profile);
	strcpy(row->device, o->device);
	strcpy(row->fleet, "f");
	row->policy_version = 1;
	row->reserved_at = NOW - DAY;
	key_hash(w->key[o->key], row->spki_sha256);
	assert_true(store_write(w->store, put_tx, &p, 0));
	OPENSSL_free(der);
	X509_free(cert);
}

/* Pins of device "d"; the first is of key ${first}. */
static void
pins_are(struct world *w, const char *device, size_t n, int first)
{
	struct fleet_evidence policy;
	struct appraise_ask ask = {.policy = &policy, .device = device};
	WIRE_FIELDS *l = field_list_new();
	const unsigned char *p;
	unsigned char md[32];
	size_t len = 0;

	memset(&policy, 0, sizeof(policy));
	policy.n_ak_profiles = 1;
	strcpy(policy.ak_profiles[0], "ak");
	assert_true(evidence_own_keys(&w->env, &ask, l));
	assert_int_equal(field_count(l, "pin.tpm-ak"), n);
	if (n > 0) {
		key_hash(w->key[first], md);
		p = field_get_bytes(field_find(l, "pin.tpm-ak", 0), &len);
		assert_int_equal(len, 32);
		assert_memory_equal(p, md, 32);
	}
	field_list_free(l);
}

static void
live_ones_of_the_device(void **state)
{
	static const struct own others[] = {
	    {"e", "ak", AK, 0, CERT_VALID, 0},
	    {"d", "server", AK, 0, CERT_VALID, 0},
	    {"d", "ak", AK, 0, CERT_REVOKED, 0},
	    {"d", "ak", AK, 0, CERT_HELD, 0},
	    {"d", "ak", AK, 0, CERT_VALID, NOW},
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		put(w, &others[i]);
		pins_are(w, "d", 0, 0);
	}
	pins_are(w, "e", 1, 0);
	put(w, &(struct own){"d", "ak", AK, 1, CERT_VALID, 0});
	pins_are(w, "d", 1, 1);
	/* Who is not known yet has none. */
	pins_are(w, "", 0, 0);
}

/* A profile leaves the purpose out where nothing was shown: whoever holds such a
   key could else write himself a certificate of an attestation key. */
static void
those_that_say_so(void **state)
{
	struct world *w = *state;

	put(w, &(struct own){"d", "ak", NULL, 0, CERT_VALID, 0});
	put(w, &(struct own){"d", "ak", "clientAuth", 1, CERT_VALID, 0});
	put(w, &(struct own){"d", "ak", "2.23.133.8.33", 1, CERT_VALID, 0});
	pins_are(w, "d", 0, 0);
	put(w, &(struct own){"d", "ak", "clientAuth," AK, 2, CERT_VALID, 0});
	pins_are(w, "d", 1, 2);
}

/* A device that enrols again and again is known by its newest keys. */
static void
the_newest_ones(void **state)
{
	struct world *w = *state;
	int i;

	put(w, &(struct own){"d", "ak", AK, 0, CERT_VALID, 0});
	for (i = 0; i < 15; i++)
		put(w, &(struct own){"d", "ak", AK, 1, CERT_VALID, 0});
	pins_are(w, "d", 16, 0);
	put(w, &(struct own){"d", "ak", AK, 2, CERT_VALID, 0});
	pins_are(w, "d", 16, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(live_ones_of_the_device),
	    world_test(those_that_say_so), world_test(the_newest_ones)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
