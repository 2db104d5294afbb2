#include <string.h>
#include "hsm/private.h"

struct hsm_key *
hsm_key_new(struct hsm *hsm, EVP_PKEY *pub)
{
	struct hsm_key *key = OPENSSL_zalloc(sizeof(*key));

	if (key == NULL)
		return NULL;
	if (pthread_mutex_init(&key->lock, NULL) != 0) {
		OPENSSL_free(key);
		return NULL;
	}
	key->refs = 1;
	key->hsm = hsm != NULL ? hsm_ref(hsm) : NULL;
	if (pub != NULL && EVP_PKEY_up_ref(pub) == 1) {
		key->pub = pub;
		key->type = EVP_PKEY_get_base_id(pub);
		key->size = ((size_t)EVP_PKEY_get_bits(pub) + 7) / 8;
	}
	return key;
}

struct hsm_key *
hsm_key_ref(struct hsm_key *key)
{
	atomic_fetch_add(&key->refs, 1);
	return key;
}

void
hsm_key_free(struct hsm_key *key)
{
	if (key == NULL || atomic_fetch_sub(&key->refs, 1) != 1)
		return;
	hsm_key_free(key->spare);
	EVP_PKEY_free(key->pub);
	hsm_unref(key->hsm);
	pthread_mutex_destroy(&key->lock);
	OPENSSL_free(key);
}

CK_RV
hsm_key_load(struct hsm_session *s, CK_OBJECT_HANDLE o, struct hsm_key **out)
{
	unsigned char id[HSM_ID_MAX];
	size_t id_len = 0;
	struct hsm_key_info info;
	struct hsm_key *key;
	EVP_PKEY *pub = NULL;
	CK_RV rv;

	if ((rv = hsm_key_info_read(s, o, &info)) != CKR_OK)
		return rv;
	/* No id, or one that is longer than we can name: the label serves. */
	if (hsm_object_bytes(s, o, CKA_ID, id, sizeof(id), &id_len) != CKR_OK)
		id_len = 0;
	rv = hsm_public_load(s, o, info.label, id, id_len, &pub);
	if (rv != CKR_OK)
		return rv;
	key = hsm_key_new(s->hsm, pub);
	EVP_PKEY_free(pub);
	if (key == NULL)
		return CKR_HOST_MEMORY;
	strcpy(key->label, info.label);
	memcpy(key->id, id, id_len);
	key->id_len = id_len;
	key->info = info;
	key->handle = o;
	key->gen = s->hsm->gen;
	*out = key;
	return CKR_OK;
}

/*
 * After the token has been away its handles are void. What stands under the
 * same name now must be the same key: somebody may have put another token
 * there.
 */
static CK_RV
look_up_again(struct hsm_key *key, struct hsm_session *s)
{
	CK_OBJECT_HANDLE o[2];
	EVP_PKEY *pub = NULL;
	size_t n = 0;
	CK_RV rv;
	int same;

	rv = hsm_object_find(s, CKO_PRIVATE_KEY,
	    key->label[0] != '\0' ? key->label : NULL,
	    key->id_len > 0 ? key->id : NULL, key->id_len, o, 2, &n);
	if (rv != CKR_OK)
		return rv;
	if (n == 0)
		return CKR_OBJECT_HANDLE_INVALID;
	rv = hsm_public_load(s, o[0], key->label, key->id, key->id_len, &pub);
	if (rv != CKR_OK)
		return rv;
	same = n == 1 && EVP_PKEY_eq(key->pub, pub) == 1;
	EVP_PKEY_free(pub);
	if (!same) {
		hsm_raise(HSM_E_TOKEN,
		    "key %s: the token that came back has another key of this "
		    "name",
		    key->label);
		return HSM_RV_RAISED;
	}
	key->handle = o[0];
	key->gen = s->hsm->gen;
	return CKR_OK;
}

CK_RV
hsm_key_handle(
    struct hsm_key *key, struct hsm_session *s, CK_OBJECT_HANDLE *out)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&key->lock);
	if (key->gen != s->hsm->gen)
		rv = look_up_again(key, s);
	*out = key->handle;
	pthread_mutex_unlock(&key->lock);
	return rv;
}

