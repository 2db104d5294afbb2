#include <arpa/inet.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <openssl/crypto.h>

#include "profiles/conf.h"
#include "ca/confine/confine.h"
#include "ra/error.h"
#include "ra/settings.h"

#define KIB 1024

static const struct conf_key keys[] = {
    {"listen", CONF_TEXTS, 1},
    {"certificate", CONF_TEXT, 1},
    {"key", CONF_TEXT, 1},
    {"csr", CONF_TEXT, 0},
    {"ca_socket", CONF_TEXT, 1},
    {"svc_socket", CONF_TEXT, 0},
    {"subject", CONF_TEXT, 0},
    {"names", CONF_TEXTS, 0},
    {"link_certificates", CONF_BOOL, 0},
    {"share_port", CONF_BOOL, 0},
    {"metrics_listen", CONF_TEXT, 0},
    {"metrics_public", CONF_BOOL, 0},
    {"workers", CONF_INT, 0},
    {"max_connections", CONF_INT, 0},
    {"max_connections_per_address", CONF_INT, 0},
    {"max_head", CONF_SIZE, 0},
    {"max_body", CONF_SIZE, 0},
    {"request_timeout", CONF_DURATION, 0},
    {"idle_timeout", CONF_DURATION, 0},
    {"confine", CONF_GROUP, 0},
};

int
settings_address_parse(const char *text, struct settings_address *out)
{
	char host[64], *end = NULL;
	const char *colon = strrchr(text, ':'), *first = text;
	size_t len;
	long port;
	struct addrinfo hints = {0}, *list = NULL;

	if (colon == NULL || strlen(text) >= sizeof(out->text))
		return 0;
	len = (size_t)(colon - text);
	if (text[0] == '[') {
		if (len < 2 || text[len - 1] != ']')
			return 0;
		first++;
		len -= 2;
	} else if (memchr(text, ':', len) != NULL)
		return 0; /* IPv6 without brackets: which is the port? */
	if (len == 0 || len >= sizeof(host) || colon[1] < '0' || colon[1] > '9')
		return 0;
	port = strtol(colon + 1, &end, 10);
	if (*end != '\0' || port < 0 || port > 65535)
		return 0;
	memcpy(host, first, len);
	host[len] = '\0';
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_family = text[0] == '[' ? AF_INET6 : AF_INET;
	if (getaddrinfo(host, colon + 1, &hints, &list) != 0)
		return 0;
	memset(out, 0, sizeof(*out));
	memcpy(&out->sa, list->ai_addr, list->ai_addrlen);
	out->len = list->ai_addrlen;
	strcpy(out->text, text); /* length checked above */
	freeaddrinfo(list);
	return 1;
}

static int
read_listen(const struct conf_group *g, struct settings *s)
{
	size_t i, n = conf_n_texts(g, "listen");
	const char *text;

	if (n == 0 || n > SETTINGS_LISTEN_MAX)
		return conf_fail(g, "listen", "1 to %d addresses are wanted",
		    SETTINGS_LISTEN_MAX);
	for (i = 0; i < n; i++) {
		text = conf_text_at(g, "listen", i);
		if (!settings_address_parse(text, &s->listen[i]))
			return conf_fail(g, "listen",
			    "\"%s\" is not ADDRESS:PORT (\"127.0.0.1:8443\","
			    " \"[::1]:8443\")",
			    text);
	}
	s->n_listen = n;
	return 1;
}

int
settings_address_is_loopback(const struct settings_address *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)&a->sa;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->sa;

	if (a->sa.ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return a->sa.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* Figures are for the operator: who else may read them must be said. */
static int
read_metrics(const struct conf_group *g, struct settings *s)
{
	const char *text = conf_text(g, "metrics_listen", NULL);
	int is_public = conf_bool(g, "metrics_public", 0);

	if (text == NULL && is_public)
		return conf_fail(
		    g, "metrics_public", "there is no metrics_listen");
	if (text == NULL)
		return 1;
	if (!settings_address_parse(text, &s->metrics))
		return conf_fail(g, "metrics_listen",
		    "\"%s\" is not ADDRESS:PORT (\"127.0.0.1:9443\")", text);
	if (!is_public && !settings_address_is_loopback(&s->metrics))
		return conf_fail(g, "metrics_listen",
		    "\"%s\" is no loopback address; metrics_public = true "
		    "allows it",
		    text);
	return 1;
}

static int
read_names(const struct conf_group *g, struct settings *s)
{
	size_t i, n = conf_n_texts(g, "names");

	if (n > SETTINGS_NAMES_MAX)
		return conf_fail(g, "names", "at most %d", SETTINGS_NAMES_MAX);
	for (i = 0; i < n; i++) {
		s->names[i] = OPENSSL_strdup(conf_text_at(g, "names", i));
		if (s->names[i] == NULL)
			return 0;
		s->n_names = i + 1;
	}
	return 1;
}

/* The value of ${key} as a path; relative ones start at the file's folder. */
static int
read_path(
    const struct conf_group *g, const char *key, const char *file, char **out)
{
	const char *value = conf_text(g, key, NULL), *slash;
	char path[PATH_MAX];
	int n;

	if (value == NULL)
		return 1;
	slash = value[0] == '/' ? NULL : strrchr(file, '/');
	if (slash == NULL)
		n = snprintf(path, sizeof(path), "%s", value);
	else
		n = snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - file),
		    file, value);
	if (n < 0 || (size_t)n >= sizeof(path))
		return conf_fail(g, key, "path too long");
	*out = OPENSSL_strdup(path);
	return *out != NULL;
}

