#ifndef INKAN_RA_WIPE_H
#define INKAN_RA_WIPE_H

/*
 * Requests lie in libevent's buffers, and with them the secrets of HTTP Basic:
 * from here on it wipes what it frees, and leaves nothing behind where a block
 * moves. Before anything else of libevent's is called.
 */
void wipe_libevent(void);

#endif
