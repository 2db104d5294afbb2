#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "profiles/conf.h"
#include "ca/confine/confine.h"
#include "ocsp/error.h"
#include "ocsp/keys.h"
#include "ocsp/request.h"
#include "ocsp/settings.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const struct conf_key root_keys[] = {
    {"listen", CONF_TEXTS, 1},
    {"status_db", CONF_TEXT, 1},
    {"publish_dir", CONF_TEXT, 1},
    {"token", CONF_GROUP, 0},
    {"delegates", CONF_GROUPS, 0},
    {"svc_socket", CONF_TEXT, 0},
    {"validity", CONF_DURATION, 0},
    {"unknown_validity", CONF_DURATION, 0},
    {"refresh", CONF_DURATION, 0},
    {"max_stale", CONF_DURATION, 0},
    {"crl_max_age", CONF_DURATION, 0},
    {"request_timeout", CONF_DURATION, 0},
    {"idle_timeout", CONF_DURATION, 0},
    {"threads", CONF_INT, 0},
    {"max_request", CONF_SIZE, 0},
    {"max_certids", CONF_INT, 0},
    {"max_connections", CONF_INT, 0},
    {"max_cache", CONF_INT, 0},
    {"prepare_share", CONF_INT, 0},
    {"metrics_listen", CONF_TEXT, 0},
    {"metrics_public", CONF_BOOL, 0},
    {"confine", CONF_GROUP, 0},
    POLICY_KEYS,
};

static const struct conf_key token_keys[] = {
    {"module", CONF_TEXT, 0},
    {"softhsm_conf", CONF_TEXT, 0},
    {"uri", CONF_TEXT, 1},
    {"pin_file", CONF_TEXT, 0},
    {"pin_credential", CONF_TEXT, 0},
    {"pin_state", CONF_TEXT, 0},
    {"sessions", CONF_INT, 0},
};

