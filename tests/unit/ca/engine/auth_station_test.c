#include <sys/stat.h>

#include "tests/unit/ca/engine/admit_change.h"
#include "tests/unit/ca/engine/maker_crl.h"
#include "ca/engine/maker_crls.h"

/* Stations of a factory: who they are, and which device they ask for. */

#define CMC_RA "clientAuth,1.3.6.1.5.5.7.3.28"
#define RULES                                                                  \
	"authenticate: { stations = ("                                         \
	" { name = \"line\"; per_shift = 2; shift = \"1h\"; },"                \
	" { name = \"byname\"; per_shift = 9; device_from = \"CN\"; },"        \
	" { name = \"other\"; per_shift = 9; anchors = \"maker.pem\"; } );"    \
	" own_certificate = true; };\n"

struct storing {
	struct cert_row row;
	const unsigned char *der;
	size_t len;
};

static int
store_tx(struct store_tx *tx, void *arg)
{
	struct storing *s = arg;

	return certs_reserve(tx, &s->row) &&
	    certs_record(tx, s->row.id, s->der, s->len, NOW);
}

/* The client shows a certificate of ours for a station of that name. */
static int64_t
use_station(struct world *w, const char *name, const char *eku,
    const char *device)
{
	struct make_spec m = {.issuer = w->ours,
	    .issuer_key = w->our_key,
	    .key = w->key[3],
	    .ku = "critical,digitalSignature",
	    .eku = eku};
	struct storing s;
	char subject[80];

	snprintf(subject, sizeof(subject), "CN=%s", name);
	m.subject = subject;
	w->req.user = NULL;
	w->req.n_chain = 0;
	use_leaf(w, make_cert(&m, ++w->serial));
	memset(&s, 0, sizeof(s));
	s.row.issuer = w->issuer;
	s.row.serial_len = 20;
	assert_int_equal(RAND_bytes(s.row.serial, 20), 1);
	s.row.serial[0] = 0x40;
	s.row.not_before = NOW - DAY;
	s.row.not_after = NOW + 90 * DAY;
	strcpy(s.row.profile, "est-station");
	strcpy(s.row.auth, "operator");
	snprintf(s.row.device, sizeof(s.row.device), "%s", device);
	assert_int_equal(RAND_bytes(s.row.spki_sha256, 32), 1);
	s.row.reserved_at = NOW;
	s.der = w->leaf;
	s.len = w->req.chain_len[0];
	assert_int_equal(store_write(w->store, store_tx, &s, 0), 1);
	return s.row.id;
}

/* One of the maker's CA. */
static void
use_foreign(struct world *w, const char *name, const char *eku, int64_t to)
{
	struct make_spec m = {.issuer = w->maker,
	    .issuer_key = w->maker_key,
	    .key = w->key[3],
	    .to = to,
	    .ku = "critical,digitalSignature",
	    .eku = eku};
	char subject[80];

	snprintf(subject, sizeof(subject), "CN=%s/serialNumber=SN-9", name);
	m.subject = subject;
	w->req.user = NULL;
	w->req.n_chain = 0;
	use_leaf(w, make_cert(&m, ++w->serial));
}

static void
for_a_row(void **state)
{
	struct world *w = *state;

	world_rules(w, RULES);
	add_device(w, "f", "d-1", NULL);
	use_station(w, "line", CMC_RA, "");
	use_csr(w, w->key[0], "CN=any/serialNumber=SN-9", NULL, NULL);
	expect_ok(w);
	assert_string_equal(w->a->device, "d-1");
	assert_string_equal(w->a->auth, "station:line");
	assert_non_null(strstr(w->a->requester, "ra:uid:1 station:"));
	assert_string_equal(field_of(w->a, "identity.device"), "d-1");
	assert_string_equal(field_of(w->a, "identity.cn"), "d-1");
	assert_string_equal(field_of(w->a, "identity.serial"), "SN-9");
	assert_string_equal(field_of(w->a, "registry.model"), "X1");
	assert_int_equal(w->a->renewal, 0);
	/* By name, by another station; the link to TLS does not bind it. */
	world_rules(w, RULES "pop_link = \"required\";");
	use_station(w, "byname", CMC_RA, "");
	use_csr(w, w->key[0], "CN=d-1", NULL, NULL);
	expect_ok(w);
	assert_string_equal(w->a->auth, "station:byname");
}

