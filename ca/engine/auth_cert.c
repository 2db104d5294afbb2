#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/stage.h"

/* Client certificates: our own, by their row; a manufacturer's, by its chain
   to what the fleet names. */

int
auth_refuse_state(struct admitting *t, const struct cert_row *row)
{
	if (row->state == CERT_REVOKED)
		return stage_refuse(t, WIRE_DENIED, "certificate.revoked",
		    "tls.certificate", "the certificate is revoked");
	if (row->state == CERT_HELD)
		return stage_refuse(t, WIRE_DENIED, "certificate.held",
		    "tls.certificate", "the certificate is on hold");
	return stage_refuse(t, WIRE_DENIED, "certificate.state",
	    "tls.certificate", "the certificate is not valid");
}

int
auth_refuse_time(struct admitting *t, int64_t from, int64_t to)
{
	char when[STAGE_TIME_MAX];

	if (t->env->now < from) {
		stage_time(from, when);
		return stage_refuse(t, WIRE_DENIED, "certificate.expired",
		    "tls.certificate.notBefore",
		    "the certificate is not valid "
		    "before %s",
		    when);
	}
	stage_time(to, when);
	return stage_refuse(t, WIRE_DENIED, "certificate.expired",
	    "tls.certificate.notAfter", "the certificate expired at %s", when);
}

static void
hex(const unsigned char *p, size_t len, char *out)
{
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

/* What is forgiven, where the fleet says so, is that the certificate ended, and
   nothing else: not that it has not begun. Who may and how, renew_late() asks. */
static int
forgive_end(struct admitting *t, const struct cert_row *row)
{
	int64_t now = t->env->now, last = row->not_after;
	char end[STAGE_TIME_MAX], until[STAGE_TIME_MAX];

	if (now < row->not_before || !t->fleet->own ||
	    t->fleet->after_expiry == 0 ||
	    strcmp(row->fleet, t->fleet->name) != 0)
		return auth_refuse_time(t, row->not_before, last);
	last += t->fleet->after_expiry;
	if (now > last) {
		stage_time(row->not_after, end);
		stage_time(last, until);
		return stage_refuse(t, WIRE_DENIED, "certificate.expired",
		    "tls.certificate.notAfter",
		    "the certificate expired at %s and could be renewed until "
		    "%s",
		    end, until);
	}
	t->a->late = 1;
	return 1;
}

int
auth_own(struct admitting *t, const struct cert_row *row)
{
	struct admission *a = t->a;
	char serial[2 * CERT_SERIAL_MAX + 1] = "";

	if (row->state != CERT_VALID)
		return auth_refuse_state(t, row);
	if ((t->env->now < row->not_before || t->env->now > row->not_after) &&
	    !forgive_end(t, row))
		return 0;
	stage_known(t, row->fleet, row->device);
	if (strcmp(row->fleet, t->fleet->name) != 0 || row->device[0] == '\0')
		return stage_refuse(t, WIRE_DENIED, "certificate.fleet",
		    "tls.certificate",
		    "the certificate was not issued for a "
		    "device of fleet %s",
		    t->fleet->name);
	if (!t->fleet->own)
		return stage_refuse(t, WIRE_DENIED, "certificate.own",
		    "tls.certificate",
		    "fleet %s does not let devices renew by "
		    "their certificate",
		    t->fleet->name);
	hex(row->serial, row->serial_len, serial);
	t->party = PARTY_OWN;
	t->o->succeeded = row->predecessor;
	a->renewal = 1;
	a->predecessor = *row;
	snprintf(a->auth, sizeof(a->auth), "own:%s", serial);
	snprintf(a->device, sizeof(a->device), "%s", row->device);
	stage_say(t, "certificate of our own%s, serial %s, of device %s",
	    a->late ? ", expired" : "", serial, a->device);
	return stage_field(a, "identity.device", a->device);
}

static X509 *
decode(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *cert = d2i_X509(NULL, &p, (long)len);

	if (cert != NULL && p != der + len) {
		X509_free(cert);
		cert = NULL;
	}
	return cert;
}

int
auth_decode_chain(struct admitting *t, X509 **leaf, STACK_OF(X509) * rest)
{
	X509 *cert;
	size_t i;

	for (i = 0; i < t->req->n_chain; i++) {
		cert = decode(t->req->chain[i], t->req->chain_len[i]);
		if (cert == NULL)
			return stage_refuse(t, WIRE_BADREQUEST,
			    "certificate.der", "tls.certificate",
			    "certificate "
			    "%zu of the chain is not DER",
			    i + 1);
		if (i == 0)
			*leaf = cert;
		else if (sk_X509_push(rest, cert) <= 0) {
			X509_free(cert);
			ca_raise(CA_E_INTERNAL, "out of memory");
			return 0;
		}
	}
	return 1;
}

/* A CA certificate of ours in the chain: somebody put our root among the
   anchors of a maker. */
static int
chain_is_ours(const struct admitting *t, const STACK_OF(X509) * chain)
{
	unsigned char md[32];
	size_t k;
	int i;

	for (i = 0; i < sk_X509_num(chain); i++) {
		if (X509_digest(
			sk_X509_value(chain, i), EVP_sha256(), md, NULL) != 1)
			return 1;
		for (k = 0; k < t->env->n_own_roots; k++)
			if (memcmp(md, t->env->own_roots[k], 32) == 0)
				return 1;
	}
	return 0;
}

int
auth_verify(const struct admitting *t, X509_STORE *anchors, int depth,
    X509 *leaf, STACK_OF(X509) * rest)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int err = X509_V_ERR_UNSPECIFIED;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, anchors, leaf, rest) != 1)
		goto out;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(param, 1);
	/* OpenSSL counts neither leaf nor anchor, we count the leaf. */
	X509_VERIFY_PARAM_set_depth(param, depth - 1);
	X509_VERIFY_PARAM_set_time(param, t->env->now);
	if (X509_verify_cert(ctx) == 1)
		err = chain_is_ours(t, X509_STORE_CTX_get0_chain(ctx))
		    ? X509_V_ERR_CERT_UNTRUSTED
		    : X509_V_OK;
	else
		err = X509_STORE_CTX_get_error(ctx);
out:
	X509_STORE_CTX_free(ctx);
	return err;
}

/* An IDevID may come without usages (802.1AR); those that it has must allow
   what it is used for. */
int
auth_check_usage(struct admitting *t, X509 *leaf)
{
	if (X509_check_ca(leaf) != 0)
		return stage_refuse(t, WIRE_DENIED, "certificate.ca",
		    "tls.certificate",
		    "a CA certificate does not authenticate "
		    "a device");
	if (!(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
		return stage_refuse(t, WIRE_DENIED, "certificate.usage",
		    "tls.certificate.keyUsage",
		    "the key usage lacks "
		    "digitalSignature");
	if (!(X509_get_extended_key_usage(leaf) &
		(XKU_SSL_CLIENT | XKU_ANYEKU)))
		return stage_refuse(t, WIRE_DENIED, "certificate.usage",
		    "tls.certificate.extKeyUsage",
		    "the extended key usage "
		    "lacks clientAuth");
	return 1;
}