static const struct conf_key delegate_keys[] = {
    {"issuer", CONF_TEXT, 1},
    {"key", CONF_TEXT, 1},
    {"key_type", CONF_TEXT, 0},
    {"certificate", CONF_TEXT, 1},
    {"csr", CONF_TEXT, 0},
    {"prepare", CONF_TEXT, 0},
    POLICY_KEYS,
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

struct reader {
	struct settings *set;
	const char *dir; /* of the file, with its slash; "" for here */
	size_t dir_len;
};

/* The path behind ${key}, NULL when it is absent; lives in the settings. */
static int
read_path(struct reader *rd, const struct conf_group *g, const char *key,
    const char **out)
{
	const char *value = conf_text(g, key, NULL);
	char *path;
	size_t n;

	*out = NULL;
	if (value == NULL)
		return 1;
	if (value[0] == '/') {
		*out = value;
		return 1;
	}
	n = rd->dir_len + strlen(value) + 1;
	if (rd->set->n_paths == N(rd->set->paths) ||
	    (path = OPENSSL_malloc(n)) == NULL) {
		ocsp_raise(OCSP_E_INTERNAL, "out of memory");
		return 0;
	}
	snprintf(path, n, "%.*s%s", (int)rd->dir_len, rd->dir, value);
	rd->set->paths[rd->set->n_paths++] = path;
	*out = path;
	return 1;
}

/* "127.0.0.1:80" or "[::1]:80" */
static int
split_address(const char *text, struct settings_listen *out)
{
	const char *colon = strrchr(text, ':'), *host = text;
	size_t host_len, i;

	if (colon == NULL || colon == text)
		return 0;
	host_len = (size_t)(colon - text);
	if (text[0] == '[') {
		if (host_len < 3 || colon[-1] != ']')
			return 0;
		host++;
		host_len -= 2;
	} else if (memchr(text, ':', host_len) != NULL) {
		return 0;
	}
	colon++;
	if (host_len >= sizeof(out->host) || strlen(colon) < 1 ||
	    strlen(colon) >= sizeof(out->port))
		return 0;
	for (i = 0; colon[i] != '\0'; i++)
		if (colon[i] < '0' || colon[i] > '9')
			return 0;
	if (strtol(colon, NULL, 10) > 65535)
		return 0;
	memcpy(out->host, host, host_len);
	out->host[host_len] = '\0';
	memcpy(out->port, colon, i + 1);
	return 1;
}

static int
read_listen(struct settings *set, const struct conf_group *g)
{
	size_t i, n = conf_n_texts(g, "listen");

	if (n < 1 || n > SETTINGS_LISTEN_MAX)
		return conf_fail(g, "listen", "1 to %d addresses are wanted",
		    SETTINGS_LISTEN_MAX);
	for (i = 0; i < n; i++)
		if (!split_address(
			conf_text_at(g, "listen", i), &set->listen[i]))
			return conf_fail(g, "listen",
			    "\"%s\": want \"127.0.0.1:80\" or \"[::1]:80\"",
			    conf_text_at(g, "listen", i));
	set->n_listen = n;
	return 1;
}

/* Figures are for the operator: who else may read them must be said. */
static int
read_metrics(struct settings *set, const struct conf_group *g)
{
	const char *text = conf_text(g, "metrics_listen", NULL);
	int is_public = conf_bool(g, "metrics_public", 0);

	if (text == NULL)
		return is_public ? conf_fail(g, "metrics_public",
				       "there is no metrics_listen")
				 : 1;
	if (!split_address(text, &set->metrics))
		return conf_fail(g, "metrics_listen",
		    "\"%s\": want \"127.0.0.1:9080\"", text);
	if (!is_public && strncmp(set->metrics.host, "127.", 4) != 0 &&
	    strcmp(set->metrics.host, "::1") != 0)
		return conf_fail(g, "metrics_listen",
		    "\"%s\" is no loopback address; metrics_public = true "
		    "allows it",
		    text);
	set->has_metrics = 1;
	return 1;
}

static int
read_pin(struct reader *rd, const struct conf_group *g)
{
	struct hsm_pin_source *pin = &rd->set->token.pin;
	const char *file = NULL;

	if (!read_path(rd, g, "pin_file", &file) ||
	    !read_path(rd, g, "pin_state", &pin->state))
		return 0;
	if (file != NULL && conf_has(g, "pin_credential"))
		return conf_fail(g, "pin_file",
		    "pin_file and pin_credential exclude each other");
	if (file != NULL) {
		pin->kind = HSM_PIN_FILE;
		pin->name = file;
	} else if (conf_has(g, "pin_credential")) {
		pin->kind = HSM_PIN_CREDENTIAL;
		pin->name = conf_text(g, "pin_credential", NULL);
	}
	return 1;
}

static int
read_token(struct reader *rd, const struct conf_group *root)
{
	const struct conf_group *g = conf_subgroup(root, "token");
	struct hsm_config *token = &rd->set->token;
	int64_t sessions;

	if (g == NULL)
		return 1;
	if (!conf_check(g, token_keys, N(token_keys)) ||
	    !read_path(rd, g, "softhsm_conf", &token->softhsm_conf) ||
	    !read_pin(rd, g) ||
	    !conf_int(g, "sessions", 1, HSM_SESSIONS_MAX, 4, &sessions))
		return 0;
	token->uri = conf_text(g, "uri", NULL);
	token->module = conf_text(g, "module", NULL);
	token->sessions = (size_t)sessions;
	if (strncmp(token->uri, "pkcs11:", 7) != 0)
		return conf_fail(g, "uri", "want a PKCS#11 URI (RFC 7512)");
	rd->set->have_token = 1;
	return 1;
}

/* The label that object= names. Escapes are refused: labels of ours have
   none, and renewals append to it. */
static int
read_label(const char *uri, char *label)
{
	const char *p;
	size_t n;

	if (strncmp(uri, "pkcs11:", 7) != 0)
		return 0;
	for (p = uri + 7; p != NULL; p = strchr(p, ';'), p = p ? p + 1 : NULL)
		if (strncmp(p, "object=", 7) == 0)
			break;
	if (p == NULL)
		return 0;
	p += 7;
	n = strcspn(p, ";?");
	/* Room for the suffix that a renewal appends. */
	if (n == 0 || n > HSM_LABEL_MAX - 32 || memchr(p, '%', n) != NULL)
		return 0;
	memcpy(label, p, n);
	label[n] = '\0';
	return 1;
}

static int
read_delegate(
    struct reader *rd, const struct conf_group *g, struct settings_delegate *d)
{
	static const char *const prepares[] = {"demand", "all", NULL};
	const char *type;

	if (!conf_check(g, delegate_keys, N(delegate_keys)) ||
	    !read_path(rd, g, "certificate", &d->certificate) ||
	    !read_path(rd, g, "csr", &d->csr) ||
	    !policy_read(g, &rd->set->policy, &d->policy))
		return 0;
	d->issuer = conf_text(g, "issuer", NULL);
	d->key = conf_text(g, "key", NULL);
	if (!read_label(d->key, d->label))
		return conf_fail(g, "key",
		    "want pkcs11:object=LABEL, without %%-escapes, "
		    "at most %d octets",
		    HSM_LABEL_MAX - 32);
	if ((d->prepare = conf_choice(g, "prepare", prepares, 0)) < 0)
		return 0;
	if (d->prepare && d->policy.nonce == POLICY_NONCE_REQUIRE)
		return conf_fail(g, "prepare",
		    "an answer with a nonce cannot be signed ahead");
	type = conf_text(g, "key_type", "ec-p256");
	if ((d->type = hsm_key_type_of(type)) == 0)
		return conf_fail(
		    g, "key_type", "unknown key type \"%s\"", type);
	return 1;
}

/* Does ${b} get along with ${a}, which stands before it? A renewal destroys all
   keys of its family but the one in use: two that share some would take away
   each other's. */
static int
check_pair(const struct conf_group *g, const struct settings_delegate *a,
    const struct settings_delegate *b)
{
	if (strcmp(a->issuer, b->issuer) == 0)
		return conf_fail(
		    g, "issuer", "\"%s\" has a delegate already", b->issuer);
	if (keys_number(a->label, b->label) != 0 ||
	    keys_number(b->label, a->label) != 0)
		return conf_fail(g, "key",
		    "\"%s\" and \"%s\" (of %s): want labels that differ by "
		    "more than a number of renewal",
		    b->label, a->label, a->issuer);
	return 1;
}

static int
read_delegates(struct reader *rd, const struct conf_group *root)
{
	struct settings *set = rd->set;
	size_t i, j, n = conf_n_groups(root, "delegates");

	if (n > SETTINGS_DELEGATES_MAX)
		return conf_fail(
		    root, "delegates", "more than %d", SETTINGS_DELEGATES_MAX);
	if (n > 0 && !set->have_token)
		return conf_fail(root, "delegates", "need a token");
	for (i = 0; i < n; i++) {
		const struct conf_group *g =
		    conf_group_at(root, "delegates", i);

		if (!read_delegate(rd, g, &set->delegates[i]))
			return 0;
		for (j = 0; j < i; j++)
			if (!check_pair(
				g, &set->delegates[j], &set->delegates[i]))
				return 0;
	}
	set->n_delegates = n;
	return 1;
}

static int
read_times(struct settings *set, const struct conf_group *g)
{
	int64_t validity, unknown, refresh, stale, request, idle, crl;

	if (!conf_duration(g, "validity", 10, 7 * DAY, HOUR, &validity) ||
	    !conf_duration(
		g, "unknown_validity", 1, 5 * MINUTE, 5 * MINUTE, &unknown) ||
	    !conf_duration(g, "refresh", 2, 7 * DAY, validity / 4, &refresh) ||
	    !conf_duration(g, "max_stale", MINUTE, 7 * DAY, DAY, &stale) ||
	    !conf_duration(g, "crl_max_age", 0, 30 * DAY, HOUR, &crl) ||
	    !conf_duration(
		g, "request_timeout", 1, 10 * MINUTE, 10, &request) ||
	    !conf_duration(g, "idle_timeout", 1, HOUR, MINUTE, &idle))
		return 0;
	if (refresh > validity / 2)
		return conf_fail(g, "refresh",
		    "at most half of validity (%llds)",
		    (long long)(validity / 2));
	set->validity = (time_t)validity;
	set->unknown_validity = (time_t)unknown;
	set->refresh = (time_t)refresh;
	set->max_stale = (time_t)stale;
	set->crl_max_age = (time_t)crl;
	set->request_timeout = (time_t)request;
	set->idle_timeout = (time_t)idle;
	return 1;
}

static int
read_limits(struct settings *set, const struct conf_group *g)
{
	int64_t threads, request, ids, connections, cache, share;

	if (!conf_int(g, "threads", 1, SETTINGS_THREADS_MAX, 2, &threads) ||
	    !conf_size(
		g, "max_request", 1024, 1024 * 1024, 64 * 1024, &request) ||
	    !conf_int(g, "max_certids", 1, REQUEST_IDS_MAX, 100, &ids) ||
	    !conf_int(g, "max_connections", 8, 65536, 1024, &connections) ||
	    !conf_int(g, "max_cache", 0, 20000000, 200000, &cache) ||
	    !conf_int(g, "prepare_share", 1, 100, 50, &share))
		return 0;
	set->threads = (size_t)threads;
	set->max_request = (size_t)request;
	set->max_certids = (size_t)ids;
	set->max_connections = (size_t)connections;
	set->max_cache = (size_t)cache;
	set->prepare_share = (size_t)share;
	return 1;
}

static int
read_confine(const struct reader *rd, const struct conf_group *g)
{
	char dir[PATH_MAX] = ".";

	if (rd->dir_len > 0 && rd->dir_len < sizeof(dir))
		snprintf(dir, sizeof(dir), "%.*s", (int)rd->dir_len, rd->dir);
	rd->set->confine = confine_new(g, dir);
	return rd->set->confine != NULL;
}

struct settings *
settings_read(const char *path)
{
	struct settings *set = OPENSSL_zalloc(sizeof(*set));
	struct reader rd = {.set = set, .dir = path};
	const char *slash = strrchr(path, '/');
	const struct conf_group *g;

	if (set == NULL)
		return NULL;
	rd.dir_len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if ((set->conf = conf_read_file(path)) == NULL)
		goto err;
	g = conf_root(set->conf);
	if (!conf_check(g, root_keys, N(root_keys)) || !read_listen(set, g) ||
	    !read_metrics(set, g) ||
	    !read_path(&rd, g, "status_db", &set->status_db) ||
	    !read_path(&rd, g, "publish_dir", &set->publish_dir) ||
	    !read_path(&rd, g, "svc_socket", &set->svc_socket) ||
	    !policy_read(g, NULL, &set->policy) ||
	    !read_token(&rd, g) || !read_delegates(&rd, g) ||
	    !read_times(set, g) || !read_limits(set, g) ||
	    !read_confine(&rd, g))
		goto err;
	return set;
err:
	settings_free(set);
	return NULL;
}

void
settings_free(struct settings *set)
{
	size_t i;

	if (set == NULL)
		return;
	for (i = 0; i < set->n_paths; i++)
		OPENSSL_free(set->paths[i]);
	confine_free(set->confine);
	conf_free(set->conf);
	OPENSSL_free(set);
}

size_t
settings_delegate_of(const struct settings *set, const char *ident)
{
	size_t i;

	for (i = 0; i < set->n_delegates; i++)
		if (strcmp(set->delegates[i].issuer, ident) == 0)
			break;
	return i;
}
