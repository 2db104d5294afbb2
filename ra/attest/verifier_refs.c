#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "profiles/conf.h"
#include "ra/attest/private.h"
#include "ra/attest/verifier_policy.h"

/* Reference values: a fleet's *.attest file (inkan-verifier(8)). */

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define PCRS_MAX 24

struct verifier_refs {
	struct conf *conf;
	struct attest_pcr pcrs[PCRS_MAX];
};

static const struct conf_key ROOT_KEYS[] = {
    {"quirks", CONF_TEXTS, 0},
    {"ignore_expiry", CONF_TEXTS, 0},
    {"tpm", CONF_GROUP, 0},
};
static const struct conf_key TPM_KEYS[] = {
    {"classes", CONF_TEXTS, 0},
    {"firmware_min", CONF_TEXT, 0},
    {"need_safe_clock", CONF_BOOL, 0},
    {"pcrs", CONF_GROUPS, 0},
};
static const struct conf_key PCR_KEYS[] = {
    {"bank", CONF_TEXT, 1},
    {"index", CONF_INT, 1},
    {"digest", CONF_TEXT, 1},
};

struct word {
	const char *name;
	unsigned bit;
};

static const struct word QUIRKS[] = {
    {"statement-hint", ATTEST_QUIRK_STMT_HINT},
    {"raw-signature", ATTEST_QUIRK_RAW_SIGNATURE},
    {"tpm-attributes", ATTEST_QUIRK_TPM_ATTRIBUTES},
    {"ek-padding", ATTEST_QUIRK_EK_PADDING},
    {"ek-no-san", ATTEST_QUIRK_EK_NO_SAN},
    {"ek-oaep", ATTEST_QUIRK_EK_OAEP},
    {"ek-no-eku", ATTEST_QUIRK_EK_NO_EKU},
};
static const struct word CLASSES[] = {
    {"discrete", ATTEST_TPM_DISCRETE},
    {"firmware", ATTEST_TPM_FIRMWARE},
    {"virtual", ATTEST_TPM_VIRTUAL},
    {"unknown", ATTEST_TPM_UNKNOWN},
    {"no-certificate", ATTEST_TPM_NO_CERT},
};
static const struct word EXPIRIES[] = {{"tpm-ak", 1}, {"tpm-ek", 2}};

/* A list of words as a set of bits. */
static int
read_words(const struct conf_group *g, const char *key,
    const struct word *words, size_t n, unsigned *out)
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

static int
read_pcr(const struct conf_group *g, struct attest_pcr *out)
{
	static const char *const banks[] = {
	    "sha256", "sha384", "sha512", NULL};
	static const int nids[] = {NID_sha256, NID_sha384, NID_sha512};
	static const size_t sizes[] = {32, 48, 64};
	int bank, ok;
	int64_t index;
	size_t n = 0;

	if (!conf_check(g, PCR_KEYS, N(PCR_KEYS)) ||
	    !conf_int(g, "index", 0, 23, 0, &index) ||
	    (bank = conf_choice(g, "bank", banks, 0)) < 0)
		return 0;
	out->bank = nids[bank];
	out->index = (unsigned)index;
	ERR_set_mark();
	ok = OPENSSL_hexstr2buf_ex(out->digest, sizeof(out->digest), &n,
		 conf_text(g, "digest", ""), '\0') == 1 &&
	    n == sizes[bank];
	ERR_pop_to_mark();
	return ok ||
	    conf_fail(g, "digest", "%zu octets in hexadecimal", sizes[bank]);
}

static int
read_number(const struct conf_group *g, const char *key, uint64_t *out)
{
	const char *text = conf_text(g, key, "0");
	unsigned long long n = 0;
	int end = 0;

	if (sscanf(text, "%llx%n", &n, &end) != 1 || text[end] != '\0')
		return conf_fail(g, key, "16 hexadecimal digits at most");
	*out = n;
	return 1;
}

static int
read_tpm(const struct conf_group *g, struct verifier_refs *r,
    struct attest_tpm_policy *out)
{
	size_t i, n;

	if (g == NULL)
		return 1;
	if (!conf_check(g, TPM_KEYS, N(TPM_KEYS)))
		return 0;
	if (conf_has(g, "classes"))
		out->classes = 0;
	out->need_safe_clock = conf_bool(g, "need_safe_clock", 0);
	n = conf_n_groups(g, "pcrs");
	if (n > PCRS_MAX)
		return conf_fail(g, "pcrs", "more than %d", PCRS_MAX);
	for (i = 0; i < n; i++)
		if (!read_pcr(conf_group_at(g, "pcrs", i), &r->pcrs[i]))
			return 0;
	out->pcrs = r->pcrs;
	out->n_pcrs = n;
	return read_words(g, "classes", CLASSES, N(CLASSES), &out->classes) &&
	    read_number(g, "firmware_min", &out->firmware_min);
}

int
verifier_refs_read(const char *text, size_t len, struct attest_policy *out,
    struct verifier_refs **keep)
{
	struct verifier_refs *r = *keep = OPENSSL_zalloc(sizeof(*r));
	const struct conf_group *g;
	unsigned expiry = 0;

	if (r == NULL)
		return attest_internal("policy", "references",
		    "out of memory");
	r->conf = conf_read_text("references", text, len);
	if (r->conf == NULL)
		return 0;
	g = conf_root(r->conf);
	if (!conf_check(g, ROOT_KEYS, N(ROOT_KEYS)) ||
	    !read_words(g, "quirks", QUIRKS, N(QUIRKS), &out->quirks) ||
	    !read_words(g, "ignore_expiry", EXPIRIES, N(EXPIRIES), &expiry) ||
	    !read_tpm(conf_subgroup(g, "tpm"), r, &out->tpm))
		return 0;
	out->tpm.ak.ignore_expiry = (expiry & 1) != 0;
	out->tpm.ek.ignore_expiry = (expiry & 2) != 0;
	return 1;
}

void
verifier_refs_free(struct verifier_refs *r)
{
	if (r == NULL)
		return;
	conf_free(r->conf);
	OPENSSL_free(r);
}
