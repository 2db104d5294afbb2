#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "profiles/asn1.h"
#include "ca/engine/renew_names.h"
#include "ca/engine/stage.h"

/*
 * Renewal (RFC 7030 4.2.2): the CSR must name the subject and the alternative
 * names of the certificate that the client authenticated with. What is issued
 * is what registry and profile make of the device today; where that is the
 * same, and where nothing was kept to make it of, the old certificate's octets
 * are repeated, never the CSR's.
 */

struct old { /* the certificate renewed, taken apart */
	INKAN_CERT *cert;
	INKAN_TBS *tbs;
	X509_NAME *subject;
	GENERAL_NAMES *san; /* NULL: none */
};

static void
old_clear(struct old *old)
{
	GENERAL_NAMES_free(old->san);
	X509_NAME_free(old->subject);
	INKAN_TBS_free(old->tbs);
	INKAN_CERT_free(old->cert);
}

static int
old_read(struct old *old, const unsigned char *der, size_t len)
{
	const ASN1_STRING *s;
	const unsigned char *p = der;
	int crit = -1;

	old->cert = d2i_INKAN_CERT(NULL, &p, (long)len);
	if (old->cert == NULL || p != der + len)
		return 0;
	s = old->cert->tbs->value.sequence;
	p = ASN1_STRING_get0_data(s);
	old->tbs = d2i_INKAN_TBS(NULL, &p, ASN1_STRING_length(s));
	if (old->tbs == NULL)
		return 0;
	s = old->tbs->subject->value.sequence;
	p = ASN1_STRING_get0_data(s);
	old->subject = d2i_X509_NAME(NULL, &p, ASN1_STRING_length(s));
	old->san = X509V3_get_d2i(
	    old->tbs->extensions, NID_subject_alt_name, &crit, NULL);
	return old->subject != NULL && (old->san != NULL || crit == -1);
}

/* The certificate that is renewed. */
static int
old_of(const struct admitting *t, struct old *old)
{
	if (old_read(old, t->req->chain[0], t->req->chain_len[0]))
		return 1;
	ca_raise(CA_E_INTERNAL, "a certificate of our own cannot be read");
	return 0;
}

static int
check_subject(struct admitting *t, const struct old *old)
{
	X509_NAME *csr = csr_subject(t->a->csr);
	const X509_NAME_ENTRY *e;
	char name[80] = "order", field[64];

	ERR_set_mark();
	if (X509_NAME_cmp(csr, old->subject) == 0) {
		ERR_pop_to_mark();
		return 1;
	}
	e = names_missing(old->subject, csr);
	if (e == NULL)
		e = names_missing(csr, old->subject);
	if (e != NULL)
		names_attribute(e, name, sizeof(name));
	ERR_pop_to_mark();
	snprintf(field, sizeof(field), "csr.subject.%.50s", name);
	return stage_refuse(t, WIRE_DENIED, "renew.subject", field,
	    "the subject differs from that of the certificate renewed: %s",
	    e != NULL ? name : "the order of its attributes");
}

static int
keep_san(struct admission *a, const GENERAL_NAMES *names)
{
	unsigned char *der = NULL;
	int n;

	if (names == NULL || sk_GENERAL_NAME_num(names) == 0)
		return 1;
	n = i2d_GENERAL_NAMES(names, &der);
	if (n <= 0) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	a->san = der;
	a->san_len = (size_t)n;
	return 1;
}

/* Of the old names those that the CSR asks for. */
static int
keep_subset(
    struct admission *a, const GENERAL_NAMES *old, const GENERAL_NAMES *asked)
{
	STACK_OF(GENERAL_NAME) *kept = sk_GENERAL_NAME_new_null();
	int i, ok = kept != NULL;

	for (i = 0; ok && i < sk_GENERAL_NAME_num(old); i++)
		if (names_have(asked, sk_GENERAL_NAME_value(old, i)))
			ok = sk_GENERAL_NAME_push(
				 kept, sk_GENERAL_NAME_value(old, i)) > 0;
	ok = ok && keep_san(a, kept);
	sk_GENERAL_NAME_free(kept);
	return ok;
}

static int
check_san(struct admitting *t, const struct old *old)
{
	const GENERAL_NAMES *asked = csr_san(t->a->csr);

	if (asked == NULL && old->san != NULL) {
		if (!t->fleet->san_optional)
			return stage_refuse(t, WIRE_DENIED, "renew.san",
			    "csr.san",
			    "the certificate renewed has "
			    "alternative names, the CSR has none");
		stage_note(t, "renewal CSR without SAN");
		return keep_san(t->a, old->san);
	}
	if (!names_within(asked, old->san))
		return stage_refuse(t, WIRE_DENIED, "renew.san", "csr.san",
		    "the CSR asks for an alternative name that the certificate "
		    "renewed has not");
	if (names_within(old->san, asked))
		return keep_san(t->a, old->san);
	if (!t->fleet->san_subset)
		return stage_refuse(t, WIRE_DENIED, "renew.san", "csr.san",
		    "the CSR lacks an alternative name of the certificate "
		    "renewed");
	stage_note(t, "renewal CSR with fewer SANs");
	return keep_subset(t->a, old->san, asked);
}

