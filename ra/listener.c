#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
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

/* ---- passed by the service manager ---- */

#define FIRST_PASSED 3 /* SD_LISTEN_FDS_START */

static long
number_of(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	long n;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	n = strtol(text, &end, 10);
	return *end == '\0' ? n : -1;
}

static int
prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL), listens = 0;
	socklen_t len = sizeof(listens);

	if (flags < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 ||
	    !listens) {
		ra_raise(RA_E_CONFIG,
		    "the service manager has passed descriptor %d, which is no "
		    "listening socket",
		    fd);
		return 0;
	}
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int
listener_passed(struct listener_passed *p)
{
	long n = number_of("LISTEN_FDS"), i;
	int ours = number_of("LISTEN_PID") == (long)getpid();

	memset(p, 0, sizeof(*p));
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!ours || n <= 0)
		return 1;
	if (n > LISTENER_PASSED_MAX) {
		ra_raise(RA_E_CONFIG,
		    "the service manager has passed %ld sockets, more than %d",
		    n, LISTENER_PASSED_MAX);
		return 0;
	}
	for (i = 0; i < n; i++) {
		p->fd[i] = FIRST_PASSED + (int)i;
		if (!prepare(p->fd[i]))
			return 0;
	}
	p->n = (size_t)n;
	return 1;
}

static int
is_bound_to(int fd, const struct settings_address *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)&a->sa;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->sa;
	struct sockaddr_storage ss = {0};
	const struct sockaddr_in *is4 = (const struct sockaddr_in *)&ss;
	const struct sockaddr_in6 *is6 = (const struct sockaddr_in6 *)&ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0 ||
	    ss.ss_family != a->sa.ss_family)
		return 0;
	if (ss.ss_family == AF_INET)
		return is4->sin_port == four->sin_port &&
		    is4->sin_addr.s_addr == four->sin_addr.s_addr;
	return ss.ss_family == AF_INET6 && is6->sin6_port == six->sin6_port &&
	    memcmp(&is6->sin6_addr, &six->sin6_addr, 16) == 0;
}

int
listener_take(struct listener_passed *p, const struct settings_address *a)
{
	size_t i;
	int fd;

	for (i = 0; i < p->n; i++) {
		if (p->fd[i] < 0 || !is_bound_to(p->fd[i], a))
			continue;
		fd = p->fd[i];
		p->fd[i] = -1;
		return fd;
	}
	return -1;
}

int
listener_all_taken(const struct listener_passed *p)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);
	char host[64] = "?", port[16] = "?";
	size_t i;

	for (i = 0; i < p->n && p->fd[i] < 0; i++)
		;
	if (i == p->n)
		return 1;
	if (getsockname(p->fd[i], (struct sockaddr *)&ss, &len) == 0)
		(void)getnameinfo((struct sockaddr *)&ss, len, host,
		    sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	ra_raise(RA_E_CONFIG,
	    "the service manager has passed a socket of %s, port %s, which "
	    "is not in listen",
	    host, port);
	return 0;
}
