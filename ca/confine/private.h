#ifndef INKAN_CA_CONFINE_PRIVATE_H
#define INKAN_CA_CONFINE_PRIVATE_H

#include "ca/confine/confine.h"

enum confine_mode { CONFINE_ON, CONFINE_OFF, CONFINE_MUST };

struct confine_path {
	char *path;
	enum confine_access access;
	int optional;	/* need not be there */
};

struct confine {
	enum confine_mode mode;
	int network;	/* a module that speaks to an HSM over TCP */
	struct confine_path paths[CONFINE_PATHS_MAX];
	size_t n_paths;
	unsigned ports[CONFINE_PORTS_MAX];
	size_t n_ports;
	int overflow;	/* too many, or no memory: nothing is confined */
};

/* The kernel's version of Landlock; 0: it has none, errno set. */
int landlock_version(void);
/* Confine this thread. 1 or 0 raised. */
int landlock_confine(const struct confine *c, int version);

/* Has the kernel filters? */
int filter_is_there(void);
/* Filter the calls of all threads. 1 or 0 raised. */
int filter_load(const struct confine *c, unsigned needs);

/* calls.c: names by kind, each list ended by NULL. */
extern const char *const calls_base[];
extern const char *const calls_serve[];
extern const char *const calls_store[];
extern const char *const calls_network[];
extern const char *const calls_compute[];
extern const char *const calls_fatal[];

#endif
