#include "rig.h"
#include "ca/log/proof.h"

static char found[400];

static struct merge_request
with_folder(void)
{
	mr_path(found, "found");
	return (struct merge_request){.certs = found};
}

static void
put(const char *name, const char *text)
{
	char path[400];
	FILE *f;

	mr_path(path, name);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Below each other, more in one file, in DER, and what is something else. */
static void
takes_what_it_finds(void **state)
{
	char path[400];
	X509 *x;
	FILE *f;
	int i;

	(void)state;
	mr_old();
	mr_path(path, "found/below");
	assert_int_equal(mkdir(path, 0700), 0);
	x = mr_cert("dev-30", 30, "CA", mr.ca);
	mr_write("found/below/x.der", x, 1);
	X509_free(x);
	mr_path(path, "found/two.pem");
	assert_non_null(f = fopen(path, "w"));
	for (i = 31; i < 33; i++) {
		x = mr_cert("dev", i, "CA", mr.ca);
		fputs("some words before it\n", f);
		assert_true(PEM_write_X509(f, x));
		X509_free(x);
	}
	assert_int_equal(fclose(f), 0);
	put("found/README", "nothing to see");
	put("found/empty", "");
	put("found/bad.der", "0 is how DER begins");
	put("found/bad.tlog-proof", "c2sp.org/tlog-proof@v1\nindex x\n");
	mr_merged(with_folder(), 0);
	assert_int_equal(mr.res.certs, 3);
	assert_non_null(strstr(mr.told, "a proof that cannot be read"));
}

/* Damaged blocks, one that wants a passphrase, and one that is cut off. */
static void
takes_what_is_behind_a_damaged_one(void **state)
{
	static const char *const bad[] = {
	    "-----BEGIN CERTIFICATE-----\nMIIB!!!\n"
	    "-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
	    "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
	    "AAAA\n-----END CERTIFICATE-----\n",
	};
	char path[400];
	X509 *x;
	FILE *f;
	int i;

	(void)state;
	mr_old();
	mr_path(path, "found/bundle.pem");
	assert_non_null(f = fopen(path, "w"));
	for (i = 0; i < 3; i++) {
		x = mr_cert("dev", 31 + i, "CA", mr.ca);
		fputs(bad[i], f);
		assert_true(PEM_write_X509(f, x));
		X509_free(x);
	}
	fputs("-----BEGIN CERTIFICATE-----\nMIIB\n", f);
	assert_int_equal(fclose(f), 0);
	mr_merged(with_folder(), 0);
	assert_int_equal(mr.res.certs, 3);
	assert_int_equal(mr.res.damaged, 4);
	assert_non_null(strstr(mr.told, "bundle.pem: certificate 1 in it"));
	assert_non_null(strstr(mr.told, "bundle.pem: certificate 3 in it"));
	assert_non_null(strstr(mr.told, "bundle.pem: certificate 5 in it"));
	assert_non_null(strstr(mr.told, "bundle.pem: certificate 7 in it"));
	assert_null(strstr(mr.told, "bundle.pem: certificate 8 in it"));
}

static void
put_cert(FILE *f, int serial, int with_end)
{
	X509 *x = mr_cert("dev", serial, "CA", mr.ca);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	assert_true(PEM_write_bio_X509(bio, x));
	n = BIO_get_mem_data(bio, &text);
	/* Cut off within a line, as by a full disk. */
	assert_int_equal(fwrite(text, 1, (size_t)(with_end ? n : n / 2), f),
	    with_end ? n : n / 2);
	BIO_free(bio);
	X509_free(x);
}

/* Files that were cut off, and others behind them: with and without an end of
   line. What is no certificate is not counted as one, damaged or not. */
static void
takes_what_is_behind_one_that_is_cut_off(void **state)
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----\nMIIB!!!\n"
				  "-----END PRIVATE KEY-----\n";
	char path[400];
	FILE *f;

	(void)state;
	mr_old();
	mr_path(path, "found/bundle.pem");
	assert_non_null(f = fopen(path, "w"));
	put_cert(f, 33, 0);
	fputs("\n", f);
	put_cert(f, 34, 1);
	fputs(key, f);
	put_cert(f, 35, 0);
	put_cert(f, 36, 1);
	assert_int_equal(fclose(f), 0);
	mr_merged(with_folder(), 0);
	assert_int_equal(mr.res.certs, 2);
	assert_int_equal(mr.res.damaged, 2);
	assert_int_equal(mr_row(34).state, CERT_VALID);
	assert_int_equal(mr_row(36).state, CERT_VALID);
	assert_int_equal(mr_row(33).state, 0);
	assert_non_null(strstr(mr.told, "bundle.pem: certificate 1 in it"));
	assert_non_null(strstr(mr.told, "bundle.pem: certificate 3 in it"));
	assert_null(strstr(mr.told, "bundle.pem: certificate 2 in it"));
	assert_null(strstr(mr.told, "bundle.pem: certificate 4 in it"));
	assert_null(strstr(mr.told, "bundle.pem: certificate 5 in it"));
}

static int
proof_tx(struct store_tx *tx, void *arg)
{
	struct log_opening o = {.detail = NULL};
	struct entry_row e;
	char *text;

	(void)arg;
	assert_int_equal(entries_about(tx, "issue.recorded", "devices-g1",
	    "14", 0, &e), 1);
	strcpy(o.kind, e.kind);
	o.time = e.time;
	memcpy(o.salt, e.salt, LEAF_SALT);
	o.detail = e.detail;
	o.detail_len = e.detail_len;
	text = proof_make((uint64_t)e.index, &o, mr.r->n, mr.r->note,
	    entries_hash, tx);
	assert_non_null(text);
	put("found/a.tlog-proof", text);
	OPENSSL_free(text);
	entries_row_clear(&e);
	return 1;
}

static void
opens_by_a_proof(void **state)
{
	(void)state;
	mr_issue(20, 0);
	rig_publish(mr.r);
	READ(mr.r->t, proof_tx, NULL);
	mr_old();
	mr_merged(with_folder(), 1);
	assert_int_equal(mr.res.adopted, 2);
	assert_int_equal(mr.res.opened, 1);
	assert_int_equal(mr.res.unseen, 1);
	assert_int_equal(mr.res.unexplained, 0);
	assert_int_equal(mr_row(20).state, CERT_VALID);
	rig_is_well(mr.r, OF_STORE | OF_LOG);
	mr_merged(with_folder(), 1);
	assert_false(merge_changes(&mr.res));
}

static void
refuses_a_folder_that_is_not_there(void **state)
{
	(void)state;
	mr_old();
	assert_false(mr_merge((struct merge_request){.certs = "/none/x"}, 0));
	assert_raised(CA_E_BADREQUEST, "merge.file: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    MR_TEST(takes_what_it_finds),
	    MR_TEST(takes_what_is_behind_a_damaged_one),
	    MR_TEST(takes_what_is_behind_one_that_is_cut_off),
	    MR_TEST(opens_by_a_proof),
	    MR_TEST(refuses_a_folder_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
