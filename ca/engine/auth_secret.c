#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/stage.h"

/*
 * HTTP Basic. A secret of ours has 160 random bits and is compared by a plain
 * SHA-256; an operator's goes through scrypt. Every failure costs one scrypt,
 * so that an unknown user, a wrong secret of either kind and the time it takes
 * to say so look the same; that is why failures are limited per address and
 * slowed per user name before it, and why it stands behind a gate. A right
 * secret of ours is found before all that: nobody can keep its device out.
 */

#define SCRYPT_N 32768
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_MEMORY (64 * 1024 * 1024)
#define SECRET_OCTETS 20
#define SECRET_CHARS 32 /* of five bits each */
#define SECRET_MIN 8
#define SECRET_MAX 256

static void
quick_hash(
    const struct secret_row *row, const char *secret, unsigned char md[32])
{
	unsigned char buf[sizeof(row->salt) + SECRET_MAX];
	size_t n = strnlen(secret, SECRET_MAX);

	memcpy(buf, row->salt, sizeof(row->salt));
	memcpy(buf + sizeof(row->salt), secret, n);
	SHA256(buf, sizeof(row->salt) + n, md);
	OPENSSL_cleanse(buf, sizeof(buf));
}

static int
slow_hash(
    const struct secret_row *row, const char *secret, unsigned char md[32])
{
	if (EVP_PBE_scrypt(secret, strlen(secret), row->salt, sizeof(row->salt),
		SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, md, 32) == 1)
		return 1;
	ca_raise(CA_E_INTERNAL, "scrypt failed");
	return 0;
}

/* Crockford's base 32: no letters that people mix up. */
static void
spell(const unsigned char r[SECRET_OCTETS], char out[SECRET_CHARS + 1])
{
	static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned bits = 0, have = 0;
	size_t i, n = 0;

	for (i = 0; i < SECRET_OCTETS; i++) {
		bits = (bits << 8 | r[i]) & 0xfff;
		have += 8;
		for (; have >= 5; have -= 5)
			out[n++] = alphabet[bits >> (have - 5) & 31];
	}
	out[n] = '\0';
}

static int
make_ours(struct secret_row *row, char *secret, size_t size)
{
	unsigned char r[SECRET_OCTETS];

	if (size <= SECRET_CHARS || RAND_bytes(r, sizeof(r)) != 1) {
		ca_raise(CA_E_INTERNAL, "no random octets for a secret");
		return 0;
	}
	spell(r, secret);
	OPENSSL_cleanse(r, sizeof(r));
	row->kind = SECRET_RANDOM;
	quick_hash(row, secret, row->hash);
	return 1;
}

int
auth_secret_make(
    struct secret_row *row, const char *chosen, char *secret, size_t size)
{
	size_t n;

	if (RAND_bytes(row->salt, sizeof(row->salt)) != 1) {
		ca_raise(CA_E_INTERNAL, "no random octets for a salt");
		return 0;
	}
	if (chosen == NULL || chosen[0] == '\0')
		return make_ours(row, secret, size);
	n = strlen(chosen);
	if (n < SECRET_MIN || n > SECRET_MAX) {
		ca_raise(CA_E_BADREQUEST, "secret: must have %d to %d octets",
		    SECRET_MIN, SECRET_MAX);
		return 0;
	}
	if (size > 0)
		secret[0] = '\0';
	row->kind = SECRET_SCRYPT;
	return slow_hash(row, chosen, row->hash);
}

struct finding {
	const char *user;
	struct secret_row *row;
	int found;
};

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct finding *f = arg;

	f->found = secrets_get(tx, f->user, f->row);
	return f->found >= 0;
}

/* Of the name nothing is said but that it was tried: the same of every name. */
static int
limited(struct admitting *t)
{
	int64_t retry;

	if (!auth_limits_allow(
		t->env->limits, t->req->address, t->env->now, &retry))
		stage_refuse(t, WIRE_LIMITED, "secret.limit", "address",
		    "too many failed attempts from this address");
	else if (!auth_limits_user_allow(t->env->limits, t->req->user,
		     t->req->address, t->env->now, &retry))
		stage_refuse(t, WIRE_LIMITED, "secret.limit", "user",
		    "too many failed attempts with this user name");
	else
		return 0;
	t->o->retry_after = retry;
	return 1;
}

static int
wrong(struct admitting *t)
{
	auth_limits_fail(t->env->limits, t->req->address, t->env->now);
	auth_limits_user_fail(
	    t->env->limits, t->req->user, t->req->address, t->env->now);
	return stage_refuse(t, WIRE_UNAUTHENTICATED, "secret.wrong", "",
	    "user name or secret is wrong");
}

