#ifndef TESTS_UNIT_CA_ENGINE_MANY_H
#define TESTS_UNIT_CA_ENGINE_MANY_H

#include "tests/unit/ca/engine/world.h"

/* Devices with certificates, for what revokes more than one. */

/* A certificate for the device on ${key} (NULL: a new one). */
static void __attribute__((unused)) many_issue(struct world *w,
    const char *profile, const char *device, EVP_PKEY *key, char serial[64])
{
	EVP_PKEY *own = key == NULL ? world_key() : NULL;
	unsigned char *csr;
	int len = world_csr(key == NULL ? own : key, device, &csr);
	WIRE_ANSWER *a = world_admin(w, "issue", "tbtt", "profile", profile,
	    "csr", csr, len, "fleet", "devices", "device", device);

	world_is(a, WIRE_OK);
	snprintf(serial, 64, "%s", field_text(a->values, "serial", ""));
	WIRE_ANSWER_free(a);
	OPENSSL_free(csr);
	EVP_PKEY_free(own);
}

static void __attribute__((unused)) many_device(
    struct world *w, const char *name, const char *model, const char *firmware)
{
	char m[64], f[64];

	snprintf(m, sizeof(m), "model=%s", model);
	snprintf(f, sizeof(f), "firmware=%s", firmware);
	world_done(world_admin(w, "device.add", "ttttt", "fleet", "devices",
	    "name", name, "serial", name, "set", m, "set", f));
}

static enum cert_state __attribute__((unused))
many_state(struct world *w, const char *serial)
{
	struct cert_row row;

	world_row(w, serial, &row);
	return row.state;
}

static int __attribute__((unused))
many_count(const struct cert_row *row, void *arg)
{
	assert_int_equal(row->state, CERT_REVOKED);
	++*(int *)arg;
	return 1;
}

struct many_device_of {
	const char *fleet, *name;
	struct device_row row;
	int found;
};

static int __attribute__((unused))
many_device_tx(struct store_tx *tx, void *arg)
{
	struct many_device_of *d = arg;

	d->found = devices_get(tx, d->fleet, d->name, &d->row);
	return d->found >= 0;
}

static struct device_row __attribute__((unused))
many_device_row(struct world *w, const char *fleet, const char *name)
{
	struct many_device_of d = {.fleet = fleet, .name = name};

	assert_true(store_read(w->ca->store, many_device_tx, &d));
	assert_int_equal(d.found, 1);
	return d.row;
}

static void __attribute__((unused))
many_spki(EVP_PKEY *key, unsigned char md[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	assert_true(len > 0);
	assert_true(spki_sha256(der, (size_t)len, md));
	OPENSSL_free(der);
}

#endif
