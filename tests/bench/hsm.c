/*
 * Ratio 4: the HSM layer against a bare C_SignInit + C_Sign loop on the same
 * token, key and machine (P-256, SoftHSM): EVP_PKEY_sign on a digest, and
 * EVP_DigestSign over 700 octets. CPU time, alternating rounds.
 *
 * usage: hsm [CPU milliseconds in a round]
 */
#include "bench.h"
#include "hsm/private.h"

#define ROUNDS 9

struct bench {
	char dir[64];
	struct hsm *hsm;
	EVP_PKEY *key;
	double secs;
};

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
	for (t = cpu(); cpu() - t < b->secs; n++) {
		len = sizeof(sig);
		must(fn->C_SignInit(s, &mech, key->handle) == CKR_OK &&
		    fn->C_Sign(s, digest, sizeof(digest), sig, &len) ==
		    CKR_OK, "C_Sign");
	}
	t = cpu() - t;
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
	for (t = cpu(); cpu() - t < b->secs; n++) {
		len = sizeof(sig);
		must(EVP_PKEY_sign(ctx, sig, &len, digest, sizeof(digest)) ==
		    1, "EVP_PKEY_sign");
	}
	t = cpu() - t;
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

	for (t = cpu(); cpu() - t < b->secs; n++) {
		ctx = EVP_MD_CTX_new();
		len = sizeof(sig);
		must(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
		    b->key) == 1 && EVP_DigestSign(ctx, sig, &len, data,
		    sizeof(data)) == 1, "EVP_DigestSign");
		EVP_MD_CTX_free(ctx);
	}
	return (double)n / (cpu() - t);
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
	/* The bare loop has no limit either; the last line shows its cost. */
	cfg.call_limit = -1;
	cfg.module = "/usr/lib/softhsm/libsofthsm2.so";
	b->hsm = hsm_open(&cfg);
	must(b->hsm != NULL, "hsm_open");
	b->key = hsm_key_generate(b->hsm, HSM_KEY_EC_P256, "k");
	must(b->key != NULL, "hsm_key_generate");
	/* As inkan-ca has it, whose pipeline verifies by itself. */
	hsm_key_caller_verifies(b->key);
}

int
main(int argc, char **argv)
{
	struct bench b = {.secs = 0.3};
	double raw, sign, digest;
	char cmd[128];
	int i;

	if (argc > 1)
		b.secs = atof(argv[1]) / 1000;
	make_token(&b);
	for (i = 0; i < ROUNDS; i++) {
		raw = bare(&b);
		sign = pkey_sign(&b);
		digest = digest_sign(&b);
		printf("pair 4a %.0f %.0f\npair 4b %.0f %.0f\n", sign, raw,
		    digest, raw);
	}
	b.hsm->limit = HSM_CALL_LIMIT * 1000000000LL;
	printf("bounded in time (call_limit): EVP_PKEY_sign %.0f signatures/"
	    "CPU-s\n", pkey_sign(&b));
	EVP_PKEY_free(b.key);
	hsm_close(b.hsm);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", b.dir);
	return system(cmd) == 0 ? 0 : 1;
}