static void
rows_that_are_none(void **state)
{
	struct world *w = *state;
	int64_t id;

	world_rules(w, RULES);
	use_station(w, "line", CMC_RA, "");
	use_csr(w, w->key[0], "serialNumber=SN-9", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "station.unregistered");
	assert_true(w->o.authenticated);
	assert_string_equal(w->o.who, "f/station:line");
	id = add_device(w, "f", "d-1", NULL);
	set_device(w, id, DEVICE_DISABLED);
	expect_refused(w, WIRE_DENIED, "authorize", "device.disabled");
	set_device(w, id, DEVICE_ENABLED);
	expect_ok(w);
	use_csr(w, w->key[0], "CN=d-1", NULL, NULL);
	expect_refused(w, WIRE_BADREQUEST, "authorize", "station.subject");
	add_device(w, "f", "d-2", NULL);
	use_csr(w, w->key[0], "serialNumber=SN-9", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "device.serial");
}

/* Once, but for who lost the answer. */
static void
used(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	unsigned char *der;
	size_t len;

	world_rules(w, RULES);
	add_device(w, "f", "d-1", NULL);
	use_station(w, "line", CMC_RA, "");
	use_csr(w, w->key[0], "serialNumber=SN-9", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	expect_refused(w, WIRE_UNAVAILABLE, "authorize", "station.busy");
	der = record(w, &row, w->key[0], "CN=d-1", NULL, &len);
	OPENSSL_free(der);
	expect_ok(w);
	assert_int_equal(w->a->existing, row.id);
	use_csr(w, w->key[1], "serialNumber=SN-9", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "station.used");
	use_station(w, "byname", CMC_RA, "");
	use_csr(w, w->key[0], "CN=d-1", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "station.used");
	set_cert(w, row.id, CERT_REVOKED);
	use_station(w, "line", CMC_RA, "");
	use_csr(w, w->key[0], "serialNumber=SN-9", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "station.used");
}

static void
guard_looks_again(void **state)
{
	struct world *w = *state;
	struct admission *other;
	struct cert_row row;

	world_rules(w, RULES);
	add_device(w, "f", "d-1", NULL);
	use_station(w, "line", CMC_RA, "");
	use_csr(w, w->key[0], "serialNumber=SN-9", NULL, NULL);
	expect_ok(w);
	other = w->a;
	w->a = NULL;
	use_csr(w, w->key[1], "serialNumber=SN-9", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, other, &row), 1);
	assert_int_equal(reserve(w, w->a, &row), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_DENIED);
	admit_free(other);
}

static int
unguard_tx(struct store_tx *tx, void *arg)
{
	struct cert_row *row = arg;

	return certs_set_state(
		   tx, row->id, CERT_ABORTED, CERT_REASON_NONE, NOW) &&
	    admit_unguard(tx, row);
}

static void
ask_for(struct world *w, const char *device, size_t key)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "CN=%s", device);
	use_csr(w, w->key[key], subject, NULL, NULL);
	expect_ok(w);
}

static void
quota(void **state)
{
	struct world *w = *state;
	struct cert_row row;

	world_rules(w,
	    "authenticate: { stations = ( { name = \"byname\"; per_shift = 2;"
	    " shift = \"1h\"; device_from = \"CN\"; } ); };");
	w->env.now = NOW - NOW % 3600 + 600;
	add_device(w, "f", "d-1", NULL);
	add_device(w, "f", "d-2", NULL);
	add_device(w, "f", "d-3", NULL);
	use_station(w, "byname", CMC_RA, "");
	ask_for(w, "d-1", 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
	ask_for(w, "d-2", 1);
	assert_int_equal(reserve(w, w->a, &row), 1);
	ask_for(w, "d-3", 2);
	assert_int_equal(reserve(w, w->a, &(struct cert_row){.id = 0}), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), CA_E_LIMITED);
	assert_int_equal(w->a->retry_after, 3000);
	/* One that came to nothing is given back. */
	assert_int_equal(store_write(w->store, unguard_tx, &row, 0), 1);
	ask_for(w, "d-3", 2);
	assert_int_equal(reserve(w, w->a, &row), 1);
	ask_for(w, "d-2", 1);
	assert_int_equal(reserve(w, w->a, &(struct cert_row){.id = 0}), 0);
	w->env.now += 3000;
	ask_for(w, "d-2", 1);
	assert_int_equal(reserve(w, w->a, &row), 1);
}

