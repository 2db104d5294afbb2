#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ca/engine/maker_crl.h"
#include "ca/engine/maker_crls.h"
#include "ca/report/report.h"

/* A maker's chain of three against CRLs in a folder. */
struct pki {
	char dir[64];
	EVP_PKEY *key[3], *stranger;
	X509 *root, *sub, *leaf;
	X509_STORE *anchors;
	STACK_OF(X509) *rest;
	struct maker_crls *crls;
	struct crl_spec of_root, of_sub;
	time_t now;
	char why[MAKER_CRLS_WHY_MAX];
};

#define LEAF 77

static void
make_chain(struct pki *p)
{
	struct make_spec root = {.subject = "CN=R",
	    .issuer_key = p->key[0],
	    .key = p->key[0],
	    .bc = "critical,CA:TRUE",
	    .ku = "critical,keyCertSign,cRLSign",
	    .to = NOW + 9000 * (int64_t)DAY};
	struct make_spec sub = root, leaf = root;

	p->root = make_cert(&root, 1);
	sub.subject = "CN=S";
	sub.issuer = p->root;
	sub.key = p->key[1];
	p->sub = make_cert(&sub, 2);
	leaf.subject = "serialNumber=d";
	leaf.issuer = p->sub;
	leaf.issuer_key = p->key[1];
	leaf.key = p->key[2];
	leaf.bc = leaf.ku = NULL;
	p->leaf = make_cert(&leaf, LEAF);
}

