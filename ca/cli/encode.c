#include <string.h>
#include <openssl/crypto.h>
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/error.h"

static json_t *
hex(const WIRE_FIELD *f)
{
	const unsigned char *p;
	json_t *value;
	size_t len, i;
	char *text;

	p = field_get_bytes(f, &len);
	if ((text = OPENSSL_malloc(2 * len + 1)) == NULL)
		return NULL;
	text[0] = '\0';
	for (i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	value = json_string(text);
	OPENSSL_free(text);
	return value;
}

static json_t *
value_of(const WIRE_FIELD *f)
{
	char buf[FORMAT_TIME_MAX];

	switch (field_type(f)) {
	case V_ASN1_UTF8STRING:
		return json_string(field_get_text(f));
	case V_ASN1_INTEGER:
		return json_integer(field_get_int(f));
	case V_ASN1_BOOLEAN:
		return json_boolean(field_get_flag(f));
	case V_ASN1_GENERALIZEDTIME:
		return json_string(format_time(field_get_time(f), buf));
	case V_ASN1_OCTET_STRING:
		return hex(f);
	}
	return json_null();
}

/* All values of that name as an array. */
static json_t *
values_of(const WIRE_FIELDS *fields, const char *name)
{
	json_t *array = json_array();
	size_t i, n = field_count(fields, name);

	for (i = 0; array != NULL && i < n; i++)
		if (json_array_append_new(
			array, value_of(field_find(fields, name, i))) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

int
encode_into(json_t *object, const WIRE_FIELDS *fields)
{
	const WIRE_FIELD *f;
	const char *name;
	json_t *value;
	int i;

	for (i = 0; i < sk_WIRE_FIELD_num(fields); i++) {
		f = sk_WIRE_FIELD_value(fields, i);
		name = field_name(f);
		if (strcmp(name, "der") == 0)
			continue;
		value = field_count(fields, name) == 1
		    ? value_of(f)
		    : values_of(fields, name);
		if (json_object_set_new(object, name, value) != 0) {
			ca_raise(CA_E_INTERNAL, "json: %s", name);
			return 0;
		}
	}
	return 1;
}

static json_t *
encode_object(const WIRE_FIELDS *fields)
{
	json_t *o = json_object();

	if (o != NULL && encode_into(o, fields))
		return o;
	json_decref(o);
	return NULL;
}

json_t *
encode_rows(const WIRE_ANSWER *answer)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < message_n_rows(answer); i++)
		if (json_array_append_new(
			array, encode_object(message_row(answer, i))) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

int
encode_print(FILE *out, json_t *value)
{
	int ok;

	ok = value != NULL && json_dumpf(value, out, JSON_INDENT(2)) == 0 &&
	    fputc('\n', out) != EOF;
	json_decref(value);
	if (!ok)
		ca_raise(CA_E_INTERNAL, "json: cannot be printed");
	return ok;
}

void
encode_begin(struct encode_stream *s, FILE *out)
{
	s->out = out;
	s->n = 0;
	fputc('[', out);
}

int
encode_row(struct encode_stream *s, const WIRE_FIELDS *row)
{
	json_t *o = encode_object(row);
	int ok;

	fputs(s->n++ == 0 ? "\n  " : ",\n  ", s->out);
	ok = o != NULL && json_dumpf(o, s->out, JSON_COMPACT) == 0;
	json_decref(o);
	if (!ok)
		ca_raise(CA_E_INTERNAL, "json: cannot be printed");
	return ok;
}

void
encode_end(struct encode_stream *s)
{
	fputs(s->n == 0 ? "]\n" : "\n]\n", s->out);
}
