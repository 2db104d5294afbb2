#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "profiles/conf.h"
#include "profiles/error.h"
#include "ca/engine/fleet.h"
#include "ca/engine/fleet_attest.h"
#include "ca/engine/policy.h"

/* Compiling a policy version, and looking things up in it. */

#define PROFILES "profiles/"
#define FLEETS "fleets/"

static int
has_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);

	return n > k && strcmp(path + n - k, suffix) == 0;
}

static int
is_in(const char *path, const char *dir, const char *suffix)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && strchr(path + n, '/') == NULL &&
	    has_suffix(path + n, suffix);
}

static int
config_error(const char *path, const char *text)
{
	profile_raise(PROFILE_E_CONFIG, "%s: %s", path, text);
	return 0;
}

/* Of a proposal everything is stored for good and shown to operators: a
   private key beside the anchors must not get in. */
static int
check_file(const struct policy_file *file)
{
	int pem = is_in(file->path, FLEETS, ".pem");

	if (!pem && !is_in(file->path, FLEETS, ".attest") &&
	    strcmp(file->path, OPERATORS_PATH) != 0 &&
	    !is_in(file->path, PROFILES, ".conf") &&
	    !is_in(file->path, FLEETS, ".conf"))
		return config_error(file->path,
		    "is no file of a policy "
		    "(profiles/*.conf, fleets/*.conf, fleets/*.pem, "
		    "fleets/*.attest, " OPERATORS_PATH ")");
	if (pem && strstr(file->text, "PRIVATE KEY-----") != NULL)
		return config_error(file->path,
		    "holds a private key: keep "
		    "certificates only beside the fleets");
	return 1;
}

static int
copy_files(struct policy *p, const struct policy_file *files, size_t n)
{
	size_t i;

	p->files = OPENSSL_zalloc((n + 1) * sizeof(*p->files));
	if (p->files == NULL)
		return 0;
	for (i = 0; i < n; i++) {
		strcpy(p->files[i].path, files[i].path);
		p->files[i].text = OPENSSL_zalloc(files[i].len + 1);
		if (p->files[i].text == NULL)
			return 0;
		p->n_files++;
		memcpy(p->files[i].text, files[i].text, files[i].len);
		p->files[i].len = files[i].len;
		if (!check_file(&p->files[i]))
			return 0;
	}
	return 1;
}

static int
add_profile(struct policy *p, const struct policy_file *file, int active)
{
	struct profile *pr;

	pr = active ?
	    profile_compile_active(file->path, file->text, file->len) :
	    profile_compile(file->path, file->text, file->len);
	if (pr == NULL)
		return 0;
	if (policy_profile(p, pr->name) != NULL) {
		profile_raise(PROFILE_E_CONFIG,
		    "%s: there is a profile \"%s\" "
		    "already",
		    file->path, pr->name);
		profile_free(pr);
		return 0;
	}
	p->profiles[p->n_profiles++] = pr;
	return 1;
}

/* Two fleets must not answer one label, nor both be the default. */
static int
check_labels(const struct policy *p, const struct policy_file *file,
    const struct fleet *f)
{
	const struct fleet *other;
	size_t i;

	for (i = 0; i < p->n_fleets; i++) {
		other = p->fleets[i];
		if (f->label[0] != '\0' &&
		    strcmp(other->label, f->label) == 0) {
			profile_raise(PROFILE_E_CONFIG,
			    "%s: fleet %s has the "
			    "label \"%s\" already",
			    file->path, other->name, f->label);
			return 0;
		}
		if (f->is_default && other->is_default) {
			profile_raise(PROFILE_E_CONFIG,
			    "%s: fleet %s is the "
			    "default already",
			    file->path, other->name);
			return 0;
		}
	}
	return 1;
}

/* A station is bound to one fleet. */
static int
check_stations(const struct policy *p, const struct policy_file *file,
    const struct fleet *f)
{
	size_t i, k;

	for (i = 0; i < p->n_fleets; i++)
		for (k = 0; k < f->n_stations; k++)
			if (fleet_station(
				p->fleets[i], f->stations[k].name) != NULL) {
				profile_raise(PROFILE_E_CONFIG,
				    "%s: fleet %s has the station \"%s\" "
				    "already",
				    file->path, p->fleets[i]->name,
				    f->stations[k].name);
				return 0;
			}
	return 1;
}

static int
add_fleet(struct policy *p, const struct policy_file *file)
{
	struct fleet *f = fleet_compile(p, file);

	if (f == NULL)
		return 0;
	if (!check_labels(p, file, f) || !check_stations(p, file, f)) {
		fleet_free(f);
		return 0;
	}
	p->fleets[p->n_fleets++] = f;
	return 1;
}