/* The slow way: an operator's secret, and everything that fails. */
static int
compare_slowly(struct admitting *t, const struct secret_row *row)
{
	unsigned char md[32];
	int same = 0, ok = 0;

	if (limited(t))
		return 0;
	if (!auth_limits_enter(t->env->limits, LIMITS_SCRYPT)) {
		stage_refuse(t, WIRE_UNAVAILABLE, "secret.busy", "",
		    "too many secrets are being checked");
		t->o->retry_after = 2;
		return 0;
	}
	if (!limited(t)) { /* others may have failed while this waited */
		ok = slow_hash(row, t->req->secret, md);
		same = ok && row->kind == SECRET_SCRYPT &&
		    CRYPTO_memcmp(md, row->hash, sizeof(md)) == 0;
	}
	auth_limits_leave(t->env->limits, LIMITS_SCRYPT);
	OPENSSL_cleanse(md, sizeof(md));
	if (!ok)
		return 0;
	return same || wrong(t);
}

static int
compare(struct admitting *t, const struct secret_row *row)
{
	unsigned char md[32];
	int same;

	if (strlen(t->req->secret) > SECRET_MAX)
		return wrong(t);
	quick_hash(row, t->req->secret, md);
	same = (row->kind == SECRET_RANDOM) &
	    (CRYPTO_memcmp(md, row->hash, sizeof(md)) == 0);
	OPENSSL_cleanse(md, sizeof(md));
	return same || compare_slowly(t, row);
}

static int
fleet_in(const char *list, const char *fleet)
{
	size_t n = strlen(fleet), len;

	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len == n && memcmp(list, fleet, n) == 0)
			return 1;
	}
	return 0;
}

/* The secret is right: may it be used, and here? What used a one-time secret may
   ask for its answer again. */
static int
usable(struct admitting *t, const struct secret_row *row)
{
	int used = !row->reusable && row->used_at != 0;
	int again = used && !row->revoked ? again_by_secret(t, row) : 0;

	if (again < 0)
		return 0;
	if (row->revoked)
		return stage_refuse(t, WIRE_UNAUTHENTICATED, "secret.revoked",
		    "", "the secret is revoked");
	if (row->expires != 0 && t->env->now >= row->expires && !again)
		return stage_refuse(t, WIRE_UNAUTHENTICATED, "secret.expired",
		    "", "the secret is expired");
	if (used && !again)
		return stage_refuse(t, WIRE_UNAUTHENTICATED, "secret.used", "",
		    "the secret has been used already");
	stage_known(t, t->fleet->name, row->user);
	snprintf(t->o->shown, sizeof(t->o->shown), "%s", t->o->who);
	if (!fleet_in(row->fleets, t->fleet->name))
		return stage_refuse(t, WIRE_DENIED, "secret.fleet", "label",
		    "the secret is not for fleet %s", t->fleet->name);
	return 1;
}

int
auth_basic(struct admitting *t)
{
	struct finding f = {t->req->user, &t->secret, 0};

	if (!t->fleet->basic)
		return stage_refuse(t, WIRE_DENIED, "secret.basic", "label",
		    "fleet %s does not take HTTP Basic", t->fleet->name);
	/* A key must not be looked up by a user name beyond its column. */
	if (strlen(f.user) >= sizeof(t->secret.user))
		f.user = "";
	if (!stage_read(t, find_tx, &f))
		return 0;
	if (!f.found)
		memset(&t->secret, 0, sizeof(t->secret));
	if (t->env->explain && t->req->secret == NULL) {
		if (!f.found)
			return stage_refuse(t, WIRE_UNAUTHENTICATED,
			    "secret.wrong", "", "there is no such user");
	} else if (!compare(t, &t->secret))
		return 0;
	if (!usable(t, &t->secret))
		return 0;
	t->party = PARTY_SECRET;
	t->a->secret_id = t->secret.reusable ? 0 : t->secret.id;
	snprintf(
	    t->a->auth, sizeof(t->a->auth), "secret:%.56s", t->secret.user);
	stage_say(t, "%s secret of user %s",
	    t->secret.reusable ? "reusable" : "one-time", t->secret.user);
	return 1;
}

int
auth_basic_name(struct admitting *t)
{
	struct admission *a = t->a;
	int found;

	ERR_set_mark();
	found = csr_subject_text(
	    a->csr, NID_commonName, a->device, sizeof(a->device));
	ERR_pop_to_mark();
	if (found != 1 || !stage_name_ok(a->device)) {
		a->device[0] = '\0';
		return stage_refuse(t, WIRE_BADREQUEST, "csr.subject.cn",
		    "csr.subject.CN",
		    "the CSR must name the device in one CN "
		    "of 1 to 64 printable characters");
	}
	if (t->party == PARTY_SECRET) {
		stage_known(t, t->fleet->name, a->device);
		if (t->secret.device[0] != '\0' &&
		    strcmp(t->secret.device, a->device) != 0)
			return stage_refuse(t, WIRE_DENIED, "secret.device",
			    "csr.subject.CN",
			    "the secret is for another "
			    "device");
	}
	return stage_field(a, "identity.device", a->device) &&
	    stage_field(a, "identity.cn", a->device);
}
