#ifndef TESTS_UNIT_CA_ENGINE_ADMIT_CHANGE_H
#define TESTS_UNIT_CA_ENGINE_ADMIT_CHANGE_H

#include "tests/unit/ca/engine/admit_make.h"

/* What operators do to the store, for tests of admission. */

struct change {
	struct device_row device;
	struct secret_row secret;
	struct cert_row cert;
	int64_t id;
	int to, found;
	const char *name, *value;
	unsigned char md[32];
};

static inline int
add_device_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return devices_add(tx, &c->device) &&
	    (c->name == NULL ||
		devices_set_field(tx, c->device.id, c->name, c->value));
}

static inline int64_t
add_device(struct world *w, const char *fleet, const char *name, EVP_PKEY *pin)
{
	struct change c;
	unsigned char *spki = NULL;
	size_t len;

	memset(&c, 0, sizeof(c));
	snprintf(c.device.fleet, sizeof(c.device.fleet), "%s", fleet);
	snprintf(c.device.name, sizeof(c.device.name), "%s", name);
	strcpy(c.device.origin, "operator:0");
	strcpy(c.device.serial, "SN-9");
	c.name = "model";
	c.value = "X1";
	c.device.state = DEVICE_ENABLED;
	c.device.created = NOW;
	if (pin != NULL) {
		assert_int_equal(spki_from_pkey(pin, &spki, &len), 1);
		SHA256(spki, len, c.device.key_sha256);
		c.device.has_key = 1;
		OPENSSL_free(spki);
	}
	assert_int_equal(store_write(w->store, add_device_tx, &c, 0), 1);
	return c.device.id;
}

static inline int
device_state_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return devices_set_state(tx, c->id, (enum device_state)c->to, "test");
}

static inline void
set_device(struct world *w, int64_t id, enum device_state to)
{
	struct change c = {.id = id, .to = (int)to};

	assert_int_equal(store_write(w->store, device_state_tx, &c, 0), 1);
}

static inline int
get_device_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	c->found = devices_get(tx, c->name, c->value, &c->device);
	return c->found >= 0;
}

/* 1 when it exists. */
static inline int
get_device(struct world *w, const char *fleet, const char *name,
    struct device_row *out)
{
	struct change c = {.name = fleet, .value = name};

	assert_int_equal(store_read(w->store, get_device_tx, &c), 1);
	*out = c.device;
	return c.found;
}

static inline int
cert_state_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return certs_set_state(tx, c->id, (enum cert_state)c->to,
	    c->to == CERT_ABORTED    ? CERT_REASON_NONE
		: c->to == CERT_HELD ? 6
				     : 0,
	    NOW);
}

static inline void
set_cert(struct world *w, int64_t id, enum cert_state to)
{
	struct change c = {.id = id, .to = (int)to};

	assert_int_equal(store_write(w->store, cert_state_tx, &c, 0), 1);
}

static inline int
block_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return certs_block_key(tx, c->md, NOW, "test");
}

static inline void
block_key(struct world *w, EVP_PKEY *key)
{
	struct change c;
	unsigned char *spki = NULL;
	size_t len;

	assert_int_equal(spki_from_pkey(key, &spki, &len), 1);
	SHA256(spki, len, c.md);
	OPENSSL_free(spki);
	assert_int_equal(store_write(w->store, block_tx, &c, 0), 1);
}

static inline int
add_secret_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return secrets_add(tx, &c->secret);
}

/* A secret of ours for ${user}; its text into ${out} (64 octets). */
static inline int64_t
add_secret(struct world *w, const char *user, const char *fleets,
    const char *device, int reusable, char out[64])
{
	struct change c;

	memset(&c, 0, sizeof(c));
	snprintf(c.secret.user, sizeof(c.secret.user), "%s", user);
	snprintf(c.secret.fleets, sizeof(c.secret.fleets), "%s", fleets);
	snprintf(c.secret.device, sizeof(c.secret.device), "%s", device);
	c.secret.reusable = reusable;
	c.secret.created = NOW;
	c.secret.expires = NOW + DAY;
	assert_int_equal(auth_secret_make(&c.secret, NULL, out, 64), 1);
	assert_int_equal(store_write(w->store, add_secret_tx, &c, 0), 1);
	return c.secret.id;
}

static inline const char *
field_of(const struct admission *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n_fields; i++)
		if (strcmp(a->fields[i].name, name) == 0)
			return a->fields[i].value;
	return "(absent)";
}

#endif
