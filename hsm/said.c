#include <stdio.h>
#include "hsm/private.h"

/* Errors are the thread's own: they are carried over to who asked. */

void
hsm_said_collect(struct hsm_said *said)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long e;
	struct hsm_said_line *s;

	said->n = 0;
	while ((e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
		/* What a module in our process left behind tells nobody. */
		if (said->n == HSM_SAID_MAX ||
		    (ERR_GET_LIB(e) != ERR_LIB_USER &&
			ERR_GET_LIB(e) != ERR_LIB_SYS))
			continue;
		s = &said->line[said->n++];
		s->lib = ERR_GET_LIB(e);
		s->reason = ERR_GET_REASON(e);
		snprintf(s->text, sizeof(s->text), "%s",
		    flags & ERR_TXT_STRING ? data : "");
	}
}

void
hsm_said_again(const struct hsm_said *said)
{
	size_t i;

	for (i = 0; i < said->n; i++)
		ERR_raise_data(said->line[i].lib, said->line[i].reason, "%s",
		    said->line[i].text);
}
