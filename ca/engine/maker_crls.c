#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/maker_crls.h"
#include "ca/engine/maker_crls_folder.h"
#include "ca/report/report.h"

/*
 * A chain held against the CRLs that lie in the folder. The set of them is made
 * anew when the folder has changed and is never changed itself, so that a check
 * goes on with the set that it began with.
 */

struct maker_crls {
	pthread_mutex_t lock;
	char dir[PATH_MAX];	/* "" none */
	struct crl_set *set;	/* NULL: none yet */
	int64_t looked;
	int looking;		/* somebody reads the folder */
};

static void
unreadable(const char *dir)
{
	report_event(
	    REPORT_ERROR, "maker.crl.unreadable", "folder", dir, NULL);
}

struct maker_crls *
maker_crls_new(const char *dir, time_t now)
{
	struct maker_crls *c = OPENSSL_zalloc(sizeof(*c));

	if (c == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	snprintf(c->dir, sizeof(c->dir), "%s", dir);
	c->looked = now;
	if (dir[0] == '\0')
		return c;
	c->set = crl_set_read(dir, NULL);
	if (c->set == NULL)
		unreadable(dir);
	return c;
}

void
maker_crls_free(struct maker_crls *c)
{
	if (c == NULL)
		return;
	crl_set_put(c->set);
	pthread_mutex_destroy(&c->lock);
	OPENSSL_free(c);
}

/* Is it time to look, and does nobody do it? Then it is for the caller. */
static int
due(struct maker_crls *c, time_t now)
{
	int64_t since = (int64_t)now - c->looked;

	if (c->dir[0] == '\0' || c->looking ||
	    (since >= 0 && since < MAKER_CRLS_EVERY))
		return 0;
	c->looking = 1;
	c->looked = now;
	return 1;
}

/* The set as it is now, to be given back with crl_set_put(); NULL: none. What
   is large is read without the lock: others go on with the set before. */
static struct crl_set *
current(struct maker_crls *c, time_t now)
{
	struct crl_set *set, *fresh;
	int look;

	if (c == NULL)
		return NULL;
	pthread_mutex_lock(&c->lock);
	look = due(c, now);
	set = crl_set_ref(c->set);
	pthread_mutex_unlock(&c->lock);
	if (!look)
		return set;
	fresh = crl_set_read(c->dir, set);
	if (fresh == NULL && set != NULL) /* told of once */
		unreadable(c->dir);
	crl_set_put(set);
	pthread_mutex_lock(&c->lock);
	set = c->set;
	c->set = fresh;
	c->looking = 0;
	fresh = crl_set_ref(fresh);
	pthread_mutex_unlock(&c->lock);
	crl_set_put(set);
	return fresh;
}

/* ---- a check ----------------------------------------------------------- */

struct check {
	int missing;		/* X509_V_ERR of the first one without; 0 */
	int missing_depth;
	int unproven;		/* depth + 1 of a CRL that counts for nothing */
	int revoked;
};

/* Errors after which the entries of the CRL are nobody's word. */
static int
is_unproven(int err)
{
	return err == X509_V_ERR_CRL_SIGNATURE_FAILURE ||
	    err == X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE ||
	    err == X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER ||
	    err == X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY ||
	    err == X509_V_ERR_KEYUSAGE_NO_CRL_SIGN ||
	    err == X509_V_ERR_DIFFERENT_CRL_SCOPE ||
	    err == X509_V_ERR_CRL_PATH_VALIDATION_ERROR;
}

static int
is_missing(int err)
{
	return is_unproven(err) || err == X509_V_ERR_UNABLE_TO_GET_CRL ||
	    err == X509_V_ERR_CRL_HAS_EXPIRED ||
	    err == X509_V_ERR_CRL_NOT_YET_VALID ||
	    err == X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD ||
	    err == X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD ||
	    err == X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION;
}

/* Go on after each certificate that is not covered, so that one that is revoked
   is found, also by a CRL that is too old. The anchor is trusted by the fleet,
   and no CRL is asked of it. */
static int
on_error(int ok, X509_STORE_CTX *ctx)
{
	struct check *k = X509_STORE_CTX_get_app_data(ctx);
	int err = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	int anchor =
	    depth == sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;

	if (ok)
		return 1;
	if (err == X509_V_ERR_CERT_REVOKED && !anchor) {
		if (k->unproven != depth + 1) {
			k->revoked = 1;
			return 0;
		}
	} else if (is_missing(err) && !anchor) {
		if (k->missing == 0) {
			k->missing = err;
			k->missing_depth = depth;
		}
		if (is_unproven(err))
			k->unproven = depth + 1;
	} else if (!anchor)
		return 0;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static int
verify(const struct crl_set *set, X509_STORE *anchors, int depth, X509 *leaf,
    STACK_OF(X509) * rest, time_t now, struct check *k)
{
	STACK_OF(X509_CRL) *crls = crl_set_of(set, leaf, rest);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int ok = 0;

	if (crls == NULL || ctx == NULL ||
	    X509_STORE_CTX_init(ctx, anchors, leaf, rest) != 1)
		goto out;
	X509_STORE_CTX_set0_crls(ctx, crls);
	X509_STORE_CTX_set_app_data(ctx, k);
	X509_STORE_CTX_set_verify_cb(ctx, on_error);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_flags(
	    param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(param, 1);
	X509_VERIFY_PARAM_set_depth(param, depth - 1);
	X509_VERIFY_PARAM_set_time(param, now);
	ok = X509_verify_cert(ctx) == 1;
	if (!ok && !k->revoked && k->missing == 0)
		k->missing = X509_STORE_CTX_get_error(ctx);
out:
	if (!ok && !k->revoked && k->missing == 0)
		k->missing = X509_V_ERR_UNSPECIFIED;
	X509_STORE_CTX_free(ctx);
	sk_X509_CRL_free(crls);
	return ok;
}

enum maker_crls_verdict
maker_crls_check(struct maker_crls *c, X509_STORE *anchors, int depth,
    X509 *leaf, STACK_OF(X509) * rest, time_t now,
    char why[MAKER_CRLS_WHY_MAX])
{
	struct crl_set *set = current(c, now);
	struct check k = {.missing = 0};

	why[0] = '\0';
	if (set == NULL) {
		snprintf(why, MAKER_CRLS_WHY_MAX, "%s",
		    c == NULL || c->dir[0] == '\0'
			? "no folder of CRLs is configured (maker_crls)"
			: "the folder of CRLs cannot be read");
		return MAKER_CRLS_UNKNOWN;
	}
	ERR_set_mark();
	verify(set, anchors, depth, leaf, rest, now, &k);
	ERR_pop_to_mark();
	crl_set_put(set);
	if (k.revoked)
		return MAKER_CRLS_REVOKED;
	if (k.missing == 0)
		return MAKER_CRLS_GOOD;
	snprintf(why, MAKER_CRLS_WHY_MAX, "%s, for certificate %d of the chain",
	    X509_verify_cert_error_string(k.missing), k.missing_depth + 1);
	return MAKER_CRLS_UNKNOWN;
}

int
maker_crls_list(struct maker_crls *c, time_t now,
    int (*cb)(const struct maker_crls_info *info, void *arg), void *arg)
{
	struct crl_set *set = current(c, now);
	int ok = set == NULL || crl_set_list(set, cb, arg);

	crl_set_put(set);
	return ok;
}
