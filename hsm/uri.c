#include <stdio.h>
#include <string.h>
#include "hsm/private.h"

void
hsm_text_copy(char *out, const unsigned char *in, size_t in_len)
{
	memcpy(out, in, in_len);
	while (in_len > 0 && (out[in_len - 1] == ' ' || out[in_len - 1] == 0))
		in_len--;
	out[in_len] = '\0';
}

void
hsm_names_add(char *list, size_t size, const char *name)
{
	size_t len = strlen(list);

	/* A name that does not fit whole is told by three dots, once. */
	if (len >= 3 && strcmp(list + len - 3, "...") == 0)
		return;
	if (len + strlen(name) + sizeof(", \"\", ...") > size)
		snprintf(list + len, size - len, "%s...", len ? ", " : "");
	else
		snprintf(
		    list + len, size - len, "%s\"%s\"", len ? ", " : "", name);
}

static int
copy_text(char *out, size_t size, const char *in, const char *what)
{
	if (in == NULL)
		return 1;
	if (strlen(in) >= size) {
		hsm_raise(HSM_E_CONFIG, "PKCS#11 URI: %s is too long", what);
		return 0;
	}
	strcpy(out, in);
	return 1;
}

/*
 * pin-source is a URI itself (RFC 7512, section 2.4). Only file: is for us: a
 * command would have to be run.
 */
static int
copy_pin_source(struct hsm_uri *uri, const char *source)
{
	if (source == NULL)
		return 1;
	if (strncmp(source, "file:", 5) == 0) {
		source += 5;
		if (strncmp(source, "//", 2) == 0)
			source += 2;
	}
	if (source[0] != '/') {
		hsm_raise(HSM_E_CONFIG,
		    "PKCS#11 URI: pin-source must be file:/absolute/path");
		return 0;
	}
	return copy_text(
	    uri->pin_path, sizeof(uri->pin_path), source, "pin-source");
}

static int
check_parts(struct hsm_uri *uri)
{
	if (p11_kit_uri_get_pin_value(uri->p11) != NULL) {
		/* A PIN in a URI ends up in ps, in logs and in back-ups. */
		hsm_raise(HSM_E_CONFIG,
		    "PKCS#11 URI: pin-value is not allowed, name a file");
		return 0;
	}
	if (p11_kit_uri_any_unrecognized(uri->p11)) {
		hsm_raise(HSM_E_CONFIG, "PKCS#11 URI: unknown attribute");
		return 0;
	}
	return copy_text(uri->module_path, sizeof(uri->module_path),
		   p11_kit_uri_get_module_path(uri->p11), "module-path") &&
	    copy_text(uri->module_name, sizeof(uri->module_name),
		p11_kit_uri_get_module_name(uri->p11), "module-name") &&
	    copy_pin_source(uri, p11_kit_uri_get_pin_source(uri->p11));
}

int
hsm_uri_parse(struct hsm_uri *uri, const char *text)
{
	int rc;

	memset(uri, 0, sizeof(*uri));
	if (text == NULL || strlen(text) >= HSM_URI_MAX) {
		hsm_raise(HSM_E_CONFIG, "PKCS#11 URI: %s",
		    text == NULL ? "missing" : "too long");
		return 0;
	}
	if ((uri->p11 = p11_kit_uri_new()) == NULL)
		return 0;
	rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri->p11);
	if (rc != P11_KIT_URI_OK) {
		/* The text is not repeated: it may hold a PIN. */
		hsm_raise(
		    HSM_E_CONFIG, "PKCS#11 URI: %s", p11_kit_uri_message(rc));
		hsm_uri_clear(uri);
		return 0;
	}
	if (!check_parts(uri)) {
		hsm_uri_clear(uri);
		return 0;
	}
	return 1;
}

void
hsm_uri_files(const char *text, char *pin, char *module)
{
	struct hsm_uri uri;

	pin[0] = module[0] = '\0';
	ERR_set_mark();
	if (hsm_uri_parse(&uri, text)) {
		strcpy(pin, uri.pin_path);
		strcpy(module, uri.module_path);
		hsm_uri_clear(&uri);
	}
	ERR_pop_to_mark();
}

void
hsm_uri_clear(struct hsm_uri *uri)
{
	p11_kit_uri_free(uri->p11);
	uri->p11 = NULL;
}

int
hsm_uri_matches_token(const struct hsm_uri *uri, CK_SLOT_ID slot,
    const CK_SLOT_INFO *slot_info, const CK_TOKEN_INFO *token)
{
	CK_SLOT_ID want = p11_kit_uri_get_slot_id(uri->p11);

	return (want == (CK_SLOT_ID)-1 || want == slot) &&
	    p11_kit_uri_match_slot_info(uri->p11, slot_info) == 1 &&
	    p11_kit_uri_match_token_info(uri->p11, token) == 1;
}
