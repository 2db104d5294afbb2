#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/objects.h>

#include "ca/error.h"
#include "profiles/conf.h"
#include "ca/confine/confine.h"
#include "ca/engine/settings.h"

static const struct conf_key ROOT_KEYS[] = {
    {"store", CONF_TEXT, 1},
    {"status_db", CONF_TEXT, 1},
    {"publish_dir", CONF_TEXT, 1},
    {"policy_dir", CONF_TEXT, 1},
    {"maker_crls", CONF_TEXT, 0},
    {"sockets", CONF_GROUP, 1},
    {"token", CONF_GROUP, 1},
    {"tokens", CONF_GROUPS, 0},
    {"peers", CONF_GROUP, 0},
    {"workers", CONF_INT, 0},
    {"heartbeat", CONF_DURATION, 0},
    {"min_free", CONF_SIZE, 0},
    {"log", CONF_GROUP, 0},
    {"confine", CONF_GROUP, 0},
    {"verifier", CONF_GROUP, 0},
};

static const struct conf_key VERIFIER_KEYS[] = {
    {"socket", CONF_TEXT, 1},
    {"time_limit", CONF_DURATION, 0},
    {"arc", CONF_TEXT, 0},
    {"android_status", CONF_TEXT, 0},
};

static const struct conf_key SOCKET_KEYS[] = {
    {"ra", CONF_TEXT, 1},
    {"svc", CONF_TEXT, 1},
    {"admin", CONF_TEXT, 1},
};

/* The first is a key of ${tokens} only. */
static const struct conf_key TOKEN_KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"uri", CONF_TEXT, 1},
    {"module", CONF_TEXT, 0},
    {"softhsm_conf", CONF_TEXT, 0},
    {"pin_file", CONF_TEXT, 0},
    {"pin_credential", CONF_TEXT, 0},
    {"pin_terminal", CONF_BOOL, 0},
    {"pin_state", CONF_TEXT, 0},
    {"sessions", CONF_INT, 0},
    {"call_limit", CONF_DURATION, 0},
    {"standby", CONF_TEXT, 0},
};

static const struct conf_key PEERS_KEYS[] = {
    {"ra", CONF_TEXTS, 0},
    {"svc", CONF_GROUPS, 0},
    {"admin", CONF_TEXTS, 0},
};

