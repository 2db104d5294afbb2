#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/engine/ops.h"
#include "ca/error.h"
#include "ca/log/proof.h"
#include "ca/log/tile.h"
#include "ca/store/logs.h"

/* What is asked of the log: where it is, and a certificate's proof. Nothing here
   writes. */

static int
last_tx(struct store_tx *tx, void *arg)
{
	return logs_last(tx, arg) >= 0;
}

/* The published log's folder. */
static void
folder(const struct ops_call *c, char out[PATH_MAX + 8])
{
	snprintf(out, PATH_MAX + 8, "%s/log", c->ca->settings->publish_dir);
}

int
ops_log_where(struct ops_call *c)
{
	WIRE_FIELDS *v = c->answer->values;
	struct log_row log = {0};
	char dir[PATH_MAX + 8];

	folder(c, dir);
	return ops_read(c, last_tx, &log) &&
	    field_add_text(v, "origin", log.id != 0 ? log.origin : NULL) &&
	    field_add_text(v, "key", log.id != 0 ? log.vkey : NULL) &&
	    field_add_text(v, "dir", dir) &&
	    field_add_text(v, "store", c->ca->settings->store);
}

/* Octets of a published tile; the full one where a partial one is gone. */
static int
read_tile(const char *dir, const struct log_tile *t, unsigned char *buf,
    size_t *len)
{
	char name[LOG_TILE_NAME_MAX], path[PATH_MAX + 8 + LOG_TILE_NAME_MAX];
	ssize_t n = -1;
	int fd;

	log_tile_name(t, name);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, buf, LOG_TILE_OCTETS);
		close(fd);
	}
	*len = n > 0 ? (size_t)n : 0;
	return n >= 0;
}

static int
fetch(const struct log_tile *t, unsigned char *buf, size_t *len, void *arg)
{
	struct log_tile full = *t;
	const char *dir = arg;

	full.width = LOG_TILE_WIDTH;
	if (read_tile(dir, t, buf, len))
		return 1;
	if (!read_tile(dir, &full, buf, len) || *len != LOG_TILE_OCTETS) {
		ERR_raise_data(ERR_LIB_SYS, errno, "a tile below %s", dir);
		return 0;
	}
	*len = (size_t)t->width * LOG_HASH;
	return 1;
}

struct proving {
	const struct cert_row *cert;
	struct entry_row entry;
	struct log_checkpoint_row over;
	int found, covered;
};

/* The entry, and a checkpoint over it: what witnesses have cosigned is worth
   most, else the newest. */
static int
prove_tx(struct store_tx *tx, void *arg)
{
	struct proving *p = arg;
	char serial[2 * CERT_SERIAL_MAX + 1];
	struct log_row log;
	int cosigned;

	ops_hex(p->cert->serial, p->cert->serial_len, serial);
	p->found = entries_about(tx, "issue.recorded", p->cert->issuer_ident,
	    serial, p->cert->recorded_at, &p->entry);
	if (p->found != 1)
		return p->found == 0;
	if ((p->covered = logs_last(tx, &log)) != 1)
		return p->covered == 0;
	for (cosigned = 1; cosigned >= 0; cosigned--) {
		p->covered = logs_checkpoint_get(tx, log.id, -1, cosigned,
		    &p->over);
		if (p->covered == 1 && p->over.size > p->entry.index)
			return 1;
		logs_checkpoint_clear(&p->over);
		if (p->covered < 0)
			return 0;
	}
	p->covered = 0;
	return 1;
}

/* The proof, when its tiles are out already. NULL: not yet. */
static char *
make_proof(struct ops_call *c, struct proving *p)
{
	struct log_opening o = {.time = p->entry.time,
	    .detail = p->entry.detail, .detail_len = p->entry.detail_len};
	struct log_tile_reader *r = NULL;
	uint64_t size = (uint64_t)p->over.size;
	char dir[PATH_MAX + 8], *out = NULL;

	memcpy(o.kind, p->entry.kind, sizeof(o.kind));
	memcpy(o.salt, p->entry.salt, sizeof(o.salt));
	folder(c, dir);
	ERR_set_mark();
	if ((r = log_tile_reader_new(size, fetch, dir)) != NULL)
		out = proof_make((uint64_t)p->entry.index, &o, size,
		    p->over.note, log_tile_hash, r);
	ERR_pop_to_mark();
	log_tile_reader_free(r);
	return out;
}

int
ops_log_prove(struct ops_call *c)
{
	WIRE_FIELDS *v = c->answer->values;
	struct cert_row cert;
	struct proving p = {.cert = &cert};
	char *proof = NULL;
	int ok;

	if (!ops_find_cert(c, &cert))
		return 0;
	ok = ops_read(c, prove_tx, &p);
	if (ok && p.found != 1) {
		ok = ops_not_found(c, "serial", "the log has no entry of a "
		    "certificate that was never signed here");
		goto out;
	}
	if (ok && p.covered == 1)
		proof = make_proof(c, &p);
	ok = ok && field_add_int(v, "index", p.entry.index) &&
	    field_add_int(v, "size", p.covered == 1 ? p.over.size : 0) &&
	    field_add_text(v, "proof", proof);
out:
	OPENSSL_free(proof);
	entries_row_clear(&p.entry);
	logs_checkpoint_clear(&p.over);
	return ok;
}
