#include "tests/unit/ca/store/temp.h"
#include "ca/store/reports.h"

/* Sums for auditors: what lies in the time, and nothing beside it. */

static int
make(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct crl_row crl = {.issuer = t->issuer};
	struct cert_row row;
	WIRE_FIELDS *l = field_list_new();
	unsigned n;

	for (n = 1; n <= 4; n++) {
		temp_row(t, &row, n);
		if (n == 4)
			strcpy(row.profile, "code-signing");
		assert_true(temp_issue(tx, &row));
		if (n <= 2)
			assert_true(certs_set_state(tx, row.id, CERT_REVOKED,
			    1, NOW + 100 * n));
	}
	/* The first CRL, one in time, one a minute and more behind the interval
	   (of 100 s), one after the one before has run out. */
	crl.number = 1;
	crl.this_update = NOW;
	crl.next_update = NOW + 400;
	assert_true(crls_add(tx, &crl));
	crl.number = 2;
	crl.this_update = NOW + 130;
	crl.next_update = NOW + 530;
	assert_true(crls_add(tx, &crl));
	crl.number = 3;
	crl.this_update = NOW + 330;
	crl.next_update = NOW + 430;
	assert_true(crls_add(tx, &crl));
	crl.number = 4;
	crl.this_update = NOW + 500;
	crl.next_update = NOW + 900;
	assert_true(crls_add(tx, &crl));
	assert_true(field_add_text(l, "who", "me"));
	assert_true(entries_append(tx, "crl", NOW, l, NULL));
	assert_true(entries_append(tx, "break-glass", NOW + 1, l, NULL));
	assert_true(entries_append(tx, "request.run", NOW + 2, l, NULL));
	assert_true(entries_append(tx, "policy", NOW + 3, l, NULL));
	field_list_free(l);
	return sql_run(tx, "UPDATE issuers SET crl_interval = 100", "");
}

static int
issued(const struct report_issued *r, void *arg)
{
	char *out = arg;

	assert_string_equal(r->issuer, "devices-g1");
	sprintf(out + strlen(out), "%s=%d ", r->profile, (int)r->n);
	return 1;
}

static int
revoked(const struct report_revoked *r, void *arg)
{
	char *out = arg;

	sprintf(out + strlen(out), "%d:%d/%d mean %d most %d ", r->reason,
	    (int)r->published, (int)r->n, (int)r->mean, (int)r->most);
	return 1;
}

static int
late(const struct report_crl *r, void *arg)
{
	char *out = arg;

	sprintf(out + strlen(out), "%d%s +%d ", (int)r->number, r->expired ?
	    "!" : "", (int)r->late);
	return 1;
}

static int
event(const struct entry_row *row, void *arg)
{
	char *out = arg;

	assert_true(row->detail_len > 0);
	sprintf(out + strlen(out), "%s ", row->kind);
	return 1;
}

static int
all(struct store_tx *tx, void *arg)
{
	char out[400] = "";

	(void)arg;
	assert_true(reports_issued(tx, NOW, NOW + 1, issued, out));
	assert_string_equal(out, "code-signing=1 device-ldevid=3 ");
	out[0] = '\0';
	assert_true(reports_issued(tx, NOW + 1, NOW + 9, issued, out));
	assert_string_equal(out, "");
	/* At 100, told by the CRL of 130; at 200, by that of 330. */
	assert_true(reports_revoked(tx, NOW, NOW + 999, revoked, out));
	assert_string_equal(out, "1:2/2 mean 80 most 130 ");
	out[0] = '\0';
	assert_true(reports_revoked(tx, NOW, NOW + 200, revoked, out));
	assert_string_equal(out, "1:1/1 mean 30 most 30 ");
	out[0] = '\0';
	assert_true(reports_crls(tx, NOW, NOW + 999, late, out));
	assert_string_equal(out, "3 +100 4! +70 ");
	out[0] = '\0';
	assert_true(reports_crls(tx, NOW + 331, NOW + 999, late, out));
	assert_string_equal(out, "4! +70 ");
	out[0] = '\0';
	assert_true(reports_events(tx, NOW, NOW + 9, 0, 99, 9, event, out));
	assert_string_equal(out, "break-glass request.run policy ");
	out[0] = '\0';
	assert_true(reports_events(tx, NOW, NOW + 9, 2, 3, 9, event, out));
	assert_string_equal(out, "request.run ");
	out[0] = '\0';
	assert_true(reports_events(tx, NOW, NOW + 3, 0, 99, 1, event, out));
	assert_string_equal(out, "break-glass ");
	return 1;
}

static void
sums(void **state)
{
	struct temp *t = *state;

	RUN(t, make, t);
	RUN(t, all, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(sums, temp_make, temp_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