static const struct conf_key SVC_KEYS[] = {
    {"user", CONF_TEXT, 1},
    {"profiles", CONF_TEXTS, 1},
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

int
settings_path(const char *dir, const char *path, char *out)
{
	int n;

	if (path[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", path);
	else
		n = snprintf(out, PATH_MAX, "%s/%s", dir, path);
	if (n < 0 || n >= PATH_MAX) {
		ca_raise(CA_E_CONFIG, "path too long: %s", path);
		return 0;
	}
	return 1;
}

int
settings_dir_of(const char *file, char *out)
{
	char *real = realpath(file, NULL), *slash;

	if (real == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", file);
		ca_raise(CA_E_CONFIG, "%s: cannot be read", file);
		return 0;
	}
	slash = strrchr(real, '/');
	if (slash == real)
		slash++;
	*slash = '\0';
	snprintf(out, PATH_MAX, "%s", real);
	free(real);
	return 1;
}

static int
read_path(const struct conf_group *g, const char *key, const char *dir,
    char *out)
{
	const char *text = conf_text(g, key, NULL);

	if (text == NULL)
		return 1;
	return settings_path(dir, text, out);
}

static int
read_pin(const struct conf_group *g, const char *dir,
    struct settings_token *out)
{
	int n = conf_has(g, "pin_file") + conf_has(g, "pin_credential") +
	    conf_bool(g, "pin_terminal", 0);
	const char *credential = conf_text(g, "pin_credential", NULL);

	if (n > 1)
		return conf_fail(g, "pin_file", "one source of the PIN only: "
		    "pin_file, pin_credential or pin_terminal");
	if (conf_has(g, "pin_file")) {
		out->pin_kind = HSM_PIN_FILE;
		return read_path(g, "pin_file", dir, out->pin);
	}
	if (credential != NULL) {
		out->pin_kind = HSM_PIN_CREDENTIAL;
		snprintf(out->pin, sizeof(out->pin), "%s", credential);
		return 1;
	}
	out->pin_kind = conf_bool(g, "pin_terminal", 0) ? HSM_PIN_TTY :
	    HSM_PIN_NONE;
	return 1;
}

/* All but its name; keys are held against the table already. */
static int
read_token(const struct conf_group *g, const char *dir,
    struct settings_token *out)
{
	int64_t sessions, limit;

	if (strlen(conf_text(g, "uri", "")) >= sizeof(out->uri))
		return conf_fail(g, "uri", "too long");
	snprintf(out->uri, sizeof(out->uri), "%s", conf_text(g, "uri", ""));
	if (!read_path(g, "module", dir, out->module) ||
	    !read_path(g, "softhsm_conf", dir, out->softhsm_conf) ||
	    !read_path(g, "pin_state", dir, out->pin_state) ||
	    !read_pin(g, dir, out))
		return 0;
	if (!conf_int(g, "sessions", 1, HSM_SESSIONS_MAX, 4, &sessions) ||
	    !conf_duration(g, "call_limit", 1, 300, HSM_CALL_LIMIT, &limit))
		return 0;
	out->sessions = (size_t)sessions;
	out->call_limit = (int)limit;
	out->has_standby = conf_has(g, "standby");
	snprintf(out->standby, sizeof(out->standby), "%s",
	    conf_text(g, "standby", ""));
	return 1;
}

int
settings_read_token(const struct conf_group *g, const char *dir,
    struct settings_token *out)
{
	memset(out, 0, sizeof(*out));
	return conf_check(g, TOKEN_KEYS + 1, N(TOKEN_KEYS) - 1) &&
	    read_token(g, dir, out);
}

static int
is_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* A name stands in the store and in commands: a word. SoftHSM reads one
   configuration per process, so that two tokens of it lie in one folder. */
static int
check_token(const struct conf_group *g, const struct settings *s,
    const struct settings_token *t)
{
	static const char OK[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *have = s->token.softhsm_conf;
	size_t i;

	if (strspn(t->name, OK) != strlen(t->name) || t->name[0] == '-')
		return conf_fail(g, "name", "\"%s\": small letters, digits and "
		    "hyphens", t->name);
	for (i = 0; i < s->n_tokens; i++) {
		if (is_same(s->tokens[i].name, t->name))
			return conf_fail(g, "name", "\"%s\" is given twice",
			    t->name);
		if (have[0] == '\0')
			have = s->tokens[i].softhsm_conf;
	}
	if (t->softhsm_conf[0] != '\0' && have[0] != '\0' &&
	    !is_same(t->softhsm_conf, have))
		return conf_fail(g, "softhsm_conf", "another token of this "
		    "file has %s, and SoftHSM reads one per process: tokens "
		    "of it lie in one folder", have);
	return 1;
}

static int
read_tokens(const struct conf_group *root, struct settings *s)
{
	size_t n = conf_n_groups(root, "tokens");
	const struct conf_group *g;
	struct settings_token *t;

	if (n > SETTINGS_TOKENS_MAX)
		return conf_fail(root, "tokens", "more than %d",
		    SETTINGS_TOKENS_MAX);
	s->tokens = OPENSSL_zalloc((n + 1) * sizeof(*t));
	if (s->tokens == NULL)
		return 0;
	for (; s->n_tokens < n; s->n_tokens++) {
		g = conf_group_at(root, "tokens", s->n_tokens);
		t = &s->tokens[s->n_tokens];
		if (!conf_check(g, TOKEN_KEYS, N(TOKEN_KEYS)))
			return 0;
		if (strlen(conf_text(g, "name", "")) >= sizeof(t->name))
			return conf_fail(g, "name", "too long");
		snprintf(t->name, sizeof(t->name), "%s",
		    conf_text(g, "name", ""));
		if (!read_token(g, s->dir, t) || !check_token(g, s, t))
			return 0;
	}
	return 1;
}

static int
check_standby(const struct conf_group *root, const struct settings *s,
    const struct settings_token *t)
{
	const struct settings_token *other;

	if (!t->has_standby)
		return 1;
	other = settings_find_token(s, t->standby);
	if (other == NULL)
		return conf_fail(root, "tokens", "standby: there is no token "
		    "\"%s\"", t->standby);
	if (other == t || other->has_standby)
		return conf_fail(root, "tokens", "standby: \"%s\" must be "
		    "another token, and have none itself", t->standby);
	return 1;
}

static int
check_standbys(const struct conf_group *root, const struct settings *s)
{
	size_t i;

	for (i = 0; i < s->n_tokens; i++)
		if (!check_standby(root, s, &s->tokens[i]))
			return 0;
	return check_standby(root, s, &s->token);
}

const struct settings_token *
settings_find_token(const struct settings *s, const char *name)
{
	size_t i;

	if (name[0] == '\0')
		return &s->token;
	for (i = 0; i < s->n_tokens; i++)
		if (is_same(s->tokens[i].name, name))
			return &s->tokens[i];
	return NULL;
}

void
settings_hsm(const struct settings_token *t, struct hsm_config *out)
{
	memset(out, 0, sizeof(*out));
	out->uri = t->uri;
	out->module = t->module[0] != '\0' ? t->module : NULL;
	out->softhsm_conf = t->softhsm_conf[0] != '\0' ? t->softhsm_conf : NULL;
	out->pin.kind = t->pin_kind;
	out->pin.name = t->pin;
	out->pin.state = t->pin_state[0] != '\0' ? t->pin_state : NULL;
	out->sessions = t->sessions;
	out->call_limit = t->call_limit;
}

static int
read_user(const struct conf_group *g, const char *key, const char *name,
    struct settings_peer *out)
{
	struct passwd *pw;
	struct group *gr;
	unsigned long n = 0;
	size_t digits = strspn(name, "0123456789");

	if (name[0] == '@') {
		gr = getgrnam(name + 1);
		if (gr == NULL)
			return conf_fail(g, key, "no group \"%s\"", name + 1);
		out->is_group = 1;
		out->gid = gr->gr_gid;
		return 1;
	}
	/* Ten digits fit; what wraps around would be somebody else. The last
	   number is no user: it means "no change" to chown(2). */
	if (digits > 0 && digits <= 10 && name[digits] == '\0')
		n = strtoul(name, NULL, 10);
	if (digits > 0 && digits <= 10 && name[digits] == '\0' &&
	    n < UINT32_MAX) {
		out->uid = (uid_t)n;
		return 1;
	}
	pw = getpwnam(name);
	if (pw == NULL)
		return conf_fail(g, key, "no user \"%s\"", name);
	out->uid = pw->pw_uid;
	return 1;
}

static int
read_peers(const struct conf_group *g, const char *key,
    struct settings_peers *out)
{
	size_t i, n = g == NULL ? 0 : conf_n_texts(g, key);

	if (n > SETTINGS_PEERS_MAX)
		return conf_fail(g, key, "more than %d", SETTINGS_PEERS_MAX);
	for (i = 0; i < n; i++)
		if (!read_user(g, key, conf_text_at(g, key, i),
		    &out->peer[i]))
			return 0;
	if (n == 0) {
		out->peer[0].uid = geteuid();
		n = 1;
	}
	out->n = n;
	return 1;
}

static int
read_svc_peer(const struct conf_group *g, struct settings_peer *out)
{
	const char *name;
	size_t i, n;

	if (!conf_check(g, SVC_KEYS, N(SVC_KEYS)) ||
	    !read_user(g, "user", conf_text(g, "user", ""), out))
		return 0;
	if (out->is_group)
		return conf_fail(g, "user", "a user, not a group: each service "
		    "renews its own certificates");
	n = conf_n_texts(g, "profiles");
	if (n > N(out->profiles))
		return conf_fail(g, "profiles", "more than %zu",
		    N(out->profiles));
	for (i = 0; i < n; i++) {
		name = conf_text_at(g, "profiles", i);
		if (strlen(name) >= sizeof(out->profiles[i]))
			return conf_fail(g, "profiles", "\"%s\" is longer than "
			    "%zu octets", name, sizeof(out->profiles[i]) - 1);
		strcpy(out->profiles[i], name);
	}
	out->n_profiles = n;
	return 1;
}

static int
read_svc_peers(const struct conf_group *g, struct settings_peers *out)
{
	size_t i, n = g == NULL ? 0 : conf_n_groups(g, "svc");

	if (n > SETTINGS_PEERS_MAX)
		return conf_fail(g, "svc", "more than %d", SETTINGS_PEERS_MAX);
	for (i = 0; i < n; i++)
		if (!read_svc_peer(conf_group_at(g, "svc", i), &out->peer[i]))
			return 0;
	if (n == 0) {
		out->peer[0].uid = geteuid();
		out->peer[0].n_profiles = 2;
		strcpy(out->peer[0].profiles[0], "ocsp-responder");
		strcpy(out->peer[0].profiles[1], "est-server");
		n = 1;
	}
	out->n = n;
	return 1;
}

static int
read_sockets(const struct conf_group *g, struct settings *s)
{
	return conf_check(g, SOCKET_KEYS, N(SOCKET_KEYS)) &&
	    read_path(g, "ra", s->dir, s->ra_sock) &&
	    read_path(g, "svc", s->dir, s->svc_sock) &&
	    read_path(g, "admin", s->dir, s->admin_sock);
}

static int
read_verifier(const struct conf_group *g, struct settings *s)
{
	const char *arc = g == NULL ? NULL : conf_text(g, "arc", "");
	ASN1_OBJECT *oid;
	int ok;

	if (g == NULL)
		return 1;
	if (!conf_check(g, VERIFIER_KEYS, N(VERIFIER_KEYS)) ||
	    !read_path(g, "socket", s->dir, s->verifier_sock) ||
	    !read_path(g, "android_status", s->dir, s->android_status) ||
	    !conf_duration(g, "time_limit", 1, 60, 5, &s->verifier_limit))
		return 0;
	ERR_set_mark();
	oid = OBJ_txt2obj(arc, 1);
	ok = arc[0] == '\0' || (oid != NULL && strlen(arc) < 56);
	ASN1_OBJECT_free(oid);
	ERR_pop_to_mark();
	snprintf(s->attest_arc, sizeof(s->attest_arc), "%s", ok ? arc : "");
	return ok || conf_fail(g, "arc", "\"%.64s\" is no OID", arc);
}

static int
read_all(const struct conf_group *g, struct settings *s)
{
	const struct conf_group *peers = NULL;
	int64_t workers;

	if (!conf_check(g, ROOT_KEYS, N(ROOT_KEYS)) ||
	    !read_path(g, "store", s->dir, s->store) ||
	    !read_path(g, "status_db", s->dir, s->status_db) ||
	    !read_path(g, "publish_dir", s->dir, s->publish_dir) ||
	    !read_path(g, "policy_dir", s->dir, s->policy_dir) ||
	    !read_path(g, "maker_crls", s->dir, s->maker_crls) ||
	    !read_sockets(conf_subgroup(g, "sockets"), s) ||
	    !settings_read_token(conf_subgroup(g, "token"), s->dir,
	    &s->token) || !read_tokens(g, s) ||
	    !check_standbys(g, s))
		return 0;
	peers = conf_subgroup(g, "peers");
	if (peers != NULL && !conf_check(peers, PEERS_KEYS, N(PEERS_KEYS)))
		return 0;
	if (!read_peers(peers, "ra", &s->ra) ||
	    !read_peers(peers, "admin", &s->admin) ||
	    !read_svc_peers(peers, &s->svc) ||
	    !conf_int(g, "workers", 1, 256, 16, &workers) ||
	    !conf_duration(g, "heartbeat", 1, 60, 30, &s->heartbeat) ||
	    !conf_size(g, "min_free", 1 << 20, (int64_t)1 << 40,
	    16 << 20, &s->min_free) ||
	    !settings_read_log(conf_subgroup(g, "log"), s) ||
	    !read_verifier(conf_subgroup(g, "verifier"), s) ||
	    (s->confine = confine_new(g, s->dir)) == NULL)
		return 0;
	s->workers = (size_t)workers;
	return 1;
}

struct settings *
settings_read(const char *path)
{
	struct settings *s = OPENSSL_zalloc(sizeof(*s));
	struct conf *conf = NULL;
	int ok = 0;

	if (s == NULL)
		return NULL;
	if (!settings_dir_of(path, s->dir))
		goto out;
	conf = conf_read_file(path);
	if (conf == NULL)
		goto out;
	ok = read_all(conf_root(conf), s);
out:
	conf_free(conf);
	if (!ok) {
		settings_free(s);
		s = NULL;
	}
	return s;
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	confine_free(s->confine);
	OPENSSL_free(s->tokens);
	OPENSSL_free(s);
}
