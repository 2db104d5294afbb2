#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ra/attest/soft_tpm.h"
#include "ra/attest/credential.h"

/* MakeCredential: what a TPM (swtpm, where there is one) opens, and whom we give
   no credential. */

struct rig {
	struct attest_policy policy;
	struct credential_ask ask;
	struct credential_answer answer;
	struct attest_facts *facts;
	STACK_OF(X509) *anchors;
};

static const unsigned char secret[CREDENTIAL_SECRET_LEN] =
    "a secret of thirty-two octets...";
static const unsigned char nonce[32] = "a nonce of 32 octets, as it is..";

static X509 *
cert(const char *name)
{
	struct attest_octets der = golden("tpm.txt", name);
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);

	assert_non_null(x);
	return x;
}

/* swtpm dated its certificates by the clock. */
static time_t
day_after_issuing(const X509 *x)
{
	struct tm tm;

	assert_true(ASN1_TIME_to_tm(X509_get0_notBefore(x), &tm));
	return timegm(&tm) + 86400;
}

static struct rig *
rig_new(const char *ek)
{
	struct rig *r = calloc(1, sizeof(*r));
	char name[32];

	r->anchors = sk_X509_new_null();
	sk_X509_push(r->anchors, cert("ek-ca.root"));
	r->policy.formats = 1U << ATTEST_TPM;
	r->policy.tpm.ek.anchors = r->anchors;
	r->policy.tpm.classes = ATTEST_TPM_VIRTUAL;
	r->ask.certs = sk_X509_new_null();
	snprintf(name, sizeof(name), "%s.cert", ek);
	sk_X509_push(r->ask.certs, cert(name));
	sk_X509_push(r->ask.certs, cert("ek-ca.issuer"));
	snprintf(name, sizeof(name), "%s.pub", ek);
	r->ask.ek_public = golden("tpm.txt", name);
	r->ask.ak_public = golden("tpm.txt", "ak-p256.pub");
	r->ask.nonce = octets_of(nonce, 32);
	r->ask.secret = secret;
	r->ask.now = day_after_issuing(sk_X509_value(r->ask.certs, 0));
	r->ask.policy = &r->policy;
	r->facts = attest_facts_new();
	return r;
}

static void
rig_free(struct rig *r)
{
	attest_facts_free(r->facts);
	sk_X509_pop_free(r->ask.certs, X509_free);
	sk_X509_pop_free(r->anchors, X509_free);
	free(r);
}

static void
refused(struct rig *r, const char *rule)
{
	assert_false(credential_begin(&r->ask, &r->answer, r->facts));
	assert_rule(rule);
	rig_free(r);
}

static void
good(void **state)
{
	static const char *const eks[] = { "ek-rsa", "ek-p384" };
	static const size_t id_len[] = { 70, 86 }, secret_len[] = { 258, 102 };
	unsigned char want[32], in[16 + 1 + 32 + 32 + 34];
	struct rig *r;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		r = rig_new(eks[i]);
		if (!credential_begin(&r->ask, &r->answer, r->facts))
			assert_rule("nothing");
		assert_int_equal(r->answer.blobs.id_object_len, id_len[i]);
		assert_int_equal(r->answer.blobs.secret_len, secret_len[i]);
		assert_string_equal(
		    attest_facts_get(r->facts, "tpm.class"), "virtual");
		assert_string_equal(
		    attest_facts_get(r->facts, "tpm.maker.id"), "id:00001014");
		memcpy(in, "inkan-tpm-act-v1", 17);
		memcpy(in + 17, nonce, 32);
		memcpy(in + 49, secret, 32);
		memcpy(in + 81, r->answer.name, 34);
		assert_true(EVP_Q_digest(NULL, "SHA256", NULL, in, sizeof(in),
		    want, NULL));
		assert_memory_equal(r->answer.expected, want, 32);
		rig_free(r);
	}
}

/* The public area may be left away where the template is the usual one. */
static void
template(void **state)
{
	struct rig *r = rig_new("ek-p384");

	(void)state;
	r->ask.ek_public.len = 0;
	assert_true(credential_begin(&r->ask, &r->answer, r->facts));
	assert_int_equal(r->answer.blobs.id_object_len, 86);
	rig_free(r);
}

static void
wrong_ek(void **state)
{
	struct rig *r = rig_new("ek-rsa");

	(void)state;
	r->ask.ek_public = golden("tpm.txt", "ek-p384.pub");
	refused(r, "attest.tpm.ek-key");
	r = rig_new("ek-rsa");
	r->ask.ek_public = golden("tpm.txt", "ak-rsa.pub");
	refused(r, "attest.tpm.ek-key");
	r = rig_new("ek-rsa");
	r->policy.tpm.ek.anchors = NULL;
	refused(r, "attest.tpm.ek-path");
	r = rig_new("ek-rsa");
	X509_free(sk_X509_pop(r->ask.certs)); /* the issuer */
	refused(r, "attest.tpm.ek-path");
	r = rig_new("ek-rsa");
	r->policy.tpm.classes = ATTEST_TPM_DISCRETE | ATTEST_TPM_FIRMWARE;
	refused(r, "attest.tpm.ek-class");
}

