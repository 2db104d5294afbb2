#ifndef INKAN_CA_ENGINE_TOLD_H
#define INKAN_CA_ENGINE_TOLD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What responders told of themselves last, for those who ask how the instance
 * is. In memory only: each tells again within a minute. Nothing is believed of
 * it but that somebody on svc.sock said so; no decision hangs on it.
 *
 * At most TOLD_MAX are remembered: one more takes the place of the one that
 * has been silent longest. One that has told nothing for TOLD_FORGET seconds
 * is taken for removed.
 */

#define TOLD_MAX 16
#define TOLD_ISSUERS_MAX 64
#define TOLD_NAME_MAX 79
#define TOLD_STATE_MAX 200
#define TOLD_FORGET (7 * 86400)

struct told_issuer {
	char ident[TOLD_NAME_MAX + 1];
	char state[TOLD_STATE_MAX + 1]; /* "ok", or why nothing is signed */
	int64_t rate;	/* signatures a second, one after the other; 0: not
			   measured */
	int64_t budget; /* signatures a second that strangers can cause */
};

struct told {
	uid_t uid;
	char name[TOLD_NAME_MAX + 1]; /* its first address */
	int64_t at;		      /* when, by our clock */
	char view[TOLD_STATE_MAX + 1]; /* "ok", or why nothing new is said */
	int64_t age;	  /* of status.db's heartbeat, as it saw it then */
	int64_t validity, refresh; /* of its answers, seconds */
	struct told_issuer issuer[TOLD_ISSUERS_MAX];
	size_t n;
};

struct told_all;

struct told_all *told_new(void);	/* NULL: out of memory */
void told_free(struct told_all *t);	/* NULL is fine */

/* Remember a copy. */
void told_put(struct told_all *t, const struct told *one);
/* A copy of the ${i}th at ${now}; 0: there are not so many. ${t} may be NULL. */
int told_get(struct told_all *t, size_t i, int64_t now, struct told *out);

#endif
