#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "profiles/text.h"
#include "ca/engine/where.h"

#define VERSION_PARTS 8

enum kind {
	KIND_TEXT,
	KIND_STATE,
	KIND_HEX,
	KIND_TIME,
	KIND_SINCE,
	KIND_FIELD
};

struct name {
	const char *text;
	enum where_name name;
	enum kind kind;
	enum where_op op; /* KIND_SINCE: what "=" means */
};

static const struct name NAMES[] = {
    {"issuer", WHERE_ISSUER, KIND_TEXT, 0},
    {"profile", WHERE_PROFILE, KIND_TEXT, 0},
    {"fleet", WHERE_FLEET, KIND_TEXT, 0},
    {"device", WHERE_DEVICE, KIND_TEXT, 0},
    {"auth", WHERE_AUTH, KIND_TEXT, 0},
    {"subject", WHERE_SUBJECT, KIND_TEXT, 0},
    {"state", WHERE_STATE, KIND_STATE, 0},
    {"serial", WHERE_SERIAL, KIND_HEX, 0},
    {"spki", WHERE_SPKI, KIND_HEX, 0},
    {"issued", WHERE_ISSUED, KIND_TIME, 0},
    {"expires", WHERE_EXPIRES, KIND_TIME, 0},
    {"issued-after", WHERE_ISSUED, KIND_SINCE, WHERE_GE},
    {"issued-before", WHERE_ISSUED, KIND_SINCE, WHERE_LT},
    {"expires-after", WHERE_EXPIRES, KIND_SINCE, WHERE_GE},
    {"expires-before", WHERE_EXPIRES, KIND_SINCE, WHERE_LT},
    {"device-serial", WHERE_DEVICE_SERIAL, KIND_FIELD, 0},
};

#define N_NAMES (sizeof(NAMES) / sizeof(NAMES[0]))

static const struct name FIELD = {NULL, WHERE_FIELD, KIND_FIELD, 0};

/* Which operators a kind has, as bits. */
#define BIT(op) (1u << (op))
#define EQUAL (BIT(WHERE_EQ) | BIT(WHERE_NE))
#define ORDER (BIT(WHERE_LT) | BIT(WHERE_LE) | BIT(WHERE_GT) | BIT(WHERE_GE))

static const unsigned OPS[] = {
    [KIND_TEXT] = EQUAL | BIT(WHERE_LIKE),
    [KIND_STATE] = EQUAL,
    [KIND_HEX] = BIT(WHERE_EQ),
    [KIND_TIME] = ORDER,
    [KIND_SINCE] = BIT(WHERE_EQ),
    [KIND_FIELD] = EQUAL | ORDER | BIT(WHERE_LIKE),
};

struct parser {
	const char *text, *p;
	struct where_cond *cond;
	const struct name *name;
	char word[64];
};

static int
wrong(
    const struct parser *ps, const char *at, const char *rule, const char *what)
{
	ca_raise(CA_E_BADREQUEST, "where.%s: at %zu: %s", rule,
	    (size_t)(at - ps->text) + 1, what);
	return 0;
}

/* Version numbers. */

/* Up to nine digits, which fit; *text moves behind them. */
static int
number_of(const char **text, uint32_t *out)
{
	const char *p = *text;
	int digits;

	*out = 0;
	for (digits = 0; isdigit((unsigned char)*p); digits++)
		if (digits < 9)
			*out = *out * 10 + (uint32_t)(*p++ - '0');
		else
			return 0;
	*text = p;
	return digits > 0;
}

static int
version_of(const char *text, uint32_t out[VERSION_PARTS])
{
	size_t n;

	memset(out, 0, VERSION_PARTS * sizeof(out[0]));
	if (*text == 'v' || *text == 'V')
		text++;
	for (n = 0; n < VERSION_PARTS; n++) {
		if (!number_of(&text, &out[n]))
			return 0;
		if (*text == '\0')
			return 1;
		if (*text++ != '.')
			return 0;
	}
	return 0;
}

