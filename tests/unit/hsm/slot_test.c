#include "token.h"
#include "hsm/private.h"

/* A module of our own making: its slots are a table. */

static struct {
	const char *label; /* NULL: blank */
} slots[4];
static CK_ULONG n_slots;
static CK_RV list_rv;

static CK_RV
get_info(CK_INFO *info)
{
	memset(info, ' ', sizeof(*info));
	memcpy(info->manufacturerID, "maker", 5);
	return CKR_OK;
}

static CK_RV
slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n)
{
	CK_ULONG i;

	(void)present;
	for (i = 0; i < n_slots; i++)
		list[i] = 100 + i;
	*n = n_slots;
	return list_rv;
}

static CK_RV
slot_info(CK_SLOT_ID id, CK_SLOT_INFO *info)
{
	(void)id;
	memset(info, ' ', sizeof(*info));
	return CKR_OK;
}

static CK_RV
token_info(CK_SLOT_ID id, CK_TOKEN_INFO *info)
{
	const char *label = slots[id - 100].label;

	memset(info, ' ', sizeof(*info));
	info->flags = label != NULL ? CKF_TOKEN_INITIALIZED : 0;
	if (label != NULL)
		memcpy(info->label, label, strlen(label));
	return CKR_OK;
}

static CK_FUNCTION_LIST fn = {
    .C_GetInfo = get_info,
    .C_GetSlotList = slot_list,
    .C_GetSlotInfo = slot_info,
    .C_GetTokenInfo = token_info,
};

static int
search(const char *text, CK_SLOT_ID *out)
{
	struct hsm_uri uri;
	struct hsm_slot slot = {0};
	struct hsm_slot_seen seen;
	int rc;

	memset(&seen, 0, sizeof(seen));
	must(hsm_uri_parse(&uri, text));
	must(hsm_slot_search(&fn, &uri, &slot, &seen) == CKR_OK);
	rc = hsm_slot_check(&seen, "module", text);
	*out = slot.id;
	hsm_uri_clear(&uri);
	return rc;
}

static void
refuse(const char *text, int reason, const char *word)
{
	CK_SLOT_ID id;
	char said[512];

	assert_int_equal(search(text, &id), 0);
	assert_int_equal(last_reason(said, sizeof(said)), reason);
	if (strstr(said, word) == NULL)
		fail_msg("«%s» is not in: %s", word, said);
}

static void
test_found(void **state)
{
	CK_SLOT_ID id = 0;

	(void)state;
	slots[0].label = "a";
	slots[1].label = NULL;
	slots[2].label = "b";
	n_slots = 3;
	must(search("pkcs11:token=b", &id));
	assert_int_equal(id, 102);
	must(search("pkcs11:token=a;library-manufacturer=maker", &id));
	assert_int_equal(id, 100);
	must(search("pkcs11:slot-id=100", &id));
	assert_int_equal(id, 100);
}

static void
test_not_found(void **state)
{
	(void)state;
	refuse("pkcs11:token=c", HSM_E_NOTOKEN, "\"a\", \"b\"");
	refuse("pkcs11:slot-id=101", HSM_E_NOTOKEN, "uninitialised");
	refuse(
	    "pkcs11:token=a;library-manufacturer=x", HSM_E_NOTOKEN, "absent");
	refuse("pkcs11:", HSM_E_CONFIG, "2 tokens");
	slots[0].label = slots[2].label = NULL;
	refuse("pkcs11:token=a", HSM_E_NOTOKEN, "uninitialised");
	n_slots = 0;
	refuse("pkcs11:token=a", HSM_E_NOTOKEN, "no token");
}

static void
test_module_fails(void **state)
{
	struct hsm_uri uri;
	struct hsm_slot slot;
	struct hsm_slot_seen seen;

	(void)state;
	list_rv = CKR_GENERAL_ERROR;
	memset(&seen, 0, sizeof(seen));
	must(hsm_uri_parse(&uri, "pkcs11:"));
	assert_int_equal(
	    hsm_slot_search(&fn, &uri, &slot, &seen), CKR_GENERAL_ERROR);
	hsm_uri_clear(&uri);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),
	    cmocka_unit_test(test_not_found),
	    cmocka_unit_test(test_module_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
