#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ca/engine/maker_crl.h"
#include "ca/engine/maker_crls_folder.h"
#include "ca/report/report.h"

struct place {
	char dir[64];
	EVP_PKEY *key;
	X509 *ca;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct make_spec s = {.subject = "CN=R"};

	report_init("test", REPORT_ERROR, 2);
	snprintf(p->dir, sizeof(p->dir), "/tmp/inkan-crls-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	s.key = s.issuer_key = p->key = EVP_EC_gen("P-256");
	p->ca = make_cert(&s, 1);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	X509_free(p->ca);
	EVP_PKEY_free(p->key);
	free(p);
	return 0;
}

static int
count(const struct maker_crls_info *info, void *arg)
{
	assert_true(info->file[0] != '\0');
	(*(int *)arg)++;
	return 1;
}

static int
number_of(const struct crl_set *s)
{
	int n = 0;

	assert_int_equal(crl_set_list(s, count, &n), 1);
	return n;
}

static void
is_breach(struct crl_spec s, const char *want)
{
	X509_CRL *crl = make_crl(&s);
	const char *why = crl_set_breach(crl);

	if (want == NULL)
		assert_null(why);
	else if (why == NULL || strstr(why, want) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", why == NULL ? "" : why, want);
	X509_CRL_free(crl);
}

static void
what_is_taken(void **state)
{
	struct place *p = *state;
	struct crl_spec s = {.issuer = p->ca, .key = p->key}, t;

	is_breach(s, NULL);
#define WITH(member, value, want)                                              \
	do {                                                                   \
		t = s;                                                         \
		t.member = (value);                                            \
		is_breach(t, want);                                            \
	} while (0)
	WITH(idp, "onlyuser:TRUE", NULL);
	WITH(idp, "fullname:URI:http://x/1.crl", NULL);
	WITH(delta, 1, "delta");
	WITH(to, -1, "nextUpdate");
	WITH(critical, "1.2.3.4", "critical extension");
	WITH(idp, "indirectCRL:TRUE", "indirect");
	WITH(idp, "onlysomereasons:keyCompromise", "some reasons");
	WITH(idp, "onlyAA:TRUE", "attribute certificates");
#undef WITH
}

static void
files(void **state)
{
	struct place *p = *state;
	struct crl_spec s = {.issuer = p->ca, .key = p->key};
	struct crl_set *a, *b, *c;
	char cmd[256];
	X509_CRL *crl = make_crl(&s);

	put_crl(p->dir, "a.crl", crl, 0);
	put_crl(p->dir, "b.pem", crl, 1);
	put_crl(p->dir, ".hidden", crl, 0);
	a = crl_set_read(p->dir, NULL);
	assert_non_null(a);
	assert_int_equal(number_of(a), 2);
	/* Nothing new: the same set. */
	b = crl_set_read(p->dir, a);
	assert_ptr_equal(a, b);
	crl_set_put(b);
	/* Two in a file; folders and what is no CRL are left out. */
	snprintf(cmd, sizeof(cmd), "cd %s && cat b.pem b.pem >c.pem && mkdir d &&"
	    " echo x >e.crl && (cat a.crl; echo) >f.crl && : >g.crl", p->dir);
	assert_int_equal(system(cmd), 0);
	b = crl_set_read(p->dir, a);
	assert_ptr_not_equal(a, b);
	assert_int_equal(number_of(b), 4);
	assert_int_equal(number_of(a), 2);
	crl_set_put(a); /* what both have stays */
	assert_int_equal(number_of(b), 4);
	c = crl_set_read("/nowhere/at/all", b);
	assert_null(c);
	crl_set_put(b);
	crl_set_put(NULL);
	X509_CRL_free(crl);
	assert_int_equal(ERR_peek_error(), 0);
}

/* As many descriptors as there are, and one more: the folder's. */
static struct crl_set *
read_without(const char *dir, struct crl_set *before)
{
	struct rlimit was, few;
	int fd = dup(0);
	struct crl_set *s;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = (rlim_t)fd + 1;
	close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	s = crl_set_read(dir, before);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_non_null(s);
	return s;
}

/* What cannot be read now is read later, though the file is the same still; until
   then, what was read of that name holds. */
static void
unread(void **state)
{
	struct place *p = *state;
	struct crl_spec s = {.issuer = p->ca, .key = p->key};
	struct crl_set *a, *b, *c;

	put_new_crl(p->dir, "a.crl", &s);
	a = crl_set_read(p->dir, NULL);
	assert_int_equal(number_of(a), 1);
	put_new_crl(p->dir, "a.crl", &s);
	put_new_crl(p->dir, "b.crl", &s);
	b = read_without(p->dir, a);
	assert_int_equal(number_of(b), 1);
	c = read_without(p->dir, b);
	assert_int_equal(number_of(c), 1);
	crl_set_put(a);
	crl_set_put(b);
	a = crl_set_read(p->dir, c);
	assert_int_equal(number_of(a), 2);
	b = crl_set_read(p->dir, a);
	assert_ptr_equal(a, b);
	crl_set_put(a);
	crl_set_put(b);
	crl_set_put(c);
}

/* One of more octets than anybody needs is not read. */
static void
too_large(void **state)
{
	struct place *p = *state;
	struct crl_set *s;
	char path[128];

	snprintf(path, sizeof(path), "%s/big.crl", p->dir);
	put_new_crl(p->dir, "big.crl",
	    &(struct crl_spec){.issuer = p->ca, .key = p->key});
	assert_int_equal(truncate(path, MAKER_CRLS_FILE_MAX + 1), 0);
	s = crl_set_read(p->dir, NULL);
	assert_int_equal(number_of(s), 0);
	crl_set_put(s);
}

static void
by_issuer(void **state)
{
	struct place *p = *state;
	struct make_spec s = {.subject = "CN=Other", .key = p->key,
	    .issuer_key = p->key};
	X509 *other = make_cert(&s, 9), *leaf;
	STACK_OF(X509_CRL) *found;
	struct crl_set *set;

	s.subject = "CN=leaf";
	s.issuer = p->ca;
	leaf = make_cert(&s, 10);
	put_new_crl(p->dir, "a.crl",
	    &(struct crl_spec){.issuer = p->ca, .key = p->key});
	put_new_crl(p->dir, "b.crl",
	    &(struct crl_spec){.issuer = other, .key = p->key});
	set = crl_set_read(p->dir, NULL);
	assert_int_equal(number_of(set), 2);
	found = crl_set_of(set, leaf, NULL);
	assert_int_equal(sk_X509_CRL_num(found), 1);
	assert_int_equal(
	    X509_NAME_cmp(X509_CRL_get_issuer(sk_X509_CRL_value(found, 0)),
		X509_get_subject_name(p->ca)),
	    0);
	sk_X509_CRL_free(found);
	crl_set_put(set);
	X509_free(leaf);
	X509_free(other);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(what_is_taken), T(files), T(unread), T(too_large), T(by_issuer)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
