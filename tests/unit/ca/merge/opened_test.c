#include "rig.h"

static char details[400];

static struct merge_request
with_details(void)
{
	return (struct merge_request){.details = details};
}

static int
device_tx(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	(void)arg;
	ok = field_add_text(l, "fleet", "demo") &&
	    field_add_text(l, "device", "dev-20") &&
	    field_add_text(l, "state", "enabled") &&
	    field_add_text(l, "who", "ra") &&
	    entries_append(tx, "device.add", NOW, l, NULL);
	field_list_free(l);
	return ok;
}

/* A device with certificate 20, which is revoked; certificate 21; a reservation
   that came to nothing. */
static int
abort_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row;

	(void)arg;
	temp_row(mr.r->t, &row, 0);
	row.serial[0] = 22;
	row.serial_len = 1;
	return certs_reserve(tx, &row) &&
	    rig_entry(tx, "issue.reserved", &row, NULL) &&
	    certs_set_state(tx, row.id, CERT_ABORTED, -1, NOW) &&
	    rig_entry(tx, "issue.aborted", &row, NULL);
}

static void
go_on(void)
{
	int serial = 20;

	WRITE(mr.r->t, device_tx, NULL);
	mr_issue(20, 0);
	mr_issue(21, 1);
	WRITE(mr.r->t, mr_revoke_tx, &serial);
	WRITE(mr.r->t, abort_tx, NULL);
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
}

static void
does_what_entries_tell(void **state)
{
	struct cert_row row;

	(void)state;
	go_on();
	mr_merged(with_details(), 1);
	assert_int_equal(mr.res.adopted, 8);
	assert_int_equal(mr.res.opened, 8);
	assert_int_equal(mr.res.lost, 0);
	assert_int_equal(mr.res.unseen, 2);
	assert_int_equal(mr.res.devices, 1);
	assert_int_equal(mr.res.unexplained, 0);
	row = mr_row(20);
	assert_int_equal(row.state, CERT_REVOKED);
	assert_int_equal(row.reason, 4);
	row = mr_row(21);
	assert_int_equal(row.state, CERT_VALID);
	assert_string_equal(row.device, "dev-21");
	assert_string_equal(row.fleet, "demo");
	assert_int_equal(mr_row(22).state, CERT_ABORTED);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	/* Its certificate turns up: no entry is needed, the log has its hash. */
	{
		struct merge_request q = {.certs = NULL};
		char found[400];

		mr_path(found, "found");
		q.certs = found;
		mr_merged(q, 0);
		assert_int_equal(mr.res.completed, 1);
		assert_int_equal(mr.res.certs, 0);
		rig_is_well(mr.r, OF_STORE | OF_LOG);
	}
}

/* The log first, the export when it is found. */
static void
opens_later(void **state)
{
	(void)state;
	go_on();
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	assert_int_equal(mr.res.unexplained, 2);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	mr_merged(with_details(), 0);
	assert_int_equal(mr.res.opened, 8);
	assert_int_equal(mr.res.unexplained, 0);
	assert_int_equal(mr_row(20).state, CERT_REVOKED);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	assert_int_equal(mr.r->result.lost, 0);
}

/* A serial number that came by a CRL first gets what the entries know. */
static void
completes_a_revoked_row(void **state)
{
	char crl[400];
	const char *crls[] = {crl};
	struct merge_request q = {.crls = crls, .n_crls = 1};

	(void)state;
	go_on();
	mr_crl(crl, mr.ca, 7, 20, 4);
	mr_merged(q, 1);
	assert_int_equal(mr.res.unknown, 1);
	assert_int_equal(mr.res.unexplained, 1);
	mr_merged(with_details(), 0);
	assert_int_equal(mr.res.unexplained, 0);
	assert_string_equal(mr_row(20).device, "dev-20");
	rig_is_well(mr.r, OF_STORE | OF_LOG);
}

static int
compromise_tx(struct store_tx *tx, void *arg)
{
	unsigned char serial = 23;
	struct cert_row row;

	(void)arg;
	return certs_by_serial(tx, mr.r->t->issuer, &serial, 1, &row) == 1 &&
	    certs_set_state(tx, row.id, CERT_REVOKED, 1, NOW) &&
	    rig_entry(tx, "revoke", &row, "keyCompromise");
}

