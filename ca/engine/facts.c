#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/facts.h"
#include "ca/store/facts.h"

#define NAME "name"
#define VALUE "value"
#define SERIAL "identity.serial"

/* What is known of a device without them, or only of that one request. */
static int
is_left_out(const char *name)
{
	return strncmp(name, "registry.", 9) == 0 ||
	    strncmp(name, "attested.", 9) == 0 ||
	    strcmp(name, "identity.device") == 0 ||
	    strcmp(name, "identity.credential") == 0;
}

int
facts_make(struct admission *a)
{
	/* A station and an operator take the serial number from the registry. */
	int registry = a->by_operator || a->station != NULL;
	WIRE_FIELDS *l;
	size_t i;
	int ok;

	if (a->renewal || a->fleet == NULL || a->device[0] == '\0')
		return 1;
	l = field_list_new();
	ok = l != NULL;
	for (i = 0; ok && i < a->n_fields; i++) {
		if (is_left_out(a->fields[i].name))
			continue;
		ok = field_add_text(l, NAME, a->fields[i].name) &&
		    field_add_text(l, VALUE,
			registry && strcmp(a->fields[i].name, SERIAL) == 0
			    ? NULL
			    : a->fields[i].value);
	}
	ok = ok && field_list_encode(l, &a->facts, &a->facts_len);
	field_list_free(l);
	return ok;
}

static int
broken(void)
{
	ca_raise(CA_E_STORE, "store: the facts of a certificate are broken");
	return 0;
}

/* NULL as the value: that of the registry, as it is now. */
static int
take_fields(struct admitting *t, WIRE_FIELDS *l)
{
	size_t i, n = field_count(l, NAME);
	const WIRE_FIELD *value;
	const char *text;

	if (field_count(l, VALUE) != n)
		return broken();
	for (i = 0; i < n; i++) {
		value = field_find(l, VALUE, i);
		text = field_type(value) == V_ASN1_NULL ? t->device.serial
							: field_get_text(value);
		if (text[0] != '\0' &&
		    !stage_field(
			t->a, field_get_text(field_find(l, NAME, i)), text))
			return 0;
	}
	return 1;
}

int
facts_take(struct admitting *t, struct store_tx *tx)
{
	struct admission *a = t->a;
	WIRE_FIELDS *l;
	int found, ok;

	found = facts_get(tx, a->predecessor.id, &a->facts, &a->facts_len);
	if (found != 1)
		return found == 0;
	l = field_list_decode(a->facts, a->facts_len);
	ok = l != NULL ? take_fields(t, l) : broken();
	field_list_free(l);
	return ok;
}
