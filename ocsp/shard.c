#include <string.h>

#include <openssl/crypto.h>

#include "ocsp/shard.h"
#include "ocsp/siphash.h"

#define EMPTY 0xffff
#define INDEX_MIN 16

struct entry {
	unsigned char serial[20];
	uint8_t serial_len;
	uint8_t status; /* state and 4 * (reason + 1) */
	uint16_t batch; /* 1 + its slot; 0: not signed */
	uint32_t revoked_at, not_after;
	unsigned char signature[];
};

_Static_assert(sizeof(struct entry) == SHARD_ENTRY, "packed");

int
shard_init(struct shard *s, const uint64_t *key)
{
	memset(s, 0, sizeof(*s));
	s->key = key;
	s->stride = SHARD_ENTRY;
	return pthread_mutex_init(&s->lock, NULL) == 0;
}

void
shard_destroy(struct shard *s)
{
	shard_clear(s, 0);
	pthread_mutex_destroy(&s->lock);
}

uint64_t
shard_hash(const uint64_t *key, const unsigned char *serial, size_t len)
{
	return siphash(key, serial, len);
}

/* ---- status, packed and not ---- */

static uint32_t
pack_time(int64_t t)
{
	return t < 0 ? 0 : t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

static uint8_t
pack_status(const struct status_cert *c)
{
	int reason = c->reason < 0 || c->reason > 10 ? -1 : c->reason;

	return (uint8_t)((unsigned)c->state | (unsigned)(reason + 1) << 2);
}

static void
unpack(const struct entry *e, struct status_cert *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->serial, e->serial, sizeof(e->serial));
	out->serial_len = e->serial_len;
	out->state = (enum status_state)(e->status & 3);
	out->reason = (e->status >> 2) - 1;
	out->revoked_at = e->revoked_at;
	out->not_after = e->not_after;
}

struct frame_cert
shard_frame_cert(const struct status_cert *cert)
{
	struct frame_cert out = {
	    .serial = cert->serial,
	    .serial_len = cert->serial_len,
	    .revoked = cert->state != STATUS_GOOD,
	    .reason = cert->state == STATUS_HELD ? 6 : cert->reason,
	    .revoked_at = (time_t)cert->revoked_at,
	};

	return out;
}

/* ---- batches; the lock is held ---- */

static void
leave_batch(struct shard *s, struct entry *e)
{
	struct shard_slot *slot;

	if (e->batch == 0)
		return;
	slot = &s->slots[e->batch - 1];
	e->batch = 0;
	s->n_signed--;
	if (--slot->n == 0) {
		batch_free(slot->batch);
		slot->batch = NULL;
	}
}

/* The slot of ${batch}: where it is, or an empty one, or a new one. */
static struct shard_slot *
slot_of(struct shard *s, const struct batch *batch)
{
	struct shard_slot *grown, *empty = NULL;
	size_t i;

	if (s->last_slot < s->n_slots &&
	    s->slots[s->last_slot].batch == batch)
		return &s->slots[s->last_slot];
	for (i = 0; i < s->n_slots; i++) {
		if (s->slots[i].batch == batch)
			return &s->slots[i];
		if (s->slots[i].batch == NULL && empty == NULL)
			empty = &s->slots[i];
	}
	if (empty != NULL)
		return empty;
	if (s->n_slots == UINT16_MAX)
		return NULL;
	grown = OPENSSL_realloc(
	    s->slots, (s->n_slots + 1) * sizeof(*s->slots));
	if (grown == NULL)
		return NULL;
	s->slots = grown;
	grown += s->n_slots++;
	memset(grown, 0, sizeof(*grown));
	return grown;
}

static int
join_batch(struct shard *s, struct entry *e, struct batch *batch)
{
	struct shard_slot *slot = slot_of(s, batch);

	if (slot == NULL)
		return 0;
	s->last_slot = (size_t)(slot - s->slots);
	if (slot->n++ == 0)
		slot->batch = batch_up_ref(batch);
	e->batch = (uint16_t)(s->last_slot + 1);
	s->n_signed++;
	return 1;
}

/* ---- entries and their index; the lock is held ---- */

static struct entry *
entry_at(const struct shard *s, size_t i)
{
	return (struct entry *)(void *)(s->entries + i * s->stride);
}

static size_t
home_of(const struct shard *s, uint64_t hash)
{
	return (size_t)(hash >> 16) & s->mask;
}

/* The place in the index that leads to this serial, or the empty one where it
   would stand. There is an index, and it is never full. */
