#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ca/log/base64.h"
#include "ca/log/checkpoint.h"
#include "ca/log/private.h"

int
checkpoint_print(const struct log_checkpoint *c, char *out, size_t size)
{
	char root[LOG_BASE64_SIZE(LOG_HASH)];
	int n;

	n = snprintf(out, size, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size,
	    log_base64_print(c->root.b, LOG_HASH, root));
	if (note_name_ok(c->origin) && n > 0 && (size_t)n < size)
		return 1;
	ca_raise(CA_E_INTERNAL, "checkpoint: it cannot be written");
	return 0;
}

static int
parse_origin(struct log_checkpoint *c, const char *line, size_t len)
{
	if (line == NULL || len == 0 || len >= sizeof(c->origin))
		return 0;
	memcpy(c->origin, line, len);
	return 1;
}

int
checkpoint_parse(struct log_checkpoint *c, const char *text)
{
	const char *p = text, *end = text + strlen(text), *line;
	size_t len = 0, n = 0;

	memset(c, 0, sizeof(*c));
	line = log_line(&p, end, &len);
	if (!parse_origin(c, line, len))
		return LOG_REFUSE("checkpoint.format: no origin");
	line = log_line(&p, end, &len);
	if (line == NULL || !log_decimal(line, len, &c->size))
		return LOG_REFUSE("checkpoint.format: no size");
	line = log_line(&p, end, &len);
	if (line == NULL || !log_base64_parse(line, len, c->root.b, LOG_HASH,
	    &n) || n != LOG_HASH)
		return LOG_REFUSE("checkpoint.format: no root");
	/* Extensions of others, which say nothing to us. */
	while ((line = log_line(&p, end, &len)) != NULL)
		if (len == 0)
			break;
	return (line == NULL && p == end && note_text_ok(text, strlen(text))) ||
	    LOG_REFUSE("checkpoint.format: an empty line, or no line end");
}

int
checkpoint_open(struct log_checkpoint *c, const char *in, size_t len,
    const struct note_key *key)
{
	struct note note = {0};
	int signed_by, ok = 0;

	if (!note_parse(&note, in, len) || !checkpoint_parse(c, note.text))
		goto out;
	if (strcmp(c->origin, key->name) != 0) {
		ca_raise(CA_E_BADREQUEST,
		    "checkpoint.origin: it is of the log %s, not of %s",
		    c->origin, key->name);
		goto out;
	}
	signed_by = note_verify(&note, key, NULL);
	if (signed_by != 1)
		ca_raise(CA_E_BADREQUEST, "checkpoint.signature: %s",
		    signed_by == 0
			? "the log's key has not signed it"
			: "the log's signature does not hold");
	ok = signed_by == 1;
out:
	note_clear(&note);
	return ok;
}