/* Those who can approve devices' requests. One alone acts as for everything that
   officers do, by his uid; several are counted by their keys. */
static size_t
approvers(const struct operators *o, int64_t number)
{
	size_t i, n = 0;

	if (number > 1)
		return operators_approvers(o, OPERATOR_OFFICER);
	for (i = 0; i < o->n; i++)
		n += (o->item[i].roles & OPERATOR_OFFICER) != 0;
	return n;
}

/* Without operators.conf it is whoever may use the admin socket. */
static int
check_approvals(const struct policy *p)
{
	const struct fleet *f;
	size_t i, n;

	for (i = 0; p->operators != NULL && i < p->n_fleets; i++) {
		f = p->fleets[i];
		n = approvers(p->operators, f->approval.number);
		if (!fleet_parks(f) || f->approval.number <= (int64_t)n)
			continue;
		profile_raise(PROFILE_E_CONFIG,
		    "fleets/%s.conf: approval.number: it takes %lld officers "
		    "to approve, and %s has %zu who can",
		    f->name, (long long)f->approval.number, OPERATORS_PATH, n);
		return 0;
	}
	return 1;
}

/* All profiles first: fleets name them. */
static int
compile_files(struct policy *p, int active)
{
	size_t i;

	p->profiles = OPENSSL_zalloc((p->n_files + 1) * sizeof(*p->profiles));
	p->fleets = OPENSSL_zalloc((p->n_files + 1) * sizeof(*p->fleets));
	if (p->profiles == NULL || p->fleets == NULL)
		return 0;
	for (i = 0; i < p->n_files; i++)
		if (is_in(p->files[i].path, PROFILES, ".conf") &&
		    !add_profile(p, &p->files[i], active))
			return 0;
	for (i = 0; i < p->n_files; i++)
		if (is_in(p->files[i].path, FLEETS, ".conf") &&
		    !add_fleet(p, &p->files[i]))
			return 0;
	for (i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i].path, OPERATORS_PATH) == 0) {
			p->operators = operators_compile(p, &p->files[i]);
			break;
		}
	return (i == p->n_files || p->operators != NULL) &&
	    check_approvals(p) && fleet_attest_apart(p);
}

static struct policy *
compile(const struct policy_file *files, size_t n, int active)
{
	struct policy *p = OPENSSL_zalloc(sizeof(*p));
	size_t i;

	if (p == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	p->refs = 1;
	for (i = 0; i < n; i++)
		if (files[i].len > CONF_FILE_MAX) {
			config_error(files[i].path, "is larger than 1 MiB");
			goto fail;
		}
	if (copy_files(p, files, n) && compile_files(p, active) &&
	    policies_hash(p->files, p->n_files, p->row.sha256))
		return p;
	if (ERR_peek_error() == 0)
		ca_raise(CA_E_INTERNAL, "out of memory");
fail:
	policy_put(p);
	return NULL;
}

struct policy *
policy_compile(const struct policy_file *files, size_t n)
{
	return compile(files, n, 0);
}

struct policy *
policy_compile_active(const struct policy_file *files, size_t n)
{
	return compile(files, n, 1);
}

struct policy *
policy_ref(struct policy *p)
{
	if (p != NULL)
		(void)__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	return p;
}

void
policy_put(struct policy *p)
{
	size_t i;

	if (p == NULL || __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (i = 0; i < p->n_fleets; i++)
		fleet_free(p->fleets[i]);
	for (i = 0; i < p->n_profiles; i++)
		profile_free(p->profiles[i]);
	operators_free(p->operators);
	OPENSSL_free(p->fleets);
	OPENSSL_free(p->profiles);
	policy_files_free(p->files, p->n_files);
	OPENSSL_free(p);
}

const struct profile *
policy_profile(const struct policy *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n_profiles; i++)
		if (strcmp(p->profiles[i]->name, name) == 0)
			return p->profiles[i];
	return NULL;
}

const struct fleet *
policy_fleet(const struct policy *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n_fleets; i++)
		if (strcmp(p->fleets[i]->name, name) == 0)
			return p->fleets[i];
	return NULL;
}

const struct fleet *
policy_label(const struct policy *p, const char *label)
{
	size_t i;

	for (i = 0; i < p->n_fleets; i++)
		if (label == NULL || label[0] == '\0'
			? p->fleets[i]->is_default
			: strcmp(p->fleets[i]->label, label) == 0)
			return p->fleets[i];
	return NULL;
}
