/* transcript_scan, verify_transcript, seal_text_of and quorum_read_list, on any
   octets: what of a ceremony a stranger reads. */
#include <openssl/err.h>
#include "ca/transcript/seal.h"
#include "ca/transcript/verify.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
look(const struct transcript_record *rec, void *arg)
{
	size_t i, *n = arg;

	if (rec->n != ++*n || rec->n_fields > TRANSCRIPT_FIELDS_MAX ||
	    strlen(rec->prev) != 64 || rec->act[0] == '\0')
		abort();
	for (i = 0; i < rec->n_fields; i++)
		if (transcript_value(rec, rec->field[i].name) == NULL)
			abort();
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verify_against against = {.unsigned_ok = 1};
	struct verify_result result;
	struct transcript_text text;
	char sealed[SEAL_TEXT_MAX];
	struct quorum q;
	const char *path;
	size_t n = 0;
	int is;

	if (transcript_scan((const char *)data, size, &text, look, &n) &&
	    (text.n != n || text.len + text.note_len > size))
		abort();
	path = scratch_write(data, size);
	(void)seal_text_of(path, sealed, &is);
	(void)verify_transcript(path, &against, &result);
	memset(&q, 0, sizeof(q));
	(void)quorum_read_list(path, &q);
	quorum_clear(&q);
	ERR_clear_error();
	return 0;
}
