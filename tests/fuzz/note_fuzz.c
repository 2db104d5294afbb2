/* note_parse, note_verify, note_merge, checkpoint_parse and note_key_parse:
   what is taken is written again as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/log/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A log in service, whose checkpoint is among the seeds. */
#define KEY                                                                    \
	"arche2025h1.staging.ct.transparency.dev+ba2f06c0+"                    \
	"AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"

static void
try_key(const char *text)
{
	char again[NOTE_VKEY_MAX];
	struct note_key k;

	if (!note_key_parse(&k, text))
		return;
	if (!note_key_print(&k, again, sizeof(again)) ||
	    strcmp(again, text) != 0)
		abort();
	note_key_clear(&k);
}

static void
try_checkpoint(const char *text)
{
	struct log_checkpoint c;
	char again[NOTE_MAX];

	if (checkpoint_parse(&c, text) &&
	    checkpoint_print(&c, again, sizeof(again)) &&
	    strncmp(again, text, strlen(again)) != 0)
		abort();
}

static void
try_note(const char *text, size_t size)
{
	struct note_key k;
	struct note n;
	char *merged;
	size_t i;

	if (!note_parse(&n, text, size))
		return;
	if (n.n == 0 || n.text_len == 0 || n.text[n.text_len - 1] != '\n' ||
	    !note_key_parse(&k, KEY))
		abort();
	for (i = 0; i < n.n; i++)
		if (n.sig[i].len == 0 || n.sig[i].name[0] == '\0')
			abort();
	(void)note_verify(&n, &k, NULL);
	try_checkpoint(n.text);
	merged = note_merge(text, text);
	if (merged == NULL || strcmp(merged, text) != 0)
		abort();
	OPENSSL_free(merged);
	note_key_clear(&k);
	note_clear(&n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	try_note(text, size);
	try_key(text);
	free(text);
	ERR_clear_error();
	return 0;
}
