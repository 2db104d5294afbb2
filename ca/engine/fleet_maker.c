#include <stdio.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "profiles/conf.h"
#include "profiles/error.h"
#include "ca/engine/fleet.h"
#include "ca/engine/fleet_attest.h"

/*
 * Trust in one manufacturer: an X509_STORE with what the operator named and
 * nothing else. An anchor must be self-signed, because a chain has to end in
 * it (no partial chains); it must be a CA.
 */

#define ANCHORS_MAX 64

static const struct conf_key MAKER_KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"anchors", CONF_TEXT, 1},
    {"depth", CONF_INT, 0},
    {"device_from", CONF_TEXT, 0},
    {"serial_from", CONF_TEXT, 0},
    {"registry_serial", CONF_TEXT, 0},
    {"hw_types", CONF_TEXTS, 0},
    {"subject", CONF_GROUPS, 0},
    {"issuer", CONF_GROUPS, 0},
    {"revocation", CONF_TEXT, 0},
    {"revocation_missing", CONF_TEXT, 0},
};

static const struct policy_file *
find_anchors(const struct policy *p, const char *name)
{
	char path[sizeof(p->files[0].path)];
	size_t i;

	if (strchr(name, '/') != NULL ||
	    snprintf(path, sizeof(path), "fleets/%s", name) >=
		(int)sizeof(path))
		return NULL;
	for (i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i].path, path) == 0)
			return &p->files[i];
	return NULL;
}

static int
add_anchor(const struct conf_group *g, X509_STORE *store, X509 *cert)
{
	if (X509_self_signed(cert, 1) != 1)
		return conf_fail(g, "anchors",
		    "holds a certificate that is "
		    "not self-signed: a chain has to end in an anchor");
	if (X509_check_ca(cert) == 0)
		return conf_fail(g, "anchors",
		    "holds a certificate that is "
		    "not a CA's");
	if (X509_STORE_add_cert(store, cert) != 1) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	return 1;
}

static int
add_anchors(const struct conf_group *g, const struct policy_file *file,
    X509_STORE *store)
{
	BIO *bio = BIO_new_mem_buf(file->text, (int)file->len);
	X509 *cert;
	int n = 0, ok = bio != NULL;

	ERR_set_mark();
	while (
	    ok && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		ok = ++n > ANCHORS_MAX ? conf_fail(g, "anchors",
					     "holds more "
					     "than %d certificates",
					     ANCHORS_MAX)
				       : add_anchor(g, store, cert);
		X509_free(cert);
	}
	BIO_free(bio);
	if (!ok) {
		ERR_clear_last_mark();
		return 0;
	}
	ok = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE &&
	    n > 0;
	ERR_pop_to_mark(); /* the end of a PEM file is an error there */
	return ok ||
	    conf_fail(g, "anchors",
		"\"%s\" is not a PEM file of "
		"certificates",
		file->path);
}

X509_STORE *
fleet_read_anchors(const struct policy *p, const struct conf_group *g)
{
	const struct policy_file *file =
	    find_anchors(p, conf_text(g, "anchors", ""));
	X509_STORE *store;

	if (file == NULL) {
		conf_fail(g, "anchors",
		    "there is no file \"%.64s\" "
		    "beside the fleet files",
		    conf_text(g, "anchors", ""));
		return NULL;
	}
	store = X509_STORE_new();
	if (store == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	else if (add_anchors(g, file, store))
		return store;
	X509_STORE_free(store);
	return NULL;
}

int
fleet_read_maker(
    const struct policy *p, const struct conf_group *g, struct fleet_maker *out)
{
	int64_t depth;

	if (!conf_check(
		g, MAKER_KEYS, sizeof(MAKER_KEYS) / sizeof(MAKER_KEYS[0])) ||
	    !conf_int(g, "depth", 1, 8, 3, &depth) ||
	    !fleet_read_rules(g, out))
		return 0;
	if (!fleet_label_ok(conf_text(g, "name", "")))
		return conf_fail(g, "name",
		    "must be 1 to 63 of a-z, 0-9 and "
		    "\"-\"");
	snprintf(out->name, sizeof(out->name), "%s", conf_text(g, "name", ""));
	out->depth = (int)depth;
	out->anchors = fleet_read_anchors(p, g);
	return out->anchors != NULL;
}

static int
store_has(X509_STORE *anchors, const unsigned char own[32])
{
	const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(anchors);
	unsigned char md[32];
	X509 *cert;
	int i;

	for (i = 0; i < sk_X509_OBJECT_num(all); i++) {
		cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (cert != NULL &&
		    X509_digest(cert, EVP_sha256(), md, NULL) == 1 &&
		    memcmp(md, own, 32) == 0)
			return 1;
	}
	return 0;
}

static int
refuse_one(const struct fleet *f, X509_STORE *anchors, const char *what,
    const char *name, const unsigned char (*own)[32], size_t n)
{
	size_t k;

	for (k = 0; anchors != NULL && k < n; k++)
		if (store_has(anchors, own[k])) {
			profile_raise(PROFILE_E_CONFIG,
			    "fleets/%s.conf: %s %s: a CA certificate of our "
			    "own is no %s's anchor",
			    f->name, what, name, what);
			return 0;
		}
	return 1;
}

int
policy_refuse_own(
    const struct policy *p, const unsigned char (*own)[32], size_t n)
{
	const struct fleet *f;
	size_t i, m;

	for (i = 0; i < p->n_fleets; i++) {
		f = p->fleets[i];
		for (m = 0; m < f->n_makers; m++)
			if (!refuse_one(f, f->makers[m].anchors,
				"manufacturer", f->makers[m].name, own, n))
				return 0;
		for (m = 0; m < f->n_stations; m++)
			if (!refuse_one(f, f->stations[m].anchors, "station",
				f->stations[m].name, own, n))
				return 0;
		for (m = 0; f->evidence != NULL && m < f->evidence->n_sets; m++)
			if (!refuse_one(f, f->evidence->sets[m].anchors,
				"format", f->evidence->sets[m].format, own, n))
				return 0;
	}
	return 1;
}