struct search {
	struct hsm_uri uri;
	char text[HSM_URI_MAX];	/* of which that was made */
	char label[HSM_LABEL_MAX];
	unsigned char id[HSM_ID_MAX];
	size_t id_len;
	int has_label, has_id;
	struct hsm_key *key; /* found */
};

static int
take_attributes(P11KitUri *uri, struct search *search)
{
	CK_ATTRIBUTE *a;

	if ((a = p11_kit_uri_get_attribute(uri, CKA_CLASS)) != NULL &&
	    *(CK_OBJECT_CLASS *)a->pValue != CKO_PRIVATE_KEY) {
		hsm_raise(HSM_E_CONFIG, "key URI: type is not private");
		return 0;
	}
	if ((a = p11_kit_uri_get_attribute(uri, CKA_LABEL)) != NULL) {
		if (a->ulValueLen >= sizeof(search->label) ||
		    memchr(a->pValue, 0, a->ulValueLen) != NULL) {
			hsm_raise(HSM_E_CONFIG, "key URI: object is too long");
			return 0;
		}
		memcpy(search->label, a->pValue, a->ulValueLen);
		search->has_label = 1;
	}
	if ((a = p11_kit_uri_get_attribute(uri, CKA_ID)) != NULL) {
		if (a->ulValueLen > sizeof(search->id)) {
			hsm_raise(HSM_E_CONFIG, "key URI: id is too long");
			return 0;
		}
		memcpy(search->id, a->pValue, a->ulValueLen);
		search->id_len = a->ulValueLen;
		search->has_id = 1;
	}
	return 1;
}

static int
parse_key_uri(const char *text, struct search *search)
{
	if (!hsm_uri_parse(&search->uri, text))
		return 0;
	snprintf(search->text, sizeof(search->text), "%s", text);
	return take_attributes(search->uri.p11, search);
}

/* «lacks the key» with the names of those that it has. */
static CK_RV
raise_nokey(struct hsm_session *s, const struct search *search)
{
	CK_OBJECT_HANDLE o[64];
	struct hsm_key_info info;
	char names[HSM_NAMES_MAX] = "", id[2 * HSM_ID_MAX + 1];
	size_t i, n = 0;
	CK_RV rv;

	rv = hsm_object_find(s, CKO_PRIVATE_KEY, NULL, NULL, 0, o, 64, &n);
	if (rv != CKR_OK)
		return rv;
	for (i = 0; i < n; i++)
		if (hsm_key_info_read(s, o[i], &info) == CKR_OK)
			hsm_names_add(names, sizeof(names),
			    info.label[0] != '\0' ? info.label : info.id);
	hsm_key_id_hex(id, sizeof(id), search->id, search->id_len);
	hsm_raise(HSM_E_NOKEY,
	    "token has no private key%s%s%s%s; found instead: %s",
	    search->has_label ? " named " : "", search->label,
	    search->has_id ? " with id " : "", id, n > 0 ? names : "none");
	return HSM_RV_RAISED;
}

static CK_RV
find_key(struct hsm_session *s, void *arg)
{
	struct search *search = arg;
	CK_OBJECT_HANDLE o[2];
	size_t n = 0;
	CK_RV rv;

	if (p11_kit_uri_match_token_info(search->uri.p11, &s->hsm->token) !=
	    1) {
		hsm_raise(HSM_E_CONFIG, "key URI %s is of another token",
		    search->text);
		return HSM_RV_RAISED;
	}
	rv = hsm_object_find(s, CKO_PRIVATE_KEY,
	    search->has_label ? search->label : NULL,
	    search->has_id ? search->id : NULL, search->id_len, o, 2, &n);
	if (rv != CKR_OK)
		return rv;
	if (n == 0)
		return raise_nokey(s, search);
	if (n > 1) {
		hsm_raise(
		    HSM_E_CONFIG, "key URI: more than one private key matches");
		return HSM_RV_RAISED;
	}
	if (hsm_object_flag(s, o[0], CKA_ALWAYS_AUTHENTICATE) == 1) {
		hsm_raise(HSM_E_UNSUPPORTED,
		    "key %s wants the PIN for each "
		    "signature",
		    search->label);
		return HSM_RV_RAISED;
	}
	if ((rv = hsm_key_assert(s, o[0], 0)) != CKR_OK)
		return rv;
	return hsm_key_load(s, o[0], &search->key);
}

