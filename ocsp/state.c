#include <pthread.h>

#include <openssl/crypto.h>

#include "ocsp/state.h"

struct state {
	pthread_mutex_t lock;
	struct view *view;
	struct status_head head;
	int seen;
};

struct state *
state_new(void)
{
	struct state *s = OPENSSL_zalloc(sizeof(*s));

	if (s != NULL && pthread_mutex_init(&s->lock, NULL) != 0) {
		OPENSSL_free(s);
		return NULL;
	}
	return s;
}

void
state_free(struct state *s)
{
	if (s == NULL)
		return;
	view_free(s->view);
	pthread_mutex_destroy(&s->lock);
	OPENSSL_free(s);
}

struct view *
state_view(struct state *s)
{
	struct view *view;

	pthread_mutex_lock(&s->lock);
	view = s->view == NULL ? NULL : view_up_ref(s->view);
	pthread_mutex_unlock(&s->lock);
	return view;
}

int
state_head(struct state *s, struct status_head *out)
{
	int seen;

	pthread_mutex_lock(&s->lock);
	seen = s->seen;
	if (seen)
		*out = s->head;
	pthread_mutex_unlock(&s->lock);
	return seen;
}

void
state_set(struct state *s, struct view *view, const struct status_head *head)
{
	struct view *old = NULL;

	pthread_mutex_lock(&s->lock);
	if (view != NULL) {
		old = s->view;
		s->view = view;
	}
	s->head = *head;
	s->seen = 1;
	pthread_mutex_unlock(&s->lock);
	view_free(old);
}
