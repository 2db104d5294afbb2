#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ra/linger.h"

struct linger_socket {
	TAILQ_ENTRY(linger_socket) all;
	struct linger_list *list;
	struct event *event;
	evutil_socket_t fd;
	size_t left;	 /* octets that are still thrown away */
	time_t deadline; /* monotonic */
};

static time_t
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void
end(struct linger_socket *l)
{
	TAILQ_REMOVE(&l->list->all, l, all);
	l->list->n--;
	event_free(l->event);
	close(l->fd);
	OPENSSL_free(l);
}

static void
on_octets(evutil_socket_t fd, short what, void *arg)
{
	char octets[16 * 1024];
	struct linger_socket *l = arg;
	ssize_t n = 0;

	if ((what & EV_READ) != 0)
		n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (size_t)n >= l->left || seconds() > l->deadline) {
		end(l);
		return;
	}
	l->left -= (size_t)n;
}

void
linger_init(struct linger_list *list, struct event_base *base)
{
	list->base = base;
	list->n = 0;
	TAILQ_INIT(&list->all);
}

void
linger_take(struct linger_list *list, evutil_socket_t fd)
{
	struct timeval tv = {LINGER_S, 0};
	struct linger_socket *l = NULL;

	if (list->n < LINGER_MAX)
		l = OPENSSL_zalloc(sizeof(*l));
	if (l != NULL)
		l->event = event_new(
		    list->base, fd, EV_READ | EV_PERSIST, on_octets, l);
	if (l == NULL || l->event == NULL || event_add(l->event, &tv) != 0) {
		if (l != NULL && l->event != NULL)
			event_free(l->event);
		OPENSSL_free(l);
		close(fd);
		return;
	}
	l->list = list;
	l->fd = fd;
	l->left = LINGER_OCTETS;
	l->deadline = seconds() + LINGER_S;
	TAILQ_INSERT_TAIL(&list->all, l, all);
	list->n++;
	shutdown(fd, SHUT_WR);
}

void
linger_clear(struct linger_list *list)
{
	while (list->n > 0)
		end(TAILQ_FIRST(&list->all));
}
