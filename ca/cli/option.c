#include <stdint.h>
#include <string.h>
#include "ca/cli/file.h"
#include "ca/cli/option.h"
#include "ca/cli/value.h"
#include "ca/error.h"
#include "profiles/text.h"

#define INT_MOST ((int64_t)1 << 62)

static const struct option_spec *
find(const struct option_spec *specs, const char *name, size_t len)
{
	for (; specs->name != NULL; specs++)
		if (strlen(specs->name) == len &&
		    memcmp(specs->name, name, len) == 0)
			return specs;
	return NULL;
}

static int
unknown(const struct option_spec *specs, const char *name, size_t len)
{
	const char *names[OPTION_MAX];
	char hint[TEXT_HINT_MAX], word[64];
	size_t n = 0;

	for (; specs->name != NULL && n < OPTION_MAX; specs++)
		names[n++] = specs->name;
	len = len < sizeof(word) - 1 ? len : sizeof(word) - 1;
	memcpy(word, name, len);
	word[len] = '\0';
	ca_raise(CA_E_BADREQUEST, "unknown option --%s%s", word,
	    text_hint(word, names, n, hint));
	return 0;
}

static int
add(struct options *out, const struct option_spec *spec, const char *text)
{
	if (!(spec->flags & OPTION_MANY) && option_has(out, spec->name)) {
		ca_raise(CA_E_BADREQUEST, "--%s stands twice", spec->name);
		return 0;
	}
	if (out->n == OPTION_MAX) {
		ca_raise(CA_E_BADREQUEST, "more than %d options", OPTION_MAX);
		return 0;
	}
	out->v[out->n].spec = spec;
	out->v[out->n++].text = text;
	return 1;
}

int
option_take(const struct option_spec *specs, int argc, char **argv, int *i,
    struct options *out)
{
	const char *name = argv[*i] + 2, *value = strchr(name, '=');
	size_t len = value == NULL ? strlen(name) : (size_t)(value - name);
	const struct option_spec *spec;

	if ((spec = find(specs, name, len)) == NULL)
		return unknown(specs, name, len);
	if (spec->kind == OPTION_FLAG) {
		if (value == NULL)
			return add(out, spec, "");
		ca_raise(CA_E_BADREQUEST, "--%s takes no value", spec->name);
		return 0;
	}
	if (value != NULL)
		return add(out, spec, value + 1);
	if (*i + 1 == argc || strncmp(argv[*i + 1], "--", 2) == 0) {
		ca_raise(CA_E_BADREQUEST, "--%s: %s is missing", spec->name,
		    spec->value == NULL ? "the value" : spec->value);
		return 0;
	}
	return add(out, spec, argv[++*i]);
}

/* Judge what can be judged without a file or a server. */
static int
value_ok(const struct option_value *v)
{
	char hex[VALUE_HEX_SIZE];
	int64_t n;

	switch (v->spec->kind) {
	case OPTION_INT:
		return value_int(v->text, 0, INT_MOST, &n);
	case OPTION_SERIAL:
		return value_serial(v->text, hex);
	case OPTION_REASON:
		return value_reason(v->text) != NULL;
	case OPTION_DURATION:
		return value_duration(v->text, &n);
	case OPTION_TIME:
		return value_time(v->text, 0, &n);
	case OPTION_SET:
		return value_set(v->text);
	case OPTION_FLAG:
		return 1;
	default:
		break;
	}
	if (v->text[0] != '\0' && text_is_utf8(v->text, strlen(v->text)))
		return 1;
	ca_raise(CA_E_BADREQUEST, "%s",
	    v->text[0] == '\0' ? "the value is empty" : "it is not UTF-8");
	return 0;
}

static int
values_ok(const struct option_spec *specs, const struct options *o)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (!value_ok(&o->v[i])) {
			ca_raise(CA_E_BADREQUEST, "--%s", o->v[i].spec->name);
			return 0;
		}
	for (; specs->name != NULL; specs++)
		if ((specs->flags & OPTION_REQUIRED) &&
		    !option_has(o, specs->name)) {
			ca_raise(
			    CA_E_BADREQUEST, "--%s is missing", specs->name);
			return 0;
		}
	return 1;
}

int
option_parse(const struct option_spec *specs, const char *positional, int argc,
    char **argv, struct options *out)
{
	const struct option_spec *spec = NULL;
	int i, words_only = 0;

	if (positional != NULL)
		spec = find(specs, positional, strlen(positional));
	for (i = 0; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = 1;
		} else if (!words_only && strncmp(argv[i], "--", 2) == 0) {
			if (!option_take(specs, argc, argv, &i, out))
				return 0;
		} else if (spec == NULL ||
		    (!words_only && argv[i][0] == '-' && argv[i][1] != '\0')) {
			ca_raise(CA_E_BADREQUEST, "unknown argument \"%s\"",
			    argv[i]);
			return 0;
		} else if (!add(out, spec, argv[i])) {
			return 0;
		}
	}
	return values_ok(specs, out);
}

int
option_has(const struct options *o, const char *name)
{
	return option_text(o, name) != NULL;
}

const char *
option_text(const struct options *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (strcmp(o->v[i].spec->name, name) == 0)
			return o->v[i].text;
	return NULL;
}

/* One option as argument of the operation. */
static int
add_field(WIRE_FIELDS *args, const struct option_value *v, time_t now)
{
	const char *field = v->spec->field, *text = v->text;
	char hex[VALUE_HEX_SIZE];
	int64_t n;

	if (field == NULL)
		field = v->spec->name;
	switch (v->spec->kind) {
	case OPTION_FLAG:
		return field_add_flag(args, field, 1);
	case OPTION_INT:
		return value_int(text, 0, INT_MOST, &n) &&
		    field_add_int(args, field, n);
	case OPTION_SERIAL:
		return value_serial(text, hex) &&
		    field_add_text(args, field, hex);
	case OPTION_REASON:
		return field_add_text(args, field, value_reason(text));
	case OPTION_DURATION:
		return value_duration(text, &n) &&
		    field_add_int(args, field, n);
	case OPTION_TIME:
		return value_time(text, now, &n) &&
		    field_add_time(args, field, n);
	case OPTION_CSR:
		return file_add_csr(args, field, text);
	case OPTION_KEY:
		return file_add_key(args, field, text);
	case OPTION_CERT:
		return file_add_cert(args, field, text);
	case OPTION_CHAIN:
		return file_add_chain(args, field, text);
	case OPTION_TEXT:
	case OPTION_SET:
		break;
	}
	return field_add_text(args, field, text);
}

int
option_fields(const struct options *o, time_t now, WIRE_FIELDS *args)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (!(o->v[i].spec->flags & OPTION_LOCAL) &&
		    !add_field(args, &o->v[i], now))
			return 0;
	return 1;
}