static void
wrong_ak(void **state)
{
	struct rig *r = rig_new("ek-rsa");

	(void)state;
	r->ask.ak_public = golden("tpm.txt", "ak-loose.pub");
	refused(r, "attest.tpm.ak-attributes");
	r = rig_new("ek-rsa");
	r->ask.ak_public = golden("tpm.txt", "ek-rsa.pub");
	refused(r, "attest.tpm.ak-attributes");
	r = rig_new("ek-rsa");
	r->ask.ak_public.len--;
	refused(r, "attest.tpm.ak-public");
	r = rig_new("ek-rsa");
	r->ask.nonce.len = 7;
	refused(r, "attest.tpm.credential");
}

/* ---- A TPM that opens them ---- */

/* A command in ${dir}, told where its TPM is. */
static int
run(const char *dir, const char *a, const char *b, const char *c)
{
	char command[1024];

	snprintf(command, sizeof(command),
	    "cd %s && export TPM2TOOLS_TCTI=swtpm:path=%s/s && %s%s%s", dir, dir,
	    a, b, c);
	return system(command);
}

static void
slurp(const char *dir, const char *name, unsigned char *out, size_t *len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	*len = fread(out, 1, 1024, f);
	fclose(f);
}

/* The file that tpm2_activatecredential reads. */
static void
spew(const char *dir, const struct credential *c)
{
	static const unsigned char head[] = { 0xba, 0xdc, 0xc0, 0xde, 0, 0, 0,
		1 };
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/cred", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(head, 1, sizeof(head), f);
	fwrite(c->id_object, 1, c->id_object_len, f);
	fwrite(c->secret, 1, c->secret_len, f);
	fclose(f);
}

static void
open_with(const char *dir, const char *ek_kind, int right)
{
	unsigned char pub[1024], ak[1024], got[1024];
	struct credential blobs;
	struct credential_ek ek = { NULL, 0, 0 };
	struct tpm_public e, a;
	size_t n;

	assert_int_equal(run(dir, "tpm2_createek -Q -c ek.ctx -u ek.pub -G ",
			     ek_kind,
			     " && tpm2_flushcontext -t && tpm2_createak -Q "
			     "-C ek.ctx -G ecc -g sha256 -s ecdsa -c ak.ctx "
			     "-u ak.pub && tpm2_flushcontext -t"), 0);
	slurp(dir, "ek.pub", pub, &n); /* TPM2B_PUBLIC: a size in front */
	assert_true(tpm_public_read("ek", "pub", octets_of(pub + 2, n - 2), 0,
	    &e));
	slurp(dir, "ak.pub", ak, &n);
	assert_true(tpm_public_read("ak", "pub", octets_of(ak + 2, n - 2), 0,
	    &a));
	ek.key = e.key;
	ek.hash = e.hash;
	ek.aes = e.t.parameters.asymDetail.symmetric.keyBits.aes;
	a.name[5] ^= right ? 0 : 1;
	assert_true(credential_make(&ek, octets_of(a.name, a.name_len), secret,
	    &blobs));
	spew(dir, &blobs);
	/* The templates of the low range (here all but P-384) want a session, those
	   of the high range do not. */
	n = (size_t)run(dir, "rm -f out; tpm2_startauthsession --policy-session "
		"-S s.ctx && tpm2_policysecret -Q -S s.ctx -c e && "
		"tpm2_activatecredential -Q -c ak.ctx -C ek.ctx -i cred -o out",
	    strcmp(ek_kind, "ecc384") == 0 ? "" : " -P session:s.ctx",
	    right ? "; r=$?; tpm2_flushcontext s.ctx; tpm2_flushcontext -t; "
		    "exit $r"
		  : " 2>/dev/null; r=$?; tpm2_flushcontext s.ctx; "
		    "tpm2_flushcontext -t; exit $r");
	assert_int_equal(n == 0, right);
	if (right) {
		slurp(dir, "out", got, &n);
		assert_int_equal(n, sizeof(secret));
		assert_memory_equal(got, secret, sizeof(secret));
	}
	tpm_public_clear(&e);
	tpm_public_clear(&a);
}

static void
live(void **state)
{
	char dir[] = "/tmp/inkan-tpm-XXXXXX";

	(void)state;
	if (system("command -v swtpm tpm2_activatecredential >/dev/null") != 0) {
		print_message("no swtpm or tpm2-tools here\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	assert_int_equal(run(dir, "swtpm socket --tpm2 --tpmstate dir=. "
		"--ctrl type=unixio,path=s.ctrl --server type=unixio,path=s "
		"--flags not-need-init,startup-clear --daemon "
		"--pid file=pid", "", ""), 0);
	open_with(dir, "rsa", 1);
	open_with(dir, "ecc", 1);
	open_with(dir, "ecc384", 1);
	open_with(dir, "ecc", 0);
	run(dir, "kill $(cat pid); rm -r ", dir, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(template),
		cmocka_unit_test(wrong_ek), cmocka_unit_test(wrong_ak),
		cmocka_unit_test(live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
