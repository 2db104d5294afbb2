#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ocsp/error.h"
#include "ocsp/listen.h"

static int
listen_at(const struct addrinfo *ai)
{
	int fd, one = 1;

	fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* "[::]" next to "0.0.0.0" must be possible. */
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 ||
	    listen(fd, LISTEN_BACKLOG) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return 0;
	if (ss.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
	return ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

int
listen_open(const struct settings_listen *l, unsigned *port)
{
	const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *ai = NULL;
	int rc, fd;

	if ((rc = getaddrinfo(l->host, l->port, &hints, &ai)) != 0) {
		ocsp_raise(
		    OCSP_E_LISTEN, "listen: %s: %s", l->host, gai_strerror(rc));
		return -1;
	}
	if ((fd = listen_at(ai)) < 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "listen on %s port %s",
		    l->host, l->port);
		ocsp_raise(
		    OCSP_E_LISTEN, "listen: %s port %s", l->host, l->port);
	}
	freeaddrinfo(ai);
	if (fd >= 0)
		*port = port_of(fd);
	return fd;
}