static void
search_free(void *arg)
{
	struct search *search = arg;

	hsm_key_free(search->key);
	hsm_uri_clear(&search->uri);
	OPENSSL_free(search);
}

/* In memory of its own: an answer may come too late. */
EVP_PKEY *
hsm_key_find(struct hsm *hsm, const char *key_uri)
{
	struct search *search = OPENSSL_zalloc(sizeof(*search));
	struct hsm_key *key = NULL;
	int rc;

	if (search == NULL)
		return NULL;
	rc = parse_key_uri(key_uri, search);
	if (rc == 1)
		rc = hsm_session_ask(hsm, "search for a key", find_key, search,
		    search_free);
	if (rc == 1) {
		key = search->key;
		search->key = NULL;
	}
	if (rc >= 0)
		search_free(search);
	return key == NULL ? NULL : hsm_provider_pkey(key);
}

struct listing {
	struct hsm_key_info *info;
	size_t n;
};

static CK_RV
list_keys(struct hsm_session *s, void *arg)
{
	struct listing *list = arg;
	CK_OBJECT_HANDLE *o;
	size_t i, n = 0;
	CK_RV rv;

	if ((o = OPENSSL_zalloc(HSM_KEYS_MAX * sizeof(*o))) == NULL)
		return CKR_HOST_MEMORY;
	OPENSSL_free(list->info);
	list->info = NULL;
	list->n = 0;
	rv = hsm_object_find(
	    s, CKO_PRIVATE_KEY, NULL, NULL, 0, o, HSM_KEYS_MAX, &n);
	if (rv == CKR_OK && n > 0 &&
	    (list->info = OPENSSL_zalloc(n * sizeof(*list->info))) == NULL)
		rv = CKR_HOST_MEMORY;
	for (i = 0; rv == CKR_OK && i < n; i++)
		rv = hsm_key_info_read(s, o[i], &list->info[i]);
	list->n = rv == CKR_OK ? n : 0;
	OPENSSL_free(o);
	return rv;
}

static void
list_free(void *arg)
{
	struct listing *list = arg;

	OPENSSL_free(list->info);
	OPENSSL_free(list);
}

/* ${cb} is called with no session held, so it may use the token itself. */
int
hsm_key_list(
    struct hsm *hsm, int (*cb)(const struct hsm_key_info *, void *), void *arg)
{
	struct listing *list = OPENSSL_zalloc(sizeof(*list));
	size_t i;
	int rc;

	if (list == NULL)
		return 0;
	rc = hsm_session_look(hsm, "list of keys", list_keys, list, list_free);
	if (rc < 0)
		return 0;
	for (i = 0; rc && i < list->n; i++)
		if (!cb(&list->info[i], arg))
			break;
	list_free(list);
	return rc;
}

struct info_call {
	struct hsm_key *key;	/* a reference of its own */
	struct hsm_key_info info;
};

static CK_RV
read_info(struct hsm_session *s, void *arg)
{
	struct info_call *call = arg;
	CK_OBJECT_HANDLE o = 0;
	CK_RV rv = hsm_key_handle(call->key, s, &o);

	return rv == CKR_OK ? hsm_key_info_read(s, o, &call->info) : rv;
}

static void
info_free(void *arg)
{
	struct info_call *call = arg;

	hsm_key_free(call->key);
	OPENSSL_free(call);
}

int
hsm_key_info(const EVP_PKEY *pkey, struct hsm_key_info *out)
{
	struct hsm_key *key = hsm_provider_key(pkey);
	struct info_call *call;
	int rc;

	if (key == NULL || (call = OPENSSL_zalloc(sizeof(*call))) == NULL)
		return 0;
	call->key = hsm_key_ref(key);
	rc = hsm_session_ask(
	    key->hsm, "information on a key", read_info, call, info_free);
	if (rc == 1)
		*out = call->info;
	if (rc >= 0)
		info_free(call);
	return rc == 1;
}