static int
read_socket(
    const struct conf_group *g, const char *key, const char *file, char **out)
{
	struct sockaddr_un sun;

	if (!read_path(g, key, file, out))
		return 0;
	if (*out != NULL && strlen(*out) >= sizeof(sun.sun_path))
		return conf_fail(g, key, "longer than %zu octets: \"%s\"",
		    sizeof(sun.sun_path) - 1, *out);
	return 1;
}

/* "dir/est.key" -> "dir/est.csr" */
static char *
csr_path(const char *key)
{
	const char *slash = strrchr(key, '/'), *dot = strrchr(key, '.');
	size_t len = strlen(key), size = len + 5;
	char *path = OPENSSL_malloc(size);

	if (dot != NULL && (slash == NULL || dot > slash + 1))
		len = (size_t)(dot - key);
	if (path != NULL)
		snprintf(path, size, "%.*s.csr", (int)len, key);
	return path;
}

static int
read_paths(const struct conf_group *g, const char *file, struct settings *s)
{
	if (!read_path(g, "certificate", file, &s->certificate) ||
	    !read_path(g, "key", file, &s->key) ||
	    !read_path(g, "csr", file, &s->csr) ||
	    !read_socket(g, "ca_socket", file, &s->ca_socket) ||
	    !read_socket(g, "svc_socket", file, &s->svc_socket))
		return 0;
	if (s->csr == NULL)
		s->csr = csr_path(s->key);
	return s->csr != NULL;
}

static int
read_limits(const struct conf_group *g, struct settings *s)
{
	int64_t workers, conns, per, head, body, request, idle;

	if (!conf_int(g, "workers", 1, SETTINGS_WORKERS_MAX, 2, &workers) ||
	    !conf_int(g, "max_connections", 1, SETTINGS_CONNECTIONS_MAX, 1024,
		&conns) ||
	    !conf_int(g, "max_connections_per_address", 1, conns,
		conns < 2 ? 1 : conns / 2, &per) ||
	    !conf_size(g, "max_head", 4 * KIB, 32 * KIB, 16 * KIB, &head) ||
	    !conf_size(g, "max_body", 4 * KIB, 512 * KIB, 64 * KIB, &body) ||
	    !conf_duration(g, "request_timeout", 1, 300, 15, &request) ||
	    !conf_duration(g, "idle_timeout", 1, 3600, 60, &idle))
		return 0;
	s->workers = (int)workers;
	s->max_connections = (size_t)conns;
	s->max_per_address = (size_t)per;
	s->max_head = (size_t)head;
	s->max_body = (size_t)body;
	s->request_timeout = (int)request;
	s->idle_timeout = (int)idle;
	return 1;
}

static int
read_confine(const struct conf_group *g, const char *file, struct settings *s)
{
	const char *slash = strrchr(file, '/');
	char dir[PATH_MAX] = ".";

	if (slash != NULL && slash - file < PATH_MAX)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - file), file);
	s->confine = confine_new(g, dir);
	return s->confine != NULL;
}

struct settings *
settings_read(const char *path)
{
	struct conf *conf = conf_read_file(path);
	struct settings *s = NULL;
	const struct conf_group *g;
	int ok = 0;

	if (conf == NULL)
		return NULL;
	g = conf_root(conf);
	s = OPENSSL_zalloc(sizeof(*s));
	if (s == NULL || !conf_check(g, keys, sizeof(keys) / sizeof(keys[0])) ||
	    !read_listen(g, s) || !read_metrics(g, s) || !read_names(g, s) ||
	    !read_paths(g, path, s) || !read_limits(g, s) ||
	    !read_confine(g, path, s))
		goto out;
	s->share_port = conf_bool(g, "share_port", 0);
	s->link_certificates = conf_bool(g, "link_certificates", 1);
	s->subject = OPENSSL_strdup(conf_text(g, "subject", "CN=inkan-ra"));
	ok = s->subject != NULL;
out:
	conf_free(conf);
	if (!ok) {
		if (ERR_peek_error() == 0)
			ra_raise(RA_E_INTERNAL, "out of memory");
		settings_free(s);
		s = NULL;
	}
	return s;
}

void
settings_free(struct settings *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n_names; i++)
		OPENSSL_free(s->names[i]);
	OPENSSL_free(s->certificate);
	OPENSSL_free(s->key);
	OPENSSL_free(s->csr);
	OPENSSL_free(s->ca_socket);
	OPENSSL_free(s->svc_socket);
	OPENSSL_free(s->subject);
	confine_free(s->confine);
	OPENSSL_free(s);
}
