#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/transcript/quorum.h"
#include "ca/transcript/transcript.h"
#include "profiles/conf.h"

/* Participants as files name them. */

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define KEY_FILE_MAX 65536

static const struct conf_key KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"key", CONF_TEXT, 1},
};

/* A public key, or that of a certificate; NULL, nothing raised: neither. */
static EVP_PKEY *
read_pem(const char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;

	ERR_set_mark();
	if (bio != NULL)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (key == NULL && bio != NULL && BIO_reset(bio) == 1)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (cert != NULL)
		key = X509_get_pubkey(cert);
	ERR_pop_to_mark();
	X509_free(cert);
	BIO_free(bio);
	return key;
}

static int
named(struct note_key *key, const char *name)
{
	if (strcmp(key->name, name) == 0)
		return 1;
	ca_raise(CA_E_CONFIG, "participants.name: the verifier key of %s is "
	    "one of \"%s\"", name, key->name);
	note_key_clear(key);
	return 0;
}

int
quorum_key_read(const char *path, const char *name, struct note_key *out)
{
	size_t len = 0;
	char *text = transcript_slurp(path, KEY_FILE_MAX, &len);
	EVP_PKEY *key = text == NULL ? NULL : read_pem(text, len);
	int ok = 0;

	if (key != NULL) {
		ok = note_key_set(out, name, key, 0);
	} else if (text != NULL) {
		text[strcspn(text, "\r\n")] = '\0';
		ok = note_key_parse(out, text) && named(out, name);
	}
	if (!ok && text != NULL)
		ca_raise(CA_E_CONFIG, "participants.key: %s: neither a "
		    "verifier key nor a PEM public key or certificate of %s",
		    path, name);
	EVP_PKEY_free(key);
	OPENSSL_free(text);
	return ok;
}

static int
is_vkey(const char *text)
{
	return strchr(text, '+') != NULL && strchr(text, '/') != text &&
	    strncmp(text, "./", 2) != 0 && strncmp(text, "../", 3) != 0;
}

static int
read_one(const struct conf_group *g, const char *dir, struct quorum *q)
{
	const char *name, *key;
	struct note_key made = {0};
	char path[2 * PATH_MAX];
	int ok;

	if (!conf_check(g, KEYS, N(KEYS)))
		return 0;
	name = conf_text(g, "name", "");
	key = conf_text(g, "key", "");
	snprintf(path, sizeof(path), "%s%s%s", key[0] == '/' ? "" : dir,
	    key[0] == '/' ? "" : "/", key);
	ok = is_vkey(key) ? note_key_parse(&made, key) && named(&made, name) :
	    quorum_key_read(path, name, &made);
	return (ok && quorum_add(q, &made)) || conf_fail(g, "key",
	    "that of %s is not to be used", name);
}

int
quorum_read(const struct conf_group *root, const char *dir, struct quorum *out)
{
	size_t i, n = conf_n_groups(root, "participants");
	int64_t k;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < n; i++)
		if (!read_one(conf_group_at(root, "participants", i), dir, out))
			goto bad;
	if (n > 0 && !conf_has(root, "quorum")) {
		conf_fail(root, "quorum", "missing: how many of the %zu "
		    "participants must sign", n);
		goto bad;
	}
	if (!conf_int(root, "quorum", 1, (int64_t)QUORUM_MAX, 0, &k))
		goto bad;
	if ((size_t)k > n) {
		conf_fail(root, "quorum", "%lld of %zu participants cannot "
		    "sign", (long long)k, n);
		goto bad;
	}
	out->k = (int)k;
	return 1;
bad:
	quorum_clear(out);
	return 0;
}

int
quorum_read_ceremony(const char *path, struct quorum *out)
{
	struct conf *conf = conf_read_file(path);
	char dir[PATH_MAX], *slash;
	int ok;

	memset(out, 0, sizeof(*out));
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		snprintf(dir, sizeof(dir), ".");
	else
		slash[slash == dir] = '\0';
	ok = conf != NULL && quorum_read(conf_root(conf), dir, out);
	conf_free(conf);
	return ok;
}

int
quorum_read_size(const char *path, int *k)
{
	struct conf *conf = conf_read_file(path);
	int64_t n = 0;
	int ok;

	ok = conf != NULL && conf_int(conf_root(conf), "quorum", 1,
	    (int64_t)QUORUM_MAX, 0, &n);
	conf_free(conf);
	*k = (int)n;
	return ok;
}

int
quorum_read_list(const char *path, struct quorum *out)
{
	size_t len = 0;
	char *text = transcript_slurp(path, KEY_FILE_MAX, &len);
	char *rest = text, *line;
	int ok = text != NULL;

	memset(out, 0, sizeof(*out));
	while (ok && (line = strsep(&rest, "\n")) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		if (line[0] != '\0' && line[0] != '#')
			ok = quorum_add_vkey(out, line);
	}
	if (!ok) {
		ca_raise(CA_E_CONFIG, "participants.file: %s: not a list of "
		    "verifier keys", path);
		quorum_clear(out);
	}
	OPENSSL_free(text);
	return ok;
}