static int
blocked_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row = mr_row(23);

	*(int *)arg = certs_key_blocked(tx, row.spki_sha256);
	return *(int *)arg >= 0;
}

/* The revocation is known before the key is: by the certificate, it is. */
static void
blocks_the_key_that_comes_later(void **state)
{
	char found[400];
	struct merge_request q = {.details = details, .certs = found};
	int blocked = 0;

	(void)state;
	mr_issue(23, 1);
	WRITE(mr.r->t, compromise_tx, NULL);
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	mr_path(found, "found");
	mr_merged(q, 1);
	assert_int_equal(mr_row(23).state, CERT_REVOKED);
	READ(mr.r->t, blocked_tx, &blocked);
	assert_int_equal(blocked, 1);
}

struct change {
	const char *kind;
	int serial;
};

static int
change_tx(struct store_tx *tx, void *arg)
{
	const struct change *c = arg;
	int hold = strcmp(c->kind, "hold") == 0;
	struct cert_row row = mr_row(c->serial);

	return certs_set_state(tx, row.id, hold ? CERT_HELD : CERT_VALID,
		   hold ? 6 : -1, hold ? NOW : 0) &&
	    rig_entry(tx, c->kind, &row, hold ? "certificateHold" : NULL);
}

static void
change(const char *kind, int serial)
{
	struct change c = {kind, serial};

	WRITE(mr.r->t, change_tx, &c);
}

/* The export, without the entries whose index is in ${cut} ("6\\|7"). */
static void
cut_export(const char *cut)
{
	char cmd[900];

	snprintf(cmd, sizeof(cmd), "sed '/\"index\": \\(%s\\),/d' %s >%s.cut",
	    cut, details, details);
	assert_int_equal(system(cmd), 0);
}

static void
export_without(const char *cut)
{
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
	cut_export(cut);
}

static void
merge_cut(int log)
{
	char cut[410];

	snprintf(cut, sizeof(cut), "%s.cut", details);
	mr_merged((struct merge_request){.details = cut}, log);
}

/* The log first, the export when it is found: what the last entry says of a
   certificate is so. */
static void
holds_and_releases_later(void **state)
{
	(void)state;
	change("hold", 10);		/* entry 4 */
	change("hold", 11);
	change("release", 11);		/* 6 */
	export_without("6");
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	assert_int_equal(mr_row(10).state, CERT_VALID);
	merge_cut(0);
	assert_int_equal(mr_row(10).state, CERT_HELD);
	assert_int_equal(mr_row(11).state, CERT_HELD);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	mr_merged(with_details(), 0);
	assert_int_equal(mr_row(10).state, CERT_HELD);
	assert_int_equal(mr_row(11).state, CERT_VALID);
	assert_int_equal(mr.res.n_undone, 0);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
}

static void
leaves_what_was_decided_since(void **state)
{
	(void)state;
	change("hold", 10);		/* 4 */
	change("hold", 11);
	change("release", 11);		/* 6 */
	export_without("4\\|6");
	merge_cut(1);
	assert_int_equal(mr_row(11).state, CERT_HELD);
	change("hold", 10);
	change("release", 10);
	change("release", 11);
	change("hold", 11);
	mr_merged(with_details(), 0);
	assert_int_equal(mr_row(10).state, CERT_VALID);
	assert_int_equal(mr_row(11).state, CERT_HELD);
	assert_int_equal(mr.res.n_undone, 1);
	assert_string_equal(mr.res.undone[0].kind, "release");
	rig_is_well(mr.r, OF_STORE | OF_LOG);
}

/* Of a certificate nothing is left but the hold, and then its release. */
static void
holds_and_releases_the_unknown(void **state)
{
	(void)state;
	mr_issue(24, 0);		/* 4, 5 */
	change("hold", 24);
	change("release", 24);		/* 7 */
	export_without("4\\|5\\|7");
	merge_cut(1);
	assert_int_equal(mr.res.opened, 1);
	assert_int_equal(mr_row(24).state, CERT_HELD);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	cut_export("4\\|5");
	merge_cut(0);
	assert_int_equal(mr.res.opened, 1);
	assert_int_equal(mr_row(24).state, CERT_VALID);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	mr_merged(with_details(), 0);
	assert_int_equal(mr_row(24).state, CERT_VALID);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
}