static enum where_verdict
compare(const struct where_cond *c, const char *value)
{
	uint32_t have[VERSION_PARTS], want[VERSION_PARTS];
	int i, order = 0;

	if (!version_of(value, have) || !version_of(c->text, want))
		return WHERE_UNDECIDED;
	for (i = 0; order == 0 && i < VERSION_PARTS; i++)
		order = (have[i] > want[i]) - (have[i] < want[i]);
	switch (c->op) {
	case WHERE_LT:
		return order < 0;
	case WHERE_LE:
		return order <= 0;
	case WHERE_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

enum where_verdict
where_judge(const struct where_cond *c, const char *value)
{
	if (value == NULL)
		return WHERE_UNDECIDED;
	switch (c->op) {
	case WHERE_EQ:
		return strcmp(value, c->text) == 0;
	case WHERE_NE:
		return strcmp(value, c->text) != 0;
	case WHERE_LIKE:
		return text_match(c->text, value, '*', 0);
	default:
		return compare(c, value);
	}
}

enum where_verdict
where_judge_row(const struct where *w, const struct where_row *row)
{
	enum where_verdict one, all = WHERE_YES;
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (w->cond[i].here)
			continue;
		one = where_judge(&w->cond[i], row->value[i]);
		if (one == WHERE_NO)
			return WHERE_NO;
		if (one == WHERE_UNDECIDED)
			all = WHERE_UNDECIDED;
	}
	return all;
}

/* Reading. */

static int
unknown_name(const struct parser *ps, const char *at)
{
	const char *list[N_NAMES];
	char hint[TEXT_HINT_MAX], what[sizeof(hint) + 128];
	size_t i;

	for (i = 0; i < N_NAMES; i++)
		list[i] = NAMES[i].text;
	snprintf(what, sizeof(what), "nothing is called \"%s\"%s", ps->word,
	    text_hint(ps->word, list, N_NAMES, hint));
	return wrong(ps, at, "name", what);
}

/* What a certificate has by that name comes first. */
static int
read_name(struct parser *ps)
{
	static const char FIELD_CHARS[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *at = ps->p, *field = ps->word;
	size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_-."), i;

	if (n == 0)
		return wrong(ps, at, "syntax", "a name is expected");
	if (n >= sizeof(ps->word))
		return wrong(ps, at, "name", "longer than 63 octets");
	memcpy(ps->word, at, n);
	ps->word[n] = '\0';
	ps->p += n;
	ps->name = NULL;
	for (i = 0; i < N_NAMES; i++)
		if (strcmp(NAMES[i].text, ps->word) == 0)
			ps->name = &NAMES[i];
	if (ps->name == NULL) {
		ps->name = &FIELD;
		field += strncmp(field, "field.", 6) == 0 ? 6 : 0;
		if (*field == '\0' || field[strspn(field, FIELD_CHARS)] != '\0')
			return unknown_name(ps, at);
		strcpy(ps->cond->field, field);
	}
	ps->cond->name = ps->name->name;
	return 1;
}

static int
read_op(struct parser *ps)
{
	static const struct {
		const char *text;
		enum where_op op;
	} LIST[] = {{"!=", WHERE_NE}, {"<=", WHERE_LE}, {">=", WHERE_GE},
	    {"=", WHERE_EQ}, {"<", WHERE_LT}, {">", WHERE_GT},
	    {"~", WHERE_LIKE}};
	const char *at = ps->p;
	size_t i, n;

	for (i = 0; i < sizeof(LIST) / sizeof(LIST[0]); i++) {
		n = strlen(LIST[i].text);
		if (strncmp(at, LIST[i].text, n) != 0)
			continue;
		if (!(OPS[ps->name->kind] & BIT(LIST[i].op)))
			return wrong(ps, at, "op",
			    "this name does not have this operator");
		ps->cond->op = LIST[i].op;
		ps->p += n;
		return 1;
	}
	return wrong(ps, at, "syntax", "= != < <= > >= or ~ is expected");
}

/* The value's octets into the condition's text. */
static int
read_value(struct parser *ps)
{
	const char *at = ps->p, *from = at;
	char end[3] = "";
	size_t n, i;

	if (*at == '\'' || *at == '"') {
		end[0] = *at;
		from++;
	}
	n = end[0] != '\0' ? strcspn(from, end) : strcspn(from, " '\"");
	if (n == 0)
		return wrong(ps, at, "value", "a value is expected");
	if (n > WHERE_VALUE_MAX)
		return wrong(ps, at, "value", "longer than 255 octets");
	ps->p = from + n;
	if (end[0] != '\0' && *ps->p++ != end[0])
		return wrong(ps, at, "syntax", "the quote does not end");
	if (*ps->p != '\0' && *ps->p != ' ')
		return wrong(ps, ps->p, "syntax", "a blank is expected");
	for (i = 0; i < n; i++)
		if (iscntrl((unsigned char)from[i]))
			return wrong(
			    ps, from + i, "value", "a control character");
	memcpy(ps->cond->text, from, n);
	return 1;
}

static int
nibble(char c)
{
	return isdigit((unsigned char)c) ? c - '0'
	    : c >= 'a' && c <= 'f'	 ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'	 ? c - 'A' + 10
					 : -1;
}

/* Octets of a serial number without leading zeros, or of a digest. */
static int
value_hex(struct where_cond *c)
{
	const char *p = c->text;
	size_t n, i;

	while (c->name == WHERE_SERIAL && p[0] == '0' && p[1] == '0' &&
	    p[2] != '\0')
		p += 2;
	n = strlen(p);
	if (n % 2 != 0 ||
	    (c->name == WHERE_SPKI ? n != 64 : n > 2 * CERT_SERIAL_MAX))
		return 0;
	for (i = 0; i < n; i++)
		if (nibble(p[i]) < 0)
			return 0;
	for (i = 0; i < n / 2; i++)
		c->bytes[i] = (unsigned char)((unsigned)nibble(p[2 * i]) << 4 |
		    (unsigned)nibble(p[2 * i + 1]));
	c->n_bytes = n / 2;
	return 1;
}

/* "0000-00-00" or "0000-00-00T00:00:00Z", digit for digit. */
static int
has_shape(const char *text, const char *shape)
{
	for (; *shape != '\0'; shape++, text++)
		if (*shape == '0' ? !isdigit((unsigned char)*text)
				  : *text != *shape)
			return 0;
	return *text == '\0';
}

static int
value_time(struct where_cond *c)
{
	struct tm tm = {0}, is;
	time_t t;

	if (!has_shape(c->text, "0000-00-00") &&
	    !has_shape(c->text, "0000-00-00T00:00:00Z"))
		return 0;
	/* Digits only, at most four. NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(c->text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon,
		&tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) < 3)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	is = tm;
	t = timegm(&is);
	c->number = (int64_t)t;
	/* 30 February is another day afterwards. */
	return t > 0 && is.tm_mon == tm.tm_mon && is.tm_mday == tm.tm_mday &&
	    is.tm_hour == tm.tm_hour && is.tm_min == tm.tm_min &&
	    is.tm_sec == tm.tm_sec;
}

static int
value_version(const struct where_cond *c)
{
	uint32_t parts[VERSION_PARTS];

	return version_of(c->text, parts);
}

/* What the value must be, and who decides. */
static int
take_value(struct parser *ps, const char *at)
{
	struct where_cond *c = ps->cond;
	int order = (ORDER & BIT(c->op)) != 0;

	c->here = c->op != WHERE_LIKE;
	switch (ps->name->kind) {
	case KIND_STATE:
		c->number = certs_state_of(c->text);
		return c->number != 0 ||
		    wrong(ps, at, "value",
			"none of reserved, valid, held, revoked, aborted");
	case KIND_HEX:
		return value_hex(c) ||
		    wrong(ps, at, "value",
			c->name == WHERE_SPKI
			    ? "not a SHA-256 (64 hexadecimal digits)"
			    : "not a serial number in hexadecimal");
	case KIND_SINCE:
		c->op = ps->name->op;
		/* FALLTHROUGH */
	case KIND_TIME:
		return value_time(c) ||
		    wrong(ps, at, "value",
			"not a time (2026-11-21, 2026-11-21T07:00:00Z)");
	case KIND_FIELD:
		/* A field that is not there is neither equal nor different. */
		c->here = c->op == WHERE_EQ;
		return !order || value_version(c) ||
		    wrong(ps, at, "value", "not a version number (1.4.2)");
	default:
		return 1;
	}
}

int
where_parse(const char *text, struct where *out)
{
	struct parser ps = {.text = text, .p = text};
	const char *at;

	memset(out, 0, sizeof(*out));
	if (strlen(text) > WHERE_TEXT_MAX ||
	    !text_is_utf8(text, strlen(text))) {
		ca_raise(CA_E_BADREQUEST,
		    "where.size: not UTF-8, or longer than %d octets",
		    WHERE_TEXT_MAX);
		return 0;
	}
	for (;;) {
		ps.p += strspn(ps.p, " ");
		if (*ps.p == '\0')
			break;
		if (out->n == WHERE_CONDS_MAX)
			return wrong(
			    &ps, ps.p, "size", "more than 16 conditions");
		ps.cond = &out->cond[out->n++];
		if (!read_name(&ps) || !read_op(&ps))
			return 0;
		at = ps.p;
		if (!read_value(&ps) || !take_value(&ps, at))
			return 0;
	}
	return out->n > 0 || wrong(&ps, ps.p, "syntax", "no condition");
}
