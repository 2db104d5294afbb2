#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "ra/error.h"
#include "ra/listener.h"

int
listener_open(const struct settings_address *a, int share)
{
	const struct sockaddr *sa = (const struct sockaddr *)&a->sa;
	const int on = 1;
	int fd;

	fd = socket(
	    sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (!share ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ==
		    0) &&
	    (sa->sa_family != AF_INET6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ==
		    0) &&
	    bind(fd, sa, a->len) == 0 && listen(fd, LISTENER_BACKLOG) == 0)
		return fd;
	ERR_raise_data(ERR_LIB_SYS, errno, "listen on %s", a->text);
	if (fd >= 0)
		close(fd);
	return -1;
}