/* Certificate 25 succeeds 10, of ${device}. */
static int
renewal_tx(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	struct cert_row old = mr_row(10);
	int ok;

	ok = field_add_text(l, "issuer", old.issuer_ident) &&
	    field_add_text(l, "serial", "19") &&
	    field_add_text(l, "fleet", old.fleet) &&
	    field_add_text(l, "device", arg) &&
	    field_add_text(l, "auth", "own:0a") &&
	    entries_append(tx, "issue.reserved", NOW, l, NULL);
	field_list_free(l);
	return ok;
}

/* Another renewal of 10, as issuing does it. */
static int
again_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row;

	temp_row(mr.r->t, &row, 0);
	row.serial[0] = 26;
	row.serial_len = 1;
	row.predecessor = mr_row(10).id;
	memset(row.spki_sha256, 26, sizeof(row.spki_sha256));
	*(int *)arg = certs_reserve(tx, &row);
	return *(int *)arg;
}

static void
renewed(const char *device)
{
	WRITE(mr.r->t, renewal_tx, (void *)(uintptr_t)device);
	rig_publish(mr.r);
	mr_export(details);
	mr_old();
}

static void
knows_what_was_renewed(void **state)
{
	int done = 1;

	(void)state;
	renewed("dev-10");
	mr_merged(with_details(), 1);
	assert_int_equal(mr_row(25).predecessor, mr_row(10).id);
	assert_int_equal(mr_row(10).successor, mr_row(25).id);
	assert_false(store_write(mr.r->t->store, again_tx, &done, 0));
	assert_false(done);
	assert_raised(CA_E_DENIED, "renew.successor: ");
}

/* The device came again before the export was found; or it is another's. */
static void
leaves_other_successors(void **state)
{
	int done = 0;

	(void)state;
	renewed("dev-10");
	mr_merged((struct merge_request){.dry_run = 0}, 1);
	WRITE(mr.r->t, again_tx, &done);
	assert_true(done);
	mr_merged(with_details(), 0);
	assert_int_equal(mr_row(10).successor, mr_row(26).id);
	assert_int_equal(mr_row(25).predecessor, 0);
}

static void
links_no_other_device(void **state)
{
	(void)state;
	renewed("dev-11");
	mr_merged(with_details(), 1);
	assert_int_equal(mr_row(25).state, CERT_RESERVED);
	assert_int_equal(mr_row(25).predecessor, 0);
	assert_int_equal(mr_row(10).successor, 0);
}

static void
tells_of_details_that_do_not_open(void **state)
{
	char cmd[900];

	(void)state;
	go_on();
	snprintf(cmd, sizeof(cmd), "sed -i '/\"index\": 5,/s/\"salt\": \"[0-9a-f]"
	    "*\"/\"salt\": \"00000000000000000000000000000000\"/' %s", details);
	assert_int_equal(system(cmd), 0);
	mr_merged(with_details(), 1);
	assert_int_equal(mr.res.opened, 7);
	assert_int_equal(mr.res.lost, 1);
	assert_non_null(strstr(mr.told, "entry 5 does not open it"));
	rig_is_well(mr.r, OF_STORE | OF_LOG);
}

static void
refuses_what_is_no_export(void **state)
{
	int64_t n;

	(void)state;
	go_on();
	mr_path(details, "found/dev-10.pem");
	n = mr_entries();
	assert_false(mr_merge(with_details(), 1));
	assert_raised(CA_E_BADREQUEST, "details.format: line 1");
	assert_int_equal(mr_entries(), n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(does_what_entries_tell),
	    MR_TEST(opens_later),
	    MR_TEST(completes_a_revoked_row),
	    MR_TEST(blocks_the_key_that_comes_later),
	    MR_TEST(holds_and_releases_later),
	    MR_TEST(leaves_what_was_decided_since),
	    MR_TEST(holds_and_releases_the_unknown),
	    MR_TEST(knows_what_was_renewed),
	    MR_TEST(leaves_other_successors),
	    MR_TEST(links_no_other_device),
	    MR_TEST(tells_of_details_that_do_not_open),
	    MR_TEST(refuses_what_is_no_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
