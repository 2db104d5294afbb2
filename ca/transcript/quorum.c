#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ca/error.h"
#include "ca/transcript/quorum.h"
#include "profiles/spki.h"

void
seal_text(enum seal_kind kind, const char hex[65], char out[SEAL_TEXT_MAX])
{
	snprintf(out, SEAL_TEXT_MAX, "inkan %s v1\nsha256 %s\n",
	    kind == SEAL_CEREMONY ? "ceremony" : "transcript", hex);
}

void
quorum_clear(struct quorum *q)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		note_key_clear(&q->key[i]);
	memset(q, 0, sizeof(*q));
}

/* One person must not be two. */
static int
is_another(const struct quorum *q, const struct note_key *key)
{
	const struct note_key *other;
	size_t i;

	for (i = 0; i < q->n; i++) {
		other = &q->key[i];
		if (strcmp(other->name, key->name) != 0 &&
		    !spki_same(other->pkey, key->pkey))
			continue;
		ca_raise(CA_E_CONFIG, "participants.twice: %s and %s have one "
		    "name or one key", other->name, key->name);
		return 0;
	}
	return 1;
}

int
quorum_add(struct quorum *q, struct note_key *key)
{
	int ok = q->n < QUORUM_MAX;

	if (!ok)
		ca_raise(CA_E_CONFIG, "participants.many: more than %d",
		    QUORUM_MAX);
	if (ok && key->type == NOTE_COSIGNATURE) {
		ca_raise(CA_E_CONFIG, "participants.key: %s has the key of a "
		    "witness of the log", key->name);
		ok = 0;
	}
	if (ok && is_another(q, key)) {
		q->key[q->n++] = *key;
		return 1;
	}
	note_key_clear(key);
	return 0;
}

int
quorum_add_vkey(struct quorum *q, const char *vkey)
{
	struct note_key key = {0};

	return note_key_parse(&key, vkey) && quorum_add(q, &key);
}

static int
find(const struct quorum *q, const struct note_signature *s)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->key[i].id == s->id &&
		    strcmp(q->key[i].name, s->name) == 0)
			return (int)i;
	return -1;
}

/* "name base64", as it stands in the note behind its dash. */
static void
keep_line(const struct note_signature *s, char *out, size_t size)
{
	unsigned char raw[260];
	char b64[360];

	if (s->len > sizeof(raw) - 4) {
		snprintf(out, size, "%s", s->name);
		return;
	}
	raw[0] = (unsigned char)(s->id >> 24);
	raw[1] = (unsigned char)(s->id >> 16);
	raw[2] = (unsigned char)(s->id >> 8);
	raw[3] = (unsigned char)s->id;
	memcpy(raw + 4, s->sig, s->len);
	EVP_EncodeBlock((unsigned char *)b64, raw, (int)s->len + 4);
	snprintf(out, size, "%.255s %s", s->name, b64);
}

static int
take_one(const struct quorum *q, const struct note *n,
    const struct note_signature *s, const char *what, struct quorum_seen *seen)
{
	int i = find(q, s);

	if (i < 0) {
		ca_raise(CA_E_DENIED, "quorum.unknown: %s: %s (key %08x) is no "
		    "participant", what, s->name, (unsigned)s->id);
		return 0;
	}
	if (note_verify(n, &q->key[i], NULL) != 1) {
		ca_raise(CA_E_DENIED, "quorum.signature: %s: that of %s does "
		    "not hold", what, s->name);
		return 0;
	}
	if (seen->by[i]) {
		seen->twice++;
		snprintf(seen->again, sizeof(seen->again), "%s", s->name);
		return 1;
	}
	seen->by[i] = 1;
	seen->n++;
	keep_line(s, seen->line[i], sizeof(seen->line[i]));
	return 1;
}

int
quorum_take(const struct quorum *q, const char *text, const char *note,
    size_t len, const char *what, struct quorum_seen *seen)
{
	struct note n = {0};
	size_t i;
	int ok = note_parse(&n, note, len);

	if (!ok)
		ca_raise(CA_E_BADREQUEST, "quorum.note: %s is not a signed "
		    "note", what);
	if (ok && strcmp(n.text, text) != 0) {
		ca_raise(CA_E_DENIED, "quorum.hash: %s is not over this one: "
		    "%s", what, n.text);
		ok = 0;
	}
	for (i = 0; ok && i < n.n; i++)
		ok = take_one(q, &n, &n.sig[i], what, seen);
	note_clear(&n);
	return ok;
}

int
quorum_enough(const struct quorum *q, const struct quorum_seen *seen,
    const char *what)
{
	if (seen->n >= (size_t)q->k)
		return 1;
	if (seen->n + seen->twice >= (size_t)q->k)
		ca_raise(CA_E_DENIED, "quorum.twice: %s: %s signed twice and "
		    "counts once: %zu of %d", what, seen->again, seen->n, q->k);
	else
		ca_raise(CA_E_DENIED, "quorum.short: %s: signed by %zu "
		    "participants, %d must", what, seen->n, q->k);
	return 0;
}

void
quorum_names(const struct quorum *q, const struct quorum_seen *seen, char *out,
    size_t size)
{
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < q->n && n < size; i++)
		if (seen->by[i])
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n == 0 ? "" : ", ", q->key[i].name);
}
