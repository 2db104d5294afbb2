#include "tests/unit/ca/cli/canned.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "ca/cli/file.h"
#include "ca/report/report.h"

static EVP_PKEY *key;
static unsigned char *csr, *spki;
static size_t csr_len, spki_len;

static int
setup(void **state)
{
	X509_REQ *req = X509_REQ_new();
	int n;

	(void)state;
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ_set_pubkey(req, key);
	X509_REQ_sign(req, key, EVP_sha256());
	csr_len = (size_t)i2d_X509_REQ(req, &csr);
	n = i2d_PUBKEY(key, &spki);
	spki_len = (size_t)n;
	X509_REQ_free(req);
	return canned_start(state);
}

static int
teardown(void **state)
{
	EVP_PKEY_free(key);
	OPENSSL_free(csr);
	OPENSSL_free(spki);
	csr = spki = NULL;
	return canned_stop(state);
}

/* The one bytes value that the file gives is this. */
static void
gives(int (*add)(WIRE_FIELDS *, const char *, const char *),
    const unsigned char *want, size_t want_len)
{
	WIRE_FIELDS *l = field_list_new();
	const unsigned char *p;
	size_t len;

	assert_int_equal(add(l, "f", canned_file("f")), 1);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(field_count(l, "f"), 1);
	p = field_bytes(l, "f", &len);
	assert_int_equal(len, want_len);
	assert_memory_equal(p, want, want_len);
	field_list_free(l);
}

static void
refuses(int (*add)(WIRE_FIELDS *, const char *, const char *), const char *why)
{
	WIRE_FIELDS *l = field_list_new();
	char text[1024];

	assert_int_equal(add(l, "f", canned_file("f")), 0);
	report_trace(text, sizeof(text));
	assert_in(text, why);
	ERR_clear_error();
	assert_int_equal(field_count(l, "f"), 0);
	field_list_free(l);
}

static void
write_pem(const char *label, const unsigned char *der, size_t len)
{
	char *text = file_pem(label, der, len);

	assert_non_null(text);
	canned_write("f", text, strlen(text));
	OPENSSL_free(text);
}

static void
test_csr(void **state)
{
	char *pem, *text;

	(void)state;
	canned_write("f", csr, csr_len);
	gives(file_add_csr, csr, csr_len);
	write_pem("CERTIFICATE REQUEST", csr, csr_len);
	gives(file_add_csr, csr, csr_len);
	write_pem("NEW CERTIFICATE REQUEST", csr, csr_len);
	gives(file_add_csr, csr, csr_len);
	/* Words before it, as "openssl req -text" writes them. */
	pem = file_pem("CERTIFICATE REQUEST", csr, csr_len);
	assert_true(asprintf(&text, "0 words:\n  x\n%s", pem) > 0);
	canned_write("f", text, strlen(text));
	gives(file_add_csr, csr, csr_len);
	free(text);
	OPENSSL_free(pem);
}

static void
test_csr_refused(void **state)
{
	static unsigned char big[FILE_MAX + 1];
	char *pem, *text;

	(void)state;
	refuses(file_add_csr, "No such file");
	canned_write("f", "", 0);
	refuses(file_add_csr, "is empty");
	memset(big, 'x', sizeof(big));
	canned_write("f", big, sizeof(big));
	refuses(file_add_csr, "is above");
	canned_write("f", "hello\n", 6);
	refuses(file_add_csr, "PEM or DER");
	write_pem("CERTIFICATE", csr, csr_len);
	refuses(file_add_csr, "0 of certificate request");
	pem = file_pem("CERTIFICATE REQUEST", csr, csr_len);
	assert_true(asprintf(&text, "%s%s", pem, pem) > 0);
	canned_write("f", text, strlen(text));
	OPENSSL_free(pem);
	{
		WIRE_FIELDS *l = field_list_new();

		assert_int_equal(file_add_csr(l, "f", canned_file("f")), 0);
		field_list_free(l);
	}
	free(text);
}

static void
test_key(void **state)
{
	(void)state;
	canned_write("f", spki, spki_len);
	gives(file_add_key, spki, spki_len);
	write_pem("PUBLIC KEY", spki, spki_len);
	gives(file_add_key, spki, spki_len);
	write_pem("CERTIFICATE REQUEST", csr, csr_len);
	gives(file_add_key, spki, spki_len);
}

