#ifndef INKAN_CA_ENGINE_CEREMONY_REHEARSAL_H
#define INKAN_CA_ENGINE_CEREMONY_REHEARSAL_H

#include "ca/engine/ceremony_run.h"

/* A rehearsal; private to ceremony_rehearse.c and ceremony_stand_in.c. */

#define REHEARSAL_TOKENS_MAX (SETTINGS_TOKENS_MAX + 4)

struct rehearsal {
	struct ceremony_file f;		/* as read, but for tokens */
	struct settings s;		/* every path leads into ${dir} */
	struct settings_token *tokens;	/* of ${s} */
	time_t now;
	const char *module;
	char dir[256], out[300], pin_file[300];
	char pin[64];
	struct settings_token real[REHEARSAL_TOKENS_MAX];
	char conf[REHEARSAL_TOKENS_MAX][300];
	size_t n;
};

/* In the copy of the store, CAs whose keys the ceremony uses get others, of the
   same type and label, in the throw-away tokens, and certificates that differ in
   nothing but key and signature. 1, or 0 raised. */
int rehearsal_stand_ins(struct rehearsal *h);

#endif
