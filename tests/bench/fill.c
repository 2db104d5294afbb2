/*
 * Fill the store of a stopped instance: N certificates of the issuing CA
 * "devices", each of a device of its own, through the store's own functions in
 * transactions of thousands. Their sizes are those of real ones. Serials and
 * keys come in rising order, evenly spread over all there can be: so filling is
 * quick, and what is issued afterwards falls anywhere between them. Without log
 * entries: the log is appended to, and what lies before costs nothing.
 *
 * usage: fill STORE.DB N
 */
#include "bench.h"
#include <openssl/rand.h>
#include "ca/store/certs.h"
#include "ca/store/devices.h"
#include "ca/store/records.h"
#include "ca/store/store.h"

#define GROUP 20000
#define DER_LEN 700

struct fill {
	int64_t issuer;
	long n, done;
	time_t now;
};

static int
find_issuer(const struct issuer_row *row, void *arg)
{
	struct fill *f = arg;

	if (strcmp(row->name, "devices") == 0)
		f->issuer = row->id;
	return 1;
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, find_issuer, arg);
}

static void
put_be64(uint64_t v, unsigned char out[8])
{
	int i;

	for (i = 7; i >= 0; i--, v >>= 8)
		out[i] = (unsigned char)v;
}

static int
one(struct store_tx *tx, const struct fill *f)
{
	struct cert_row row = {.issuer = f->issuer, .serial_len = 20};
	struct device_row d = {.state = DEVICE_ENABLED, .created = f->now};
	uint64_t at = (uint64_t)f->done * (UINT64_MAX / (uint64_t)f->n);
	unsigned char der[DER_LEN];

	if (RAND_bytes(row.serial, 20) != 1 || RAND_bytes(der, DER_LEN) != 1)
		return 0;
	put_be64(at >> 2 | UINT64_C(1) << 62, row.serial); /* 40.. to 7f.. */
	memcpy(row.spki_sha256, der, 32);
	put_be64(at, row.spki_sha256);
	memcpy(row.tbs_sha256, der + 32, 32);
	snprintf(row.issuer_ident, sizeof(row.issuer_ident), "devices-g1");
	snprintf(row.profile, sizeof(row.profile), "device-ldevid");
	snprintf(row.fleet, sizeof(row.fleet), "devices");
	snprintf(row.requester, sizeof(row.requester), "ra");
	snprintf(row.auth, sizeof(row.auth), "secret:bench");
	snprintf(row.device, sizeof(row.device), "filled-%08ld.example",
	    f->done);
	snprintf(row.subject, sizeof(row.subject), "CN=%.200s", row.device);
	row.policy_version = 1;
	row.reserved_at = row.not_before = f->now;
	row.not_after = f->now + 90 * 86400;
	strcpy(d.fleet, row.fleet);
	strcpy(d.name, row.device);
	strcpy(d.origin, row.auth);
	return devices_add(tx, &d) && certs_reserve(tx, &row) &&
	    certs_record(tx, row.id, der, sizeof(der), f->now);
}

static int
group_tx(struct store_tx *tx, void *arg)
{
	struct fill *f = arg;
	long i;

	for (i = 0; i < GROUP && f->done < f->n; i++, f->done++)
		if (!one(tx, f))
			return 0;
	return 1;
}

int
main(int argc, char **argv)
{
	struct store_config cfg = {.mode = STORE_WRITE, .now = time(NULL)};
	struct fill f = {.now = time(NULL)};
	struct store *store;

	if (argc != 3)
		return 2;
	cfg.path = argv[1];
	f.n = atol(argv[2]);
	store = store_open(&cfg);
	must(store != NULL, "store_open");
	must(store_read(store, list_tx, &f) && f.issuer != 0, "issuer devices");
	while (f.done < f.n)
		must(store_write(store, group_tx, &f, 0), "store_write");
	store_close(store);
	return 0;
}