static void
test_key_refused(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	(void)state;
	assert_int_equal(
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(bio, &p);
	canned_write("f", p, (size_t)n);
	refuses(file_add_key, "private key");
	BIO_free(bio);
	write_pem("CERTIFICATE REQUEST", csr, csr_len / 2);
	refuses(file_add_key, "no public key");
}

static void
test_chain(void **state)
{
	WIRE_FIELDS *l = field_list_new();
	char text[4096] = "", *pem;
	int i;

	(void)state;
	pem = file_pem("CERTIFICATE", (const unsigned char *)"\x30\x00", 2);
	for (i = 0; i < FILE_CHAIN_MAX; i++)
		strcat(text, pem);
	canned_write("f", text, strlen(text));
	assert_int_equal(file_add_chain(l, "c", canned_file("f")), 1);
	assert_int_equal(field_count(l, "c"), FILE_CHAIN_MAX);
	strcat(text, pem);
	canned_write("f", text, strlen(text));
	assert_int_equal(file_add_chain(l, "c", canned_file("f")), 0);
	OPENSSL_free(pem);
	field_list_free(l);
}

/* One, and not the first of several. */
static void
test_cert(void **state)
{
	WIRE_FIELDS *l = field_list_new();
	char text[4096] = "", *pem;

	(void)state;
	pem = file_pem("CERTIFICATE", (const unsigned char *)"\x30\x00", 2);
	strcat(text, pem);
	canned_write("f", text, strlen(text));
	assert_int_equal(file_add_cert(l, "c", canned_file("f")), 1);
	assert_int_equal(field_count(l, "c"), 1);
	strcat(text, pem);
	canned_write("f", text, strlen(text));
	assert_int_equal(file_add_cert(l, "c", canned_file("f")), 0);
	OPENSSL_free(pem);
	pem = file_pem("X509 CRL", (const unsigned char *)"\x30\x00", 2);
	canned_write("f", pem, strlen(pem));
	assert_int_equal(file_add_cert(l, "c", canned_file("f")), 0);
	OPENSSL_free(pem);
	field_list_free(l);
}

static void
test_write(void **state)
{
	struct stat st;
	char path[160], buf[4096] = "", *want;
	FILE *f;

	(void)state;
	strcpy(path, canned_file("out"));
	umask(077);
	assert_int_equal(file_write_pem(path, "X", csr, csr_len), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* An existing file is replaced whole. */
	assert_int_equal(file_write_pem(path, "Y", spki, spki_len), 1);
	assert_non_null(f = fopen(path, "r"));
	assert_true(fread(buf, 1, sizeof(buf) - 1, f) > 0);
	fclose(f);
	want = file_pem("Y", spki, spki_len);
	assert_string_equal(buf, want);
	OPENSSL_free(want);
	/* A device stays a device. */
	assert_int_equal(file_write_pem("/dev/null", "X", csr, csr_len), 1);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(file_write_pem("/nowhere/x", "X", csr, csr_len), 0);
	assert_int_equal(file_write_pem(canned.dir, "X", csr, csr_len), 0);
}

/* With ${text} as standard input. */
static int
secret(const char *text, char *buf, size_t size)
{
	int fds[2], saved = dup(0), r;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(
	    write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
	close(fds[1]);
	dup2(fds[0], 0);
	close(fds[0]);
	r = file_read_secret("?", buf, size);
	dup2(saved, 0);
	close(saved);
	return r;
}

static void
test_secret(void **state)
{
	char buf[9];

	(void)state;
	assert_int_equal(secret("12345678\n", buf, sizeof(buf)), 1);
	assert_string_equal(buf, "12345678");
	assert_int_equal(secret("a b\r\nnext", buf, sizeof(buf)), 1);
	assert_string_equal(buf, "a b");
	assert_int_equal(secret("no end", buf, sizeof(buf)), 1);
	assert_string_equal(buf, "no end");
	assert_int_equal(secret("123456789\n", buf, sizeof(buf)), 0);
	assert_int_equal(secret("\n", buf, sizeof(buf)), 0);
	assert_int_equal(secret("", buf, sizeof(buf)), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_csr),
	    T(test_csr_refused),
	    T(test_key),
	    T(test_key_refused),
	    T(test_chain),
	    T(test_cert),
	    T(test_write),
	    T(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
