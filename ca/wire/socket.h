#ifndef INKAN_CA_WIRE_SOCKET_H
#define INKAN_CA_WIRE_SOCKET_H

#include <sys/types.h>
#include "ca/wire/message.h"

/*
 * UNIX sockets for the inner protocol, with blocking I/O on whole messages.
 * Programs with an event loop take message.h alone and bring their own I/O.
 */

#define SOCKET_GROUPS_MAX 64

struct socket_peer {		/* told by the kernel, not by the peer */
	uid_t uid;
	gid_t gid;
	pid_t pid;
	gid_t groups[SOCKET_GROUPS_MAX];	/* SO_PEERGROUPS */
	size_t n_groups;
};

/* Listen on ${path} with ${mode} (e.g. 0660). A stale socket file (nobody
   listens) is replaced, a living one refused. fd, or -1 raised. */
int socket_listen(const char *path, mode_t mode);
/* fd, or -1 raised: also when as many wait there as may, and none is taken for
   WIRE_CONNECT_S seconds. */
int socket_connect(const char *path);
int socket_peer_of(int fd, struct socket_peer *out);

/* Read one message's DER into *buf (OPENSSL_free). 1; 0 raised; -1 when the
   peer has closed between messages. Honours SO_RCVTIMEO. */
int socket_read(int fd, unsigned char **buf, size_t *len);
int socket_write(int fd, const unsigned char *frame, size_t len);

/*
 * One call on one connection: send, wait for the answer with the same id.
 * ${timeout_s} bounds the whole call. Returned to be freed with
 * WIRE_ANSWER_free(), or NULL raised (CA_E_BUSY: nobody listens or too late).
 */
WIRE_ANSWER *socket_call(int fd, const WIRE_REQUEST *req, int timeout_s);

#endif
