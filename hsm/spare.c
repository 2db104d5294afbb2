#include <string.h>
#include "hsm/private.h"

/* A key that two tokens hold: one signs, the other stands in for it. */

struct spare_search {
	struct hsm_key *like;	/* a reference of its own */
	struct hsm_key *found;
};

static CK_RV
refuse(const struct hsm_key *like, const char *what)
{
	hsm_raise(HSM_E_NOKEY, "key %s: the token that is to stand in %s",
	    like->label, what);
	return HSM_RV_RAISED;
}

static CK_RV
find_spare(struct hsm_session *s, void *arg)
{
	struct spare_search *search = arg;
	const struct hsm_key *like = search->like;
	CK_OBJECT_HANDLE o[2];
	struct hsm_key *key = NULL;
	size_t n = 0;
	CK_RV rv;

	rv = hsm_object_find(s, CKO_PRIVATE_KEY,
	    like->label[0] != '\0' ? like->label : NULL,
	    like->id_len > 0 ? like->id : NULL, like->id_len, o, 2, &n);
	if (rv != CKR_OK)
		return rv;
	if (n != 1)
		return refuse(like, n == 0 ? "lacks it" :
		    "has more than one of that name");
	if ((rv = hsm_key_assert(s, o[0], 0)) != CKR_OK ||
	    (rv = hsm_key_load(s, o[0], &key)) != CKR_OK)
		return rv;
	if (EVP_PKEY_eq(key->pub, like->pub) != 1) {
		hsm_key_free(key);
		return refuse(like, "has another key of that name");
	}
	search->found = key;
	return CKR_OK;
}

static void
search_free(void *arg)
{
	struct spare_search *search = arg;

	hsm_key_free(search->like);
	hsm_key_free(search->found);
	OPENSSL_free(search);
}

/* In memory of its own: an answer may come too late, and the key that it is for
   signs meanwhile. */
int
hsm_key_add_spare(EVP_PKEY *pkey, struct hsm *other)
{
	struct hsm_key *key = hsm_provider_key(pkey);
	struct spare_search *search;
	struct hsm_key *none = NULL;
	int rc;

	if (key == NULL)
		return 0;
	if (key->spare != NULL || key->hsm == other)
		return 1;
	if ((search = OPENSSL_zalloc(sizeof(*search))) == NULL)
		return 0;
	search->like = hsm_key_ref(key);
	rc = hsm_session_ask(other, "search for a key that stands in",
	    find_spare, search, search_free);
	if (rc < 0)
		return 0;
	if (rc == 1) {
		search->found->caller_verifies = key->caller_verifies;
		if (atomic_compare_exchange_strong(
			&key->spare, &none, search->found))
			search->found = NULL;
	}
	search_free(search);
	return rc;
}
