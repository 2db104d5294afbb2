#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "ra/attest/private.h"
#include "ra/attest/verifier_policy.h"
#include "ra/attest/verifier_refs.h"

/* Reference values: a fleet's *.attest file (inkan-verifier(8)). */

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PCRS_MAX 24
#define STATES_MAX 64

static const struct conf_key ROOT_KEYS[] = {
    {"quirks", CONF_TEXTS, 0},
    {"ignore_expiry", CONF_TEXTS, 0},
    {"tpm", CONF_GROUP, 0},
    {"dice", CONF_GROUP, 0},
    {"eat", CONF_GROUP, 0},
    {"android", CONF_GROUP, 0},
    {"webauthn", CONF_GROUP, 0},
};
static const struct conf_key TPM_KEYS[] = {
    {"classes", CONF_TEXTS, 0},
    {"firmware_min", CONF_TEXT, 0},
    {"need_safe_clock", CONF_BOOL, 0},
    {"states", CONF_GROUPS, 0},
};
static const struct conf_key STATE_KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"pcrs", CONF_GROUPS, 1},
};
static const struct conf_key PCR_KEYS[] = {
    {"index", CONF_INT, 1},
    {"digest", CONF_TEXT, 1},
};

static const struct refs_word QUIRKS[] = {
    {"statement-hint", ATTEST_QUIRK_STMT_HINT},
    {"raw-signature", ATTEST_QUIRK_RAW_SIGNATURE},
    {"tpm-attributes", ATTEST_QUIRK_TPM_ATTRIBUTES},
    {"ek-padding", ATTEST_QUIRK_EK_PADDING},
    {"ek-no-san", ATTEST_QUIRK_EK_NO_SAN},
    {"ek-oaep", ATTEST_QUIRK_EK_OAEP},
    {"ek-no-eku", ATTEST_QUIRK_EK_NO_EKU},
};
static const struct refs_word CLASSES[] = {
    {"discrete", ATTEST_TPM_DISCRETE},
    {"firmware", ATTEST_TPM_FIRMWARE},
    {"virtual", ATTEST_TPM_VIRTUAL},
    {"unknown", ATTEST_TPM_UNKNOWN},
    {"no-certificate", ATTEST_TPM_NO_CERT},
};
static const struct refs_word EXPIRIES[] = {{"tpm-ak", 1}, {"tpm-ek", 2},
    {"dice", 4}, {"eat", 8}, {"android", 16}, {"webauthn", 32}};

/* --- what the formats share --- */

void *
refs_take(struct verifier_refs *r, size_t size)
{
	struct refs_piece *p = OPENSSL_zalloc(sizeof(*p) + size);

	if (p == NULL) {
		attest_internal("policy", "references", "out of memory");
		return NULL;
	}
	p->next = r->pieces;
	r->pieces = p;
	return p->octets;
}

void *
refs_list(struct verifier_refs *r, const struct conf_group *g, const char *key,
    size_t n, size_t size)
{
	if (n > REFS_LIST_MAX) {
		conf_fail(g, key, "more than %d", REFS_LIST_MAX);
		return NULL;
	}
	return refs_take(r, (n + 1) * size);
}

int
refs_words(const struct conf_group *g, const char *key,
    const struct refs_word *words, size_t n, unsigned *out)
{
	size_t i, k;
	const char *text;

	for (i = 0; i < conf_n_texts(g, key); i++) {
		text = conf_text_at(g, key, i);
		for (k = 0; k < n; k++)
			if (strcmp(text, words[k].name) == 0)
				break;
		if (k == n)
			return conf_fail(
			    g, key, "unknown value \"%.64s\"", text);
		*out |= words[k].bit;
	}
	return 1;
}

int
refs_hex(struct verifier_refs *r, const struct conf_group *g, const char *key,
    const char *text, struct attest_octets *out)
{
	size_t size = strlen(text) / 2, n = 0;
	unsigned char *p = refs_take(r, size + 1);
	int ok;

	if (p == NULL)
		return 0;
	ERR_set_mark();
	ok = text[0] != '\0' &&
	    OPENSSL_hexstr2buf_ex(p, size, &n, text, '\0') == 1;
	ERR_pop_to_mark();
	out->p = p;
	out->len = n;
	return ok || conf_fail(g, key, "no octets in hexadecimal: \"%.32s\"",
	    text);
}

int
refs_digest(struct verifier_refs *r, const struct conf_group *g,
    const char *key, const char *text, struct attest_digest *out)
{
	static const struct {
		const char *prefix;
		int nid;
		size_t size;
	} known[] = {{"sha256:", NID_sha256, 32}, {"sha384:", NID_sha384, 48},
	    {"sha512:", NID_sha512, 64}};
	size_t i;

	for (i = 0; i < N(known); i++)
		if (strncmp(text, known[i].prefix, 7) == 0)
			break;
	if (i == N(known))
		return conf_fail(g, key,
		    "sha256:, sha384: or sha512: and the digest");
	out->algorithm = known[i].nid;
	return refs_hex(r, g, key, text + 7, &out->octets) &&
	    (out->octets.len == known[i].size ||
		conf_fail(g, key, "the digest has %zu octets",
		    known[i].size));
}

/* --- TPM --- */

static int
read_pcr(struct verifier_refs *r, const struct conf_group *g,
    struct attest_pcr *out)
{
	struct attest_digest d;
	int64_t index;

	if (!conf_check(g, PCR_KEYS, N(PCR_KEYS)) ||
	    !conf_int(g, "index", 0, 23, 0, &index) ||
	    !refs_digest(r, g, "digest", conf_text(g, "digest", ""), &d))
		return 0;
	out->bank = d.algorithm;
	out->index = (unsigned)index;
	memcpy(out->digest, d.octets.p, d.octets.len);
	return 1;
}