static void
certificates(void **state)
{
	struct world *w = *state;
	int64_t id;

	world_rules(w, RULES);
	add_device(w, "f", "d-1", NULL);
	use_csr(w, w->key[0], "serialNumber=SN-9", NULL, NULL);
	use_foreign(w, "other", CMC_RA, 0);
	expect_ok(w);
	use_foreign(w, "other", CMC_RA, NOW - 1);
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	use_foreign(w, "line", CMC_RA, 0);
	expect_refused(w, WIRE_DENIED, "authenticate", "station.issuer");
	use_station(w, "other", CMC_RA, "");
	expect_refused(w, WIRE_DENIED, "authenticate", "station.issuer");
	use_station(w, "line", "1.3.6.1.5.5.7.3.28", "");
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.usage");
	use_station(w, "line", CMC_RA, "d-1");
	expect_refused(w, WIRE_DENIED, "authenticate", "station.device");
	use_station(w, "nobody", CMC_RA, "");
	expect_refused(w, WIRE_DENIED, "authenticate", "station.unknown");
	id = use_station(w, "line", CMC_RA, "");
	expect_ok(w);
	w->req.renew = 1;
	expect_refused(w, WIRE_DENIED, "authenticate", "station.renew");
	w->req.renew = 0;
	w->env.now = NOW + 91 * DAY;
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	w->env.now = NOW;
	set_cert(w, id, CERT_REVOKED);
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.revoked");
}

/* It never authenticates a device, whoever issued it. */
static void
no_device(void **state)
{
	struct world *w = *state;

	world_rules(w, "");
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	use_foreign(w, "x", CMC_RA, 0);
	expect_refused(w, WIRE_DENIED, "authenticate", "station.unknown");
	use_foreign(w, "x", "clientAuth", 0);
	expect_ok(w);
	/* One that is bound to f, at g. */
	world_rules(w, RULES);
	use_station(w, "line", CMC_RA, "");
	w->req.label = "g";
	expect_refused(w, WIRE_DENIED, "authenticate", "station.fleet");
	w->req.label = "f";
	/* By more than a name in the log can have. */
	use_station(w, "a-name-of-a-station-that-is-far-too-long-for-a-line",
	    CMC_RA, "");
	expect_refused(w, WIRE_DENIED, "authenticate", "station.name");
	use_station(w, "line/CN=second", CMC_RA, "");
	expect_refused(w, WIRE_DENIED, "authenticate", "station.name");
	/* And without cmcRA it is none. */
	use_station(w, "line", "clientAuth", "");
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.fleet");
}

/* Of a foreign CA, by its CRL. */
static void
revoked_elsewhere(void **state)
{
	struct world *w = *state;
	struct crl_spec crl = {.issuer = w->maker, .key = w->maker_key};
	char dir[128];

	world_rules(w,
	    "authenticate: { stations = ( { name = \"other\"; per_shift = 9;"
	    " anchors = \"maker.pem\"; revocation = \"crl\"; } ); };\n");
	add_device(w, "f", "dev", NULL);
	use_csr(w, w->key[0], "serialNumber=SN-9", NULL, NULL);
	use_foreign(w, "other", CMC_RA, 0);
	expect_refused(w, WIRE_UNAVAILABLE, "authenticate", "maker.crl");
	assert_non_null(strstr(w->o.text, "station other"));
	snprintf(dir, sizeof(dir), "%s/crls", w->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	put_new_crl(dir, "a.crl", &crl);
	w->env.maker_crls = maker_crls_new(dir, NOW);
	expect_ok(w);
	crl.revoked[0] = (long)w->serial;
	put_new_crl(dir, "a.crl", &crl);
	w->env.now += MAKER_CRLS_EVERY;
	expect_refused(w, WIRE_DENIED, "authenticate", "maker.revoked");
	maker_crls_free(w->env.maker_crls);
	w->env.maker_crls = NULL;
	snprintf(dir, sizeof(dir), "rm -rf %s/crls", w->dir);
	assert_int_equal(system(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(for_a_row),
	    world_test(rows_that_are_none), world_test(used),
	    world_test(guard_looks_again), world_test(quota),
	    world_test(certificates), world_test(revoked_elsewhere),
	    world_test(no_device)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
