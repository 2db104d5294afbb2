#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "ca/report/private.h"

/* OpenSSL keeps 15 errors in a queue. */
#define PACK_MAX 16

struct entry {
	unsigned long code;
	int line;
	char file[128], func[64];
	char *data; /* NULL: none */
};

struct report_trace_pack {
	size_t n;
	struct entry e[PACK_MAX]; /* oldest first */
};

struct report_trace_pack *
report_pack(void)
{
	struct report_trace_pack *pack;
	const char *file, *func, *data;
	unsigned long code;
	struct entry *e;
	int line, flags;

	if (ERR_peek_error() == 0 || (pack = calloc(1, sizeof(*pack))) == NULL)
		return NULL;
	while ((code = ERR_get_error_all(&file, &line, &func, &data, &flags)) !=
	    0) {
		if (pack->n == PACK_MAX)
			continue;
		e = &pack->e[pack->n++];
		e->code = code;
		e->line = line;
		snprintf(e->file, sizeof(e->file), "%s", file);
		snprintf(e->func, sizeof(e->func), "%s", func);
		if ((flags & ERR_TXT_STRING) && data[0] != '\0')
			e->data = strdup(data);
	}
	return pack;
}

void
report_unpack(struct report_trace_pack *pack)
{
	struct entry *e;
	size_t i;

	for (i = 0; pack != NULL && i < pack->n; i++) {
		e = &pack->e[i];
		ERR_new();
		ERR_set_debug(e->file, e->line, e->func);
		if (e->data != NULL)
			ERR_set_error(ERR_GET_LIB(e->code),
			    ERR_GET_REASON(e->code), "%s", e->data);
		else
			ERR_set_error(ERR_GET_LIB(e->code),
			    ERR_GET_REASON(e->code), NULL);
	}
	report_pack_free(pack);
}

void
report_pack_free(struct report_trace_pack *pack)
{
	size_t i;

	for (i = 0; pack != NULL && i < pack->n; i++)
		free(pack->e[i].data);
	free(pack);
}

/* Our own errors are their text; others are OpenSSL's or the system's reason
   and, in brackets, what came with it. */
static void
entry_text(const struct entry *e, char *buf, size_t size)
{
	char sys[128] = "";
	const char *reason;

	if (ERR_GET_LIB(e->code) == ERR_LIB_USER && e->data != NULL) {
		snprintf(buf, size, "%s", e->data);
		return;
	}
	if (ERR_SYSTEM_ERROR(e->code)) {
		reason = strerror_r(ERR_GET_REASON(e->code), sys, sizeof(sys));
		snprintf(buf, size, "%s%s%s", e->data == NULL ? "" : e->data,
		    e->data == NULL ? "" : ": ", reason);
		return;
	}
	if ((reason = ERR_reason_error_string(e->code)) == NULL) {
		snprintf(sys, sizeof(sys), "error %d", ERR_GET_REASON(e->code));
		reason = sys;
	}
	snprintf(buf, size, "%s%s%s%s", reason, e->data == NULL ? "" : " (",
	    e->data == NULL ? "" : e->data, e->data == NULL ? "" : ")");
}

void
pack_join(const struct report_trace_pack *pack, const char *between, char *buf,
    size_t size)
{
	char text[1200];
	size_t i, used = 0;
	int n;

	buf[0] = '\0';
	for (i = pack == NULL ? 0 : pack->n; i-- > 0;) {
		entry_text(&pack->e[i], text, sizeof(text));
		n = snprintf(buf + used, size - used, "%s%s",
		    used == 0 ? "" : between, text);
		used += n < 0 ? 0 : (size_t)n;
		if (used >= size)
			return;
	}
}

int
report_last_reason(void)
{
	struct report_trace_pack *pack = report_pack();
	int reason = 0;
	size_t i;

	for (i = pack == NULL ? 0 : pack->n; i-- > 0 && reason == 0;)
		if (ERR_GET_LIB(pack->e[i].code) == ERR_LIB_USER)
			reason = ERR_GET_REASON(pack->e[i].code);
	report_unpack(pack);
	return reason;
}

void
report_last_text(char *buf, size_t size)
{
	struct report_trace_pack *pack = report_pack();

	buf[0] = '\0';
	if (pack != NULL)
		entry_text(&pack->e[pack->n - 1], buf, size);
	report_unpack(pack);
}

void
report_trace(char *buf, size_t size)
{
	struct report_trace_pack *pack = report_pack();

	pack_join(pack, ": ", buf, size);
	report_unpack(pack);
}