/* The PCRs of one state of a platform, as a quote names them: of one bank, in
   ascending order. */
static int
read_state(struct verifier_refs *r, const struct conf_group *g,
    struct attest_pcr *out, size_t n)
{
	const char *name = conf_text(g, "name", "");
	size_t i;

	for (i = 0; i < n; i++) {
		out[i].state = name;
		if (!read_pcr(r, conf_group_at(g, "pcrs", i), &out[i]))
			return 0;
		if (i > 0 && out[i].bank != out[0].bank)
			return conf_fail(g, "pcrs", "digests of two banks");
		if (i > 0 && out[i].index <= out[i - 1].index)
			return conf_fail(g, "pcrs",
			    "must rise by index, each once");
	}
	return 1;
}

/* Is ${g} fit to be state ${i}? The number of its PCRs, 0 raised. */
static size_t
count_pcrs(const struct conf_group *tpm, size_t i)
{
	const struct conf_group *g = conf_group_at(tpm, "states", i);
	const char *name;
	size_t n, k;

	if (!conf_check(g, STATE_KEYS, N(STATE_KEYS)))
		return 0;
	name = conf_text(g, "name", "");
	for (k = 0; k < i; k++)
		if (strcmp(name, conf_text(conf_group_at(tpm, "states", k),
				     "name", "")) == 0) {
			(void)conf_fail(g, "name", "stands twice");
			return 0;
		}
	n = conf_n_groups(g, "pcrs");
	if (n == 0 || n > PCRS_MAX) {
		(void)conf_fail(g, "pcrs", "must be 1 to %d", PCRS_MAX);
		return 0;
	}
	return n;
}

static int
read_states(struct verifier_refs *r, const struct conf_group *g,
    struct attest_tpm_policy *out)
{
	size_t i, n, all = 0, states = conf_n_groups(g, "states");
	struct attest_pcr *pcrs;

	if (states > STATES_MAX)
		return conf_fail(g, "states", "more than %d", STATES_MAX);
	for (i = 0; i < states; i++) {
		if ((n = count_pcrs(g, i)) == 0)
			return 0;
		all += n;
	}
	if ((pcrs = refs_list(r, g, "states", all, sizeof(*pcrs))) == NULL)
		return 0;
	out->pcrs = pcrs;
	out->n_pcrs = all;
	for (i = 0; i < states; i++, pcrs += n) {
		n = conf_n_groups(conf_group_at(g, "states", i), "pcrs");
		if (!read_state(r, conf_group_at(g, "states", i), pcrs, n))
			return 0;
	}
	return 1;
}

static int
read_number(const struct conf_group *g, const char *key, uint64_t *out)
{
	const char *text = conf_text(g, key, "0");
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	if (n < 1 || n > 16 || text[n] != '\0')
		return conf_fail(g, key, "16 hexadecimal digits at most");
	*out = strtoull(text, NULL, 16);
	return 1;
}

static int
read_tpm(struct verifier_refs *r, const struct conf_group *g,
    struct attest_tpm_policy *out)
{
	if (g == NULL)
		return 1;
	if (!conf_check(g, TPM_KEYS, N(TPM_KEYS)))
		return 0;
	if (conf_has(g, "classes"))
		out->classes = 0;
	out->need_safe_clock = conf_bool(g, "need_safe_clock", 0);
	return read_states(r, g, out) &&
	    refs_words(g, "classes", CLASSES, N(CLASSES), &out->classes) &&
	    read_number(g, "firmware_min", &out->firmware_min);
}

/* --- whole --- */

static int
read_expiry(const struct conf_group *g, struct attest_policy *out)
{
	unsigned bits = 0;

	if (!refs_words(g, "ignore_expiry", EXPIRIES, N(EXPIRIES), &bits))
		return 0;
	out->tpm.ak.ignore_expiry = (bits & 1) != 0;
	out->tpm.ek.ignore_expiry = (bits & 2) != 0;
	out->dice.trust.ignore_expiry = (bits & 4) != 0;
	out->eat.trust.ignore_expiry = (bits & 8) != 0;
	out->android.trust.ignore_expiry = (bits & 16) != 0;
	out->webauthn.trust.ignore_expiry = (bits & 32) != 0;
	return 1;
}

int
verifier_refs_read(const char *name, const char *text, size_t len,
    struct attest_policy *out, struct verifier_refs **keep)
{
	struct verifier_refs *r = *keep = OPENSSL_zalloc(sizeof(*r));
	const struct conf_group *g;

	if (r == NULL)
		return attest_internal("policy", "references",
		    "out of memory");
	r->conf = conf_read_text(name, text, len);
	if (r->conf == NULL)
		return 0;
	g = conf_root(r->conf);
	return conf_check(g, ROOT_KEYS, N(ROOT_KEYS)) &&
	    refs_words(g, "quirks", QUIRKS, N(QUIRKS), &out->quirks) &&
	    read_expiry(g, out) &&
	    read_tpm(r, conf_subgroup(g, "tpm"), &out->tpm) &&
	    refs_read_dice(r, conf_subgroup(g, "dice"), &out->dice) &&
	    refs_read_eat(r, conf_subgroup(g, "eat"), &out->eat) &&
	    refs_read_android(
		r, conf_subgroup(g, "android"), &out->android) &&
	    refs_read_webauthn(
		r, conf_subgroup(g, "webauthn"), &out->webauthn);
}

void
verifier_refs_free(struct verifier_refs *r)
{
	struct refs_piece *p;

	if (r == NULL)
		return;
	while ((p = r->pieces) != NULL) {
		r->pieces = p->next;
		OPENSSL_free(p);
	}
	conf_free(r->conf);
	OPENSSL_free(r);
}