/* The fleet's profile may have changed since; what the certificate is for may
   not: an operator's code-signing certificate of a device is renewed by the
   operator. */
static int
check_profile(struct admitting *t)
{
	const struct profile *was =
	    policy_profile(t->env->policy, t->a->predecessor.profile);

	if (was == NULL || was->class == t->a->profile->class)
		return 1;
	return stage_refuse(t, WIRE_DENIED, "renew.profile", "tls.certificate",
	    "a certificate of profile %s is not renewed in "
	    "fleet %s",
	    was->name, t->fleet->name);
}

static int
check_window(struct admitting *t)
{
	const struct cert_row *row = &t->a->predecessor;
	int64_t opens =
	    fleet_window_opens(t->fleet, row->not_before, row->not_after);
	char when[STAGE_TIME_MAX];

	if (t->env->now >= opens)
		return 1;
	stage_time(opens, when);
	return stage_refuse(t, WIRE_DENIED, "renew.window",
	    "tls.certificate.notAfter",
	    "the certificate can be renewed from "
	    "%s on",
	    when);
}

/* After the end: the registry's consent and the key are conditions of their
   own; how late it may be, forgive_end() has asked. */
static int
check_late(struct admitting *t)
{
	const struct fleet *f = t->fleet;
	long long late = (long long)t->env->now - t->a->predecessor.not_after;
	int same;

	if (!t->a->late)
		return 1;
	if (!f->late_by_fleet && !t->device.late_renewal)
		return stage_refuse(t, WIRE_DENIED, "renew.late-consent",
		    "device",
		    "the certificate expired, and device %s has no consent to "
		    "renew with it",
		    t->a->device);
	same = memcmp(t->a->predecessor.spki_sha256,
		   csr_spki_sha256(t->a->csr), 32) == 0;
	if ((f->late_key == FLEET_LATE_SAME_KEY && !same) ||
	    (f->late_key == FLEET_LATE_NEW_KEY && same))
		return stage_refuse(t, WIRE_DENIED, "renew.late-key", "csr.key",
		    "the certificate expired, and fleet %s then renews with %s "
		    "key only",
		    f->name, same ? "a new" : "the same");
	stage_note(t, "renewed %lld s after the end", late);
	return 1;
}

struct next {
	int64_t id;
	struct cert_row row;
	int found;
};

static int
next_tx(struct store_tx *tx, void *arg)
{
	struct next *n = arg;

	n->found = certs_by_id(tx, n->id, &n->row);
	return n->found >= 0;
}

static int
judge_successor(struct admitting *t, const struct cert_row *next)
{
	int same =
	    memcmp(next->spki_sha256, csr_spki_sha256(t->a->csr), 32) == 0;

	if (!same)
		return stage_refuse(t, WIRE_DENIED, "renew.successor",
		    "csr.key",
		    "the certificate has been renewed already with "
		    "another key");
	if (next->state == CERT_RESERVED) {
		t->o->retry_after = 2;
		return stage_refuse(t, WIRE_UNAVAILABLE, "renew.busy", "",
		    "the same renewal is being worked on");
	}
	if (next->state != CERT_VALID || next->not_after < t->env->now)
		return stage_refuse(t, WIRE_DENIED, "renew.superseded",
		    "csr.key",
		    "the certificate has been renewed already, and "
		    "its successor is %s",
		    next->state == CERT_VALID ? "expired"
					      : certs_state_name(next->state));
	t->a->existing = next->id;
	stage_say(t,
	    "renewed already with this key: the same certificate "
	    "again");
	return 1;
}

/* One successor. A retry with the same key gets the same certificate. */
static int
check_successor(struct admitting *t)
{
	struct next n;

	memset(&n, 0, sizeof(n));
	n.id = t->a->predecessor.successor;
	if (n.id == 0)
		return 1;
	if (!stage_read(t, next_tx, &n))
		return 0;
	if (!n.found || n.row.state == CERT_ABORTED)
		return 1; /* never left the building */
	return judge_successor(t, &n.row);
}

int
renew_check(struct admitting *t)
{
	struct old old = {NULL, NULL, NULL, NULL};
	const ASN1_STRING *subject;
	struct admission *a = t->a;
	int ok = 0;

	if (!old_of(t, &old))
		goto out;
	subject = old.tbs->subject->value.sequence;
	a->subject_len = (size_t)ASN1_STRING_length(subject);
	a->subject =
	    OPENSSL_memdup(ASN1_STRING_get0_data(subject), a->subject_len);
	if (a->subject == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		goto out;
	}
	stage_say(t, "renewal for device %s", a->device);
	ok = check_profile(t) && check_subject(t, &old) && check_san(t, &old) &&
	    check_window(t) && check_late(t) && check_successor(t) &&
	    (a->existing != 0 || t->fleet->attest == FLEET_ATTEST_EVIDENCE ||
		renew_identity(t, old.subject, old.san));
out:
	old_clear(&old);
	return ok;
}

int
renew_attested(struct admitting *t)
{
	struct old old = {NULL, NULL, NULL, NULL};
	int ok;

	if (!t->a->renewal || t->a->existing != 0 || t->env->explain)
		return 1;
	ok = old_of(t, &old) && renew_identity(t, old.subject, old.san);
	old_clear(&old);
	return ok;
}
