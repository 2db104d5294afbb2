/*
 * The HSM layer against a bare C_SignInit + C_Sign loop on the same token, key
 * and machine (P-256, SoftHSM): EVP_PKEY_sign on a digest, and EVP_DigestSign
 * over 700 octets. Alternating rounds, median of the ratios.
 *
 * usage: hsm [milliseconds in a round]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/evp.h>
#include "hsm/private.h"

#define ROUNDS 5

struct bench {
	char dir[64];
	struct hsm *hsm;
	EVP_PKEY *key;
	double secs;
};

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "hsm: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
bare(struct bench *b)
{
	struct hsm_key *key = hsm_provider_key(b->key);
	CK_FUNCTION_LIST *fn = b->hsm->module->fn;
	CK_MECHANISM mech = {CKM_ECDSA, NULL, 0};
	CK_SESSION_HANDLE s;
	unsigned char digest[32] = {1}, sig[128];
	CK_ULONG len;
	double t;
	long n = 0;

	must(fn->C_OpenSession(b->hsm->slot, CKF_SERIAL_SESSION, NULL, NULL,
	    &s) == CKR_OK, "C_OpenSession");
	for (t = now(); now() - t < b->secs; n++) {
		len = sizeof(sig);
		must(fn->C_SignInit(s, &mech, key->handle) == CKR_OK &&
		    fn->C_Sign(s, digest, sizeof(digest), sig, &len) ==
		    CKR_OK, "C_Sign");
	}
	t = now() - t;
	fn->C_CloseSession(s);
	return (double)n / t;
}

static double
pkey_sign(struct bench *b)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->key, NULL);
	unsigned char digest[32] = {1}, sig[128];
	size_t len;
	double t;
	long n = 0;

	must(ctx != NULL && EVP_PKEY_sign_init(ctx) == 1, "sign_init");
	for (t = now(); now() - t < b->secs; n++) {
		len = sizeof(sig);
		must(EVP_PKEY_sign(ctx, sig, &len, digest, sizeof(digest)) ==
		    1, "EVP_PKEY_sign");
	}
	t = now() - t;
	EVP_PKEY_CTX_free(ctx);
	return (double)n / t;
}

static double
digest_sign(struct bench *b)
{
	unsigned char data[700] = {1}, sig[128];
	EVP_MD_CTX *ctx;
	size_t len;
	double t;
	long n = 0;

	for (t = now(); now() - t < b->secs; n++) {
		ctx = EVP_MD_CTX_new();
		len = sizeof(sig);
		must(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
		    b->key) == 1 && EVP_DigestSign(ctx, sig, &len, data,
		    sizeof(data)) == 1, "EVP_DigestSign");
		EVP_MD_CTX_free(ctx);
	}
	return (double)n / (now() - t);
}

static void
make_token(struct bench *b)
{
	char cmd[1024], pin[128], conf[128];
	struct hsm_config cfg = {.uri = "pkcs11:token=bench", .sessions = 2};

	snprintf(b->dir, sizeof(b->dir), "/tmp/inkan-bench-XXXXXX");
	must(mkdtemp(b->dir) != NULL, "mkdtemp");
	snprintf(cmd, sizeof(cmd), "cd %s && umask 077 && mkdir t && "
	    "echo 1234 >pin && printf 'directories.tokendir = %s/t\\n' >conf "
	    "&& SOFTHSM2_CONF=conf softhsm2-util --init-token --free "
	    "--label bench --so-pin 12345678 --pin 1234 >/dev/null", b->dir,
	    b->dir);
	must(system(cmd) == 0, "softhsm2-util");
	snprintf(pin, sizeof(pin), "%s/pin", b->dir);
	snprintf(conf, sizeof(conf), "%s/conf", b->dir);
	cfg.pin.kind = HSM_PIN_FILE;
	cfg.pin.name = pin;
	cfg.softhsm_conf = conf;
	cfg.module = "/usr/lib/softhsm/libsofthsm2.so";
	b->hsm = hsm_open(&cfg);
	must(b->hsm != NULL, "hsm_open");
	b->key = hsm_key_generate(b->hsm, HSM_KEY_EC_P256, "k");
	must(b->key != NULL, "hsm_key_generate");
}

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	struct bench b = {.secs = 0.5};
	double raw, sign[ROUNDS], digest[ROUNDS];
	char cmd[128];
	int i;

	if (argc > 1)
		b.secs = atof(argv[1]) / 1000;
	make_token(&b);
	for (i = 0; i < ROUNDS; i++) {
		raw = bare(&b);
		sign[i] = pkey_sign(&b) / raw;
		digest[i] = digest_sign(&b) / raw;
		printf("hsm: round %d: bare loop %.0f/s, EVP_PKEY_sign %.3f of "
		    "it, EVP_DigestSign %.3f\n", i + 1, raw, sign[i],
		    digest[i]);
	}
	qsort(sign, ROUNDS, sizeof(double), order);
	qsort(digest, ROUNDS, sizeof(double), order);
	printf("hsm: median of %d: EVP_PKEY_sign %.3f (goal 0.90), "
	    "EVP_DigestSign %.3f (goal 0.85)\n", ROUNDS, sign[ROUNDS / 2],
	    digest[ROUNDS / 2]);
	EVP_PKEY_free(b.key);
	hsm_close(b.hsm);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", b.dir);
	return system(cmd) == 0 ? 0 : 1;
}