static int
setup(void **state)
{
	struct pki *p = calloc(1, sizeof(*p));
	size_t i;

	report_init("test", REPORT_ERROR, 2);
	snprintf(p->dir, sizeof(p->dir), "/tmp/inkan-crls-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	for (i = 0; i < 3; i++)
		p->key[i] = EVP_EC_gen("P-256");
	p->stranger = EVP_EC_gen("P-256");
	make_chain(p);
	p->anchors = X509_STORE_new();
	assert_int_equal(X509_STORE_add_cert(p->anchors, p->root), 1);
	p->rest = sk_X509_new_null();
	sk_X509_push(p->rest, p->sub);
	p->of_root = (struct crl_spec){.issuer = p->root, .key = p->key[0]};
	p->of_sub = (struct crl_spec){.issuer = p->sub, .key = p->key[1]};
	p->now = NOW;
	p->crls = maker_crls_new(p->dir, p->now);
	assert_non_null(p->crls);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pki *p = *state;
	char cmd[128];
	size_t i;

	maker_crls_free(p->crls);
	X509_STORE_free(p->anchors);
	sk_X509_free(p->rest);
	X509_free(p->root);
	X509_free(p->sub);
	X509_free(p->leaf);
	for (i = 0; i < 3; i++)
		EVP_PKEY_free(p->key[i]);
	EVP_PKEY_free(p->stranger);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

/* Put both CRLs there, be late enough that the folder is looked at, and check. */
static enum maker_crls_verdict
check(struct pki *p)
{
	put_new_crl(p->dir, "root.crl", &p->of_root);
	put_new_crl(p->dir, "sub.crl", &p->of_sub);
	p->now += MAKER_CRLS_EVERY;
	return maker_crls_check(
	    p->crls, p->anchors, 3, p->leaf, p->rest, p->now, p->why);
}

#define is(p, verdict) assert_int_equal(check(p), MAKER_CRLS_##verdict)

/* As WITH() is for leaves: one thing is otherwise, and then as before again. */
#define WITH(which, member, value, verdict)                                    \
	do {                                                                   \
		struct crl_spec was = p->which;                                \
		p->which.member = (value);                                     \
		is(p, verdict);                                                \
		p->which = was;                                                \
	} while (0)

static void
the_whole_chain(void **state)
{
	struct pki *p = *state;

	is(p, GOOD);
	assert_string_equal(p->why, "");
	WITH(of_sub, revoked[0], LEAF, REVOKED);
	WITH(of_sub, revoked[0], LEAF + 1, GOOD);
	WITH(of_root, revoked[0], 2, REVOKED); /* the intermediate */
	WITH(of_root, revoked[0], LEAF, GOOD); /* another CA's number */
	WITH(of_root, revoked[0], 1, GOOD);    /* the anchor is the fleet's word */
	p->of_sub.reason = 6;		       /* on hold is revoked, too */
	WITH(of_sub, revoked[0], LEAF, REVOKED);
}

static void
times(void **state)
{
	struct pki *p = *state;

	WITH(of_sub, to, NOW - 60, UNKNOWN);
	assert_non_null(strstr(p->why, "expired, for certificate 1"));
	WITH(of_sub, from, NOW + 3600, UNKNOWN);
	WITH(of_root, to, NOW - 60, UNKNOWN);
	assert_non_null(strstr(p->why, "for certificate 2"));
	WITH(of_sub, to, -1, UNKNOWN); /* without nextUpdate */
	/* Too old to tell that it is good, not that it is revoked. */
	p->of_sub.to = NOW - 60;
	WITH(of_sub, revoked[0], LEAF, REVOKED);
	p->of_sub.to = 0;
	p->of_root.to = NOW - 60; /* of the other one either */
	WITH(of_sub, revoked[0], LEAF, REVOKED);
}

/* Nobody is believed for lying in the folder. */
static void
signatures(void **state)
{
	struct pki *p = *state;

	WITH(of_sub, key, p->stranger, UNKNOWN);
	assert_non_null(strstr(p->why, "signature"));
	p->of_sub.revoked[0] = LEAF;
	WITH(of_sub, key, p->stranger, UNKNOWN);
	p->of_sub.revoked[0] = 0;
	WITH(of_sub, issuer, p->root, UNKNOWN); /* another name */
	WITH(of_root, issuer, p->sub, UNKNOWN);
	is(p, GOOD);
}

static void
kinds(void **state)
{
	struct pki *p = *state;

	WITH(of_sub, delta, 1, UNKNOWN);
	WITH(of_sub, critical, "1.2.3.4", UNKNOWN);
	WITH(of_sub, idp, "onlyuser:TRUE", GOOD);
	WITH(of_sub, idp, "onlyCA:TRUE", UNKNOWN);
	WITH(of_root, idp, "onlyCA:TRUE", GOOD);
	WITH(of_sub, idp, "onlyAA:TRUE", UNKNOWN);
	WITH(of_sub, idp, "indirectCRL:TRUE", UNKNOWN);
	WITH(of_sub, idp, "onlysomereasons:keyCompromise", UNKNOWN);
	/* A part of the issuer's certificates, and the leaf does not say that
	   it is among them. */
	WITH(of_sub, idp, "fullname:URI:http://x/1.crl", UNKNOWN);
}

static void
changes(void **state)
{
	struct pki *p = *state;
	char path[128];
	X509_CRL *crl;

	is(p, GOOD);
	/* The newest of two counts. */
	p->of_sub.revoked[0] = LEAF;
	p->of_sub.from = NOW - 60;
	put_new_crl(p->dir, "newer.crl", &p->of_sub);
	p->of_sub.revoked[0] = p->of_sub.from = 0;
	assert_int_equal(maker_crls_check(p->crls, p->anchors, 3, p->leaf,
			     p->rest, p->now + 1, p->why),
	    MAKER_CRLS_GOOD); /* not looked yet */
	is(p, REVOKED);
	snprintf(path, sizeof(path), "%s/newer.crl", p->dir);
	assert_int_equal(unlink(path), 0);
	is(p, GOOD);
	/* PEM, and rubbish beside it. */
	crl = make_crl(&p->of_sub);
	put_crl(p->dir, "sub.pem", crl, 1);
	X509_CRL_free(crl);
	snprintf(path, sizeof(path), "echo no >%s/readme.txt", p->dir);
	assert_int_equal(system(path), 0);
	is(p, GOOD);
	snprintf(path, sizeof(path), "rm -f %s/*", p->dir);
	assert_int_equal(system(path), 0);
	p->now += MAKER_CRLS_EVERY;
	assert_int_equal(maker_crls_check(p->crls, p->anchors, 3, p->leaf,
			     p->rest, p->now, p->why),
	    MAKER_CRLS_UNKNOWN);
	assert_non_null(strstr(p->why, "unable to get certificate CRL"));
}

struct asker {
	struct pki *p;
	int bad;
};

static void *
ask_on(void *arg)
{
	struct asker *a = arg;
	char why[MAKER_CRLS_WHY_MAX];
	int i;

	for (i = 0; i < 200; i++)
		a->bad += maker_crls_check(a->p->crls, a->p->anchors, 3,
			      a->p->leaf, a->p->rest,
			      NOW + i * MAKER_CRLS_EVERY, why) !=
		    MAKER_CRLS_GOOD;
	return NULL;
}

/* While files are replaced, every check has a whole set. */
static void
many_at_once(void **state)
{
	struct pki *p = *state;
	struct asker a[4];
	pthread_t thread[4];
	size_t i;

	is(p, GOOD);
	for (i = 0; i < 4; i++) {
		a[i] = (struct asker){p, 0};
		assert_int_equal(
		    pthread_create(&thread[i], NULL, ask_on, &a[i]), 0);
	}
	for (i = 0; i < 30; i++) {
		p->of_sub.number++;
		put_new_crl(p->dir, "sub.crl", &p->of_sub);
		put_new_crl(p->dir, i % 2 ? "a.crl" : "b.crl", &p->of_root);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(a[i].bad, 0);
	}
}

static void
no_folder(void **state)
{
	struct pki *p = *state;
	struct maker_crls *none = maker_crls_new("", NOW);
	struct maker_crls *gone = maker_crls_new("/nowhere/at/all", NOW);

	assert_non_null(none);
	assert_non_null(gone);
	assert_int_equal(maker_crls_check(none, p->anchors, 3, p->leaf, p->rest,
			     NOW, p->why),
	    MAKER_CRLS_UNKNOWN);
	assert_non_null(strstr(p->why, "maker_crls"));
	assert_int_equal(maker_crls_check(NULL, p->anchors, 3, p->leaf, p->rest,
			     NOW, p->why),
	    MAKER_CRLS_UNKNOWN);
	assert_int_equal(maker_crls_check(gone, p->anchors, 3, p->leaf, p->rest,
			     NOW + 60, p->why),
	    MAKER_CRLS_UNKNOWN);
	assert_non_null(strstr(p->why, "cannot be read"));
	assert_int_equal(ERR_peek_error(), 0);
	maker_crls_free(none);
	maker_crls_free(gone);
	maker_crls_free(NULL);
}

static int
take(const struct maker_crls_info *info, void *arg)
{
	struct maker_crls_info *out = arg;

	*out = *info;
	return 1;
}

static void
listed(void **state)
{
	struct pki *p = *state;
	struct maker_crls_info info;

	p->of_sub.revoked[0] = 5;
	p->of_sub.revoked[1] = 6;
	p->of_sub.number = 41;
	is(p, GOOD);
	assert_int_equal(maker_crls_list(p->crls, p->now, take, &info), 1);
	assert_string_equal(info.file, "sub.crl");
	assert_string_equal(info.issuer, "/CN=S");
	assert_string_equal(info.number, "41");
	assert_int_equal(info.entries, 2);
	assert_int_equal(info.this_update, NOW - 3600);
	assert_int_equal(info.next_update, NOW + DAY);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(the_whole_chain), T(times),
	    T(signatures), T(kinds), T(changes), T(many_at_once), T(no_folder), T(listed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
