#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "ra/attest/private.h"

#define FACT_VALUE_MAX 2048 /* a foreign text is cut there */

struct attest_facts {
	struct attest_fact fact[ATTEST_FACTS_MAX];
	size_t n;
	unsigned char *key;
	size_t key_len;
	unsigned char ak_name[ATTEST_NAME_MAX];
	size_t ak_name_len;
};

int
attest_raise(enum attest_reason reason, const char *rule, const char *field,
    const char *fmt, ...)
{
	char text[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ERR_raise_data(ERR_LIB_USER, (int)reason, "attest.%s: %s: %s", rule,
	    field, text);
	return 0;
}

struct attest_facts *
attest_facts_new(void)
{
	struct attest_facts *f = OPENSSL_zalloc(sizeof(*f));

	if (f == NULL)
		attest_internal("facts", "memory", "there is none left");
	return f;
}

void
attest_facts_free(struct attest_facts *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++)
		OPENSSL_free((char *)f->fact[i].value);
	OPENSSL_free(f->key);
	OPENSSL_free(f);
}

size_t
attest_facts_count(const struct attest_facts *f)
{
	return f->n;
}

const struct attest_fact *
attest_facts_at(const struct attest_facts *f, size_t i)
{
	return i < f->n ? &f->fact[i] : NULL;
}

const char *
attest_facts_get(const struct attest_facts *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->fact[i].name, name) == 0)
			return f->fact[i].value;
	return NULL;
}

struct attest_octets
attest_facts_key(const struct attest_facts *f)
{
	return octets_of(f->key, f->key_len);
}

struct attest_octets
attest_facts_ak_name(const struct attest_facts *f)
{
	return octets_of(f->ak_name, f->ak_name_len);
}

/* Takes ${value} over, also when there is no room. */
static int
add(struct attest_facts *f, const char *name, enum attest_type type, char *value)
{
	if (value == NULL)
		return attest_internal("facts", name, "out of memory");
	if (f->n == ATTEST_FACTS_MAX) {
		OPENSSL_free(value);
		return attest_refuse("facts", name, "more than %d facts",
		    ATTEST_FACTS_MAX);
	}
	f->fact[f->n].name = name;
	f->fact[f->n].type = type;
	f->fact[f->n].value = value;
	f->n++;
	return 1;
}

/* Foreign text goes to logs and terminals: what could steer those is written
   out. UTF-8 beyond ASCII is left alone. */
int
facts_text(struct attest_facts *f, const char *name, const char *value,
    size_t len)
{
	char *out, *q;
	size_t i;

	if (len > FACT_VALUE_MAX)
		len = FACT_VALUE_MAX;
	q = out = OPENSSL_malloc(4 * len + 1);
	for (i = 0; out && i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c < 0x20 || c == 0x7f || c == '\\')
			q += snprintf(q, 5, "\\x%02x", c);
		else
			*q++ = (char)c;
	}
	if (out)
		*q = '\0';
	return add(f, name, ATTEST_TEXT, out);
}

int
facts_string(struct attest_facts *f, const char *name, const char *value)
{
	return facts_text(f, name, value, strlen(value));
}

int
facts_number(struct attest_facts *f, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return add(f, name, ATTEST_NUMBER, OPENSSL_strdup(text));
}

int
facts_unsigned(struct attest_facts *f, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return add(f, name, ATTEST_NUMBER, OPENSSL_strdup(text));
}

int
facts_octets(struct attest_facts *f, const char *name, const unsigned char *p,
    size_t len)
{
	char *out;
	size_t i;

	if (len > FACT_VALUE_MAX)
		len = FACT_VALUE_MAX;
	out = OPENSSL_malloc(2 * len + 1);
	for (i = 0; out && i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
	if (out)
		out[2 * len] = '\0';
	return add(f, name, ATTEST_OCTETS, out);
}

int
facts_flag(struct attest_facts *f, const char *name, int value)
{
	return add(f, name, ATTEST_FLAG,
	    OPENSSL_strdup(value ? "true" : "false"));
}

int
facts_set_key(struct attest_facts *f, struct attest_octets spki)
{
	if (f->key)
		return octets_equal(spki, f->key, f->key_len) ||
		    attest_refuse("facts.key", "spki",
			"two statements are of two keys");
	f->key = OPENSSL_memdup(spki.p, spki.len);
	if (f->key == NULL)
		return attest_internal("facts.key", "spki", "out of memory");
	f->key_len = spki.len;
	return 1;
}

int
facts_set_ak_name(struct attest_facts *f, const unsigned char *p, size_t len)
{
	if (len == 0 || len > sizeof(f->ak_name))
		return attest_internal("facts.ak-name", "name", "%zu octets", len);
	if (f->ak_name_len)
		return octets_equal(octets_of(p, len), f->ak_name,
			   f->ak_name_len) ||
		    attest_refuse("facts.ak-name", "name",
			"two statements are of two attestation keys");
	memcpy(f->ak_name, p, len);
	f->ak_name_len = len;
	return 1;
}
