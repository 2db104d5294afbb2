#ifndef INKAN_CA_ENGINE_PHONE_LIST_H
#define INKAN_CA_ENGINE_PHONE_LIST_H

#include <stddef.h>
#include <stdint.h>

/*
 * The status list of Android key attestation, which says whose certificates vouch
 * for nothing any more, as a file that somebody fetches (inkan-ca.conf(5),
 * android_status). This program speaks no TCP. It is read when it has changed, and
 * sent to inkan-verifier with each question of a fleet that takes such evidence; what
 * stands in it is not looked at here. The time of the file counts as the time when
 * the list was fetched.
 *
 * While the file is away or cannot be read, the last one stays, and gets old:
 * reference values say when it is too old.
 */

#define PHONE_LIST_MAX (512 * 1024)	/* octets */

struct phone_list;

/* ${path} "": none. Returned to be freed; NULL raised. A file that cannot be read is
   told of ("android.status.unreadable") and is no error. */
struct phone_list *phone_list_new(const char *path);
void phone_list_free(struct phone_list *l);	/* NULL is fine */

/* A copy of the list as it is now, ended by a zero octet, to be freed with
   OPENSSL_free(), and when it was fetched. NULL: there is none, or no memory; raises
   nothing. ${l} may be NULL. */
char *phone_list_get(struct phone_list *l, int64_t *fetched);

#endif
