#ifndef INKAN_RA_SETTINGS_H
#define INKAN_RA_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * inkan-ra.conf(5), read strictly. Relative paths are relative to the file.
 * Not checked here: whether key, certificate and sockets exist (tls_load() and
 * the connection to inkan-ca find out).
 */

#define SETTINGS_LISTEN_MAX 16
#define SETTINGS_NAMES_MAX 16
#define SETTINGS_WORKERS_MAX 64
#define SETTINGS_CONNECTIONS_MAX 65536

struct settings_address {
	struct sockaddr_storage sa;
	socklen_t len;
	char text[64]; /* as written */
};

struct settings {
	struct settings_address listen[SETTINGS_LISTEN_MAX];
	size_t n_listen;
	char *certificate; /* PEM: leaf, then issuing CAs */
	char *key;	   /* PEM, 0600 or stricter */
	char *csr;	   /* where --init-keys writes the CSR */
	char *ca_socket;
	char *svc_socket;		 /* NULL: no renewal by ourselves */
	char *subject;			 /* of the CSR: "CN=localhost" */
	char *names[SETTINGS_NAMES_MAX]; /* SAN asked for in the CSR */
	size_t n_names;
	struct settings_address metrics; /* len 0: no such listener */
	int share_port; /* SO_REUSEPORT: several processes on one port */
	int link_certificates; /* present them, where there are any */
	int workers;
	size_t max_connections;
	size_t max_per_address;
	size_t max_head, max_body;	   /* octets */
	int request_timeout, idle_timeout; /* seconds */
	struct confine *confine;	   /* what the program gives up */
};

/* Returned to be freed with settings_free(), or NULL raised as
   "file:line: key: what is wrong". */
struct settings *settings_read(const char *path);
void settings_free(struct settings *s); /* NULL is fine */

/* Does only this host reach it? */
int settings_address_is_loopback(const struct settings_address *a);

/* "127.0.0.1:8443" or "[::1]:8443", numeric only. 1 or 0 (nothing raised). */
int settings_address_parse(const char *text, struct settings_address *out);

#endif
