#include <stdlib.h>
#include <string.h>
#include "hsm/private.h"

#define SLOTS_MAX 256

/* Judge one slot. A blank token has no label and never matches. */
static void
look_at(CK_FUNCTION_LIST *fn, const struct hsm_uri *uri, CK_SLOT_ID id,
    struct hsm_slot *out, struct hsm_slot_seen *seen)
{
	CK_SLOT_INFO slot;
	CK_TOKEN_INFO token;
	char label[sizeof(token.label) + 1];

	if (fn->C_GetSlotInfo(id, &slot) != CKR_OK ||
	    fn->C_GetTokenInfo(id, &token) != CKR_OK)
		return;
	if (!(token.flags & CKF_TOKEN_INITIALIZED)) {
		seen->n_blank++;
		if (p11_kit_uri_get_slot_id(uri->p11) == id)
			seen->named_blank = 1;
		return;
	}
	hsm_text_copy(label, token.label, sizeof(token.label));
	hsm_names_add(seen->labels, sizeof(seen->labels), label);
	seen->n_tokens++;
	if (!hsm_uri_matches_token(uri, id, &slot, &token))
		return;
	seen->n_match++;
	out->id = id;
	out->token = token;
}

CK_RV
hsm_slot_search(CK_FUNCTION_LIST *fn, const struct hsm_uri *uri,
    struct hsm_slot *out, struct hsm_slot_seen *seen)
{
	CK_SLOT_ID list[SLOTS_MAX];
	CK_ULONG i, n = SLOTS_MAX;
	CK_INFO info;
	CK_RV rv;

	/* library-* attributes of a URI choose among modules. */
	if ((rv = fn->C_GetInfo(&info)) != CKR_OK)
		return rv;
	if (p11_kit_uri_match_module_info(uri->p11, &info) != 1)
		return CKR_OK;
	if ((rv = fn->C_GetSlotList(CK_TRUE, list, &n)) != CKR_OK)
		return rv;
	for (i = 0; i < n; i++)
		look_at(fn, uri, list[i], out, seen);
	return CKR_OK;
}

int
hsm_slot_check(
    const struct hsm_slot_seen *seen, const char *where, const char *what)
{
	if (seen->n_match == 1)
		return 1;
	if (seen->n_match > 1)
		hsm_raise(HSM_E_CONFIG,
		    "%s: %zu tokens match %s: name one (found: %s)", where,
		    seen->n_match, what, seen->labels);
	else if (seen->named_blank || (!seen->n_tokens && seen->n_blank))
		hsm_raise(HSM_E_NOTOKEN,
		    "%s: token %s is uninitialised: only a blank one is there",
		    where, what);
	else if (seen->n_tokens == 0)
		hsm_raise(HSM_E_NOTOKEN,
		    "%s: token %s is absent: no token "
		    "is there at all",
		    where, what);
	else
		hsm_raise(HSM_E_NOTOKEN,
		    "%s: token %s is absent; found instead: %s%s", where, what,
		    seen->labels,
		    seen->n_blank > 0 ? " and an uninitialised one" : "");
	return 0;
}