static size_t
place_of(const struct shard *s, uint64_t hash, const unsigned char *serial,
    size_t len)
{
	size_t at = home_of(s, hash);
	const struct entry *e;

	for (; s->index[at] != EMPTY; at = (at + 1) & s->mask) {
		e = entry_at(s, s->index[at]);
		if (e->serial_len == len &&
		    memcmp(e->serial, serial, len) == 0)
			break;
	}
	return at;
}

static struct entry *
find(const struct shard *s, uint64_t hash, const unsigned char *serial,
    size_t len)
{
	size_t at;

	if (s->mask == 0)
		return NULL;
	at = place_of(s, hash, serial, len);
	return s->index[at] == EMPTY ? NULL : entry_at(s, s->index[at]);
}

static uint64_t
hash_at(const struct shard *s, size_t i)
{
	const struct entry *e = entry_at(s, i);

	return shard_hash(s->key, e->serial, e->serial_len);
}

/* An index of ${size} places over all entries. */
static int
make_index(struct shard *s, size_t size)
{
	uint16_t *index = OPENSSL_malloc(size * sizeof(*index));
	size_t i, at;

	if (index == NULL)
		return 0;
	memset(index, 0xff, size * sizeof(*index));
	OPENSSL_free(s->index);
	s->index = index;
	s->mask = size - 1;
	for (i = 0; i < s->n; i++) {
		at = home_of(s, hash_at(s, i));
		while (index[at] != EMPTY)
			at = (at + 1) & s->mask;
		index[at] = (uint16_t)i;
	}
	return 1;
}

/* At most three places of four are taken. */
static int
make_room(struct shard *s)
{
	size_t size = s->mask == 0 ? INDEX_MIN : s->mask + 1;
	size_t room = s->n + s->n / 8 + 8;
	unsigned char *grown;

	if (s->n >= SHARD_CERTS_MAX)
		return 0;
	if (s->n == s->room) {
		grown = OPENSSL_realloc(s->entries, room * s->stride);
		if (grown == NULL)
			return 0;
		s->entries = grown;
		s->room = room;
	}
	while (4 * (s->n + 1) > 3 * size)
		size *= 2;
	return s->mask == size - 1 || make_index(s, size);
}

static void
fill_status(struct entry *e, const struct status_cert *cert)
{
	e->status = pack_status(cert);
	e->revoked_at = pack_time(cert->revoked_at);
	e->not_after = pack_time(cert->not_after);
}

static struct entry *
insert(struct shard *s, uint64_t hash, const struct status_cert *cert)
{
	struct entry *e;

	if (cert->serial_len < 1 || cert->serial_len > sizeof(e->serial) ||
	    !make_room(s))
		return NULL;
	s->index[place_of(s, hash, cert->serial, cert->serial_len)] =
	    (uint16_t)s->n;
	e = entry_at(s, s->n++);
	memset(e, 0, s->stride);
	memcpy(e->serial, cert->serial, cert->serial_len);
	e->serial_len = (uint8_t)cert->serial_len;
	fill_status(e, cert);
	return e;
}

/* Close the gap at ${at}: whoever stands behind it only because it was taken
   moves up. */
static void
index_remove(struct shard *s, size_t at)
{
	size_t next = at, home;

	for (;;) {
		s->index[at] = EMPTY;
		do {
			next = (next + 1) & s->mask;
			if (s->index[next] == EMPTY)
				return;
			home = home_of(s, hash_at(s, s->index[next]));
		} while (((next - home) & s->mask) < ((next - at) & s->mask));
		s->index[at] = s->index[next];
		at = next;
	}
}

/* The last entry takes the place of this one. */
static void
remove_at(struct shard *s, size_t i)
{
	struct entry *e = entry_at(s, i), *last = entry_at(s, s->n - 1);

	leave_batch(s, e);
	index_remove(s, place_of(s, hash_at(s, i), e->serial, e->serial_len));
	if (e != last) {
		s->index[place_of(s, hash_at(s, s->n - 1), last->serial,
		    last->serial_len)] = (uint16_t)i;
		memcpy(e, last, s->stride);
	}
	s->n--;
}

/* ---- */

int
shard_add(struct shard *s, unsigned epoch, uint64_t hash,
    const struct status_cert *cert)
{
	int done = 0;

	pthread_mutex_lock(&s->lock);
	if (s->epoch == epoch &&
	    find(s, hash, cert->serial, cert->serial_len) == NULL)
		done = insert(s, hash, cert) != NULL ? 1 : -1;
	pthread_mutex_unlock(&s->lock);
	return done;
}

int
shard_set(struct shard *s, uint64_t hash, const struct status_cert *cert)
{
	struct entry *e;
	int ok = 1;

	pthread_mutex_lock(&s->lock);
	e = find(s, hash, cert->serial, cert->serial_len);
	if (e != NULL) {
		leave_batch(s, e);
		fill_status(e, cert);
	} else {
		ok = insert(s, hash, cert) != NULL;
	}
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static void
drop_all(struct shard *s)
{
	size_t i;

	for (i = 0; i < s->n_slots; i++)
		batch_free(s->slots[i].batch);
	OPENSSL_free(s->slots);
	OPENSSL_free(s->entries);
	OPENSSL_free(s->index);
	s->slots = NULL;
	s->entries = NULL;
	s->index = NULL;
	s->n = s->room = s->mask = s->n_slots = s->last_slot = s->n_signed = 0;
}

void
shard_clear(struct shard *s, unsigned epoch)
{
	pthread_mutex_lock(&s->lock);
	drop_all(s);
	s->epoch = epoch;
	pthread_mutex_unlock(&s->lock);
}

void
shard_set_epoch(struct shard *s, unsigned epoch)
{
	pthread_mutex_lock(&s->lock);
	s->epoch = epoch;
	pthread_mutex_unlock(&s->lock);
}

void
shard_expire(struct shard *s, int64_t now)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = s->n; i > 0; i--)
		if (entry_at(s, i - 1)->not_after < pack_time(now))
			remove_at(s, i - 1);
	pthread_mutex_unlock(&s->lock);
}

static int
is_of(const struct shard *s, const struct entry *e, const struct batch *batch)
{
	if (batch == NULL || e->batch == 0)
		return e->batch != 0;
	return s->slots[e->batch - 1].batch == batch;
}

size_t
shard_collect(struct shard *s, const struct batch *batch, size_t *cursor,
    struct status_cert *out, size_t max)
{
	const struct entry *e;
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (; *cursor < s->n && n < max; ++*cursor) {
		e = entry_at(s, *cursor);
		if (!is_of(s, e, batch))
			unpack(e, &out[n++]);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* Signatures of another length from now on: those that are there go. */
static int
relay(struct shard *s, size_t signature_len)
{
	size_t stride = (SHARD_ENTRY + signature_len + 3) / 4 * 4, i;
	unsigned char *moved = OPENSSL_zalloc(s->room * stride);

	if (moved == NULL)
		return 0;
	for (i = 0; i < s->n; i++) {
		leave_batch(s, entry_at(s, i));
		memcpy(moved + i * stride, entry_at(s, i), SHARD_ENTRY);
	}
	OPENSSL_free(s->entries);
	s->entries = moved;
	s->stride = stride;
	s->signature_len = signature_len;
	return 1;
}

static int
is_same(const struct entry *e, const struct status_cert *cert)
{
	return e->status == pack_status(cert) &&
	    e->revoked_at == pack_time(cert->revoked_at);
}

int
shard_put(struct shard *s, uint64_t hash, const struct status_cert *cert,
    struct batch *batch, const unsigned char *signature)
{
	struct entry *e;
	int ok = 0;

	pthread_mutex_lock(&s->lock);
	e = find(s, hash, cert->serial, cert->serial_len);
	if (e == NULL || !is_same(e, cert))
		goto out;
	if (s->signature_len != batch->signature_len) {
		if (!relay(s, batch->signature_len))
			goto out;
		e = find(s, hash, cert->serial, cert->serial_len);
	}
	leave_batch(s, e);
	if (!join_batch(s, e, batch))
		goto out;
	memcpy(e->signature, signature, s->signature_len);
	ok = 1;
out:
	pthread_mutex_unlock(&s->lock);
	return ok;
}

int
shard_find(struct shard *s, uint64_t hash, const unsigned char *serial,
    size_t len, struct shard_found *out)
{
	const struct entry *e;
	int found;

	pthread_mutex_lock(&s->lock);
	e = find(s, hash, serial, len);
	found = e != NULL && e->batch != 0;
	if (found) {
		unpack(e, &out->cert);
		memcpy(out->signature, e->signature, s->signature_len);
		out->batch = batch_up_ref(s->slots[e->batch - 1].batch);
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

void
shard_count(struct shard *s, struct shard_stats *sum)
{
	pthread_mutex_lock(&s->lock);
	sum->certs += s->n;
	sum->signed_ += s->n_signed;
	sum->bytes += sizeof(*s) + s->room * s->stride +
	    s->n_slots * sizeof(*s->slots) +
	    (s->mask == 0 ? 0 : (s->mask + 1) * sizeof(*s->index));
	pthread_mutex_unlock(&s->lock);
}
