#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif
#include "hsm/private.h"

static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static struct hsm_module *modules;

/*
 * SoftHSM reads one configuration per process, at C_Initialize. Two tokens in
 * two configurations at once would silently see one another's keys missing.
 */
static int
set_softhsm_conf(const struct hsm_module *m, const char *conf)
{
	const struct hsm_module *o;
	const char *now = getenv("SOFTHSM2_CONF");

	if (conf == NULL || (now != NULL && strcmp(now, conf) == 0))
		return 1;
	if (strlen(conf) >= sizeof(o->softhsm_conf)) {
		hsm_raise(HSM_E_CONFIG, "softhsm_conf: path is too long");
		return 0;
	}
	for (o = modules; o != NULL; o = o->next)
		if (o->users > 0 && (o == m || o->softhsm_conf[0] != '\0')) {
			hsm_raise(HSM_E_CONFIG,
			    "softhsm_conf %s: module %s is in use with "
			    "another one (SoftHSM reads one per process)",
			    conf, o->name);
			return 0;
		}
	if (setenv("SOFTHSM2_CONF", conf, 1) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "setenv SOFTHSM2_CONF");
		hsm_raise(HSM_E_CONFIG, "softhsm_conf cannot be set");
		return 0;
	}
	return 1;
}

static struct hsm_module *
find(const char *name)
{
	struct hsm_module *m;

	for (m = modules; m != NULL; m = m->next)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* Make an entry for ${fn}, which is taken over on success. */
static struct hsm_module *
add(const char *name, CK_FUNCTION_LIST *fn)
{
	struct hsm_module *m;
	pthread_rwlockattr_t attr;

	if (strlen(name) >= sizeof(m->name) ||
	    (m = OPENSSL_zalloc(sizeof(*m))) == NULL)
		return NULL;
	/*
	 * A restart must not starve behind a stream of signatures. Nobody takes
	 * the read lock twice.
	 */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&m->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	strcpy(m->name, name);
	m->managed = m->fn = fn;
	m->next = modules;
	modules = m;
	return m;
}

static CK_RV
start(struct hsm_module *m)
{
	CK_RV rv;

	/* A module that uses OpenSSL leaves errors of its own in our queue. */
	ERR_set_mark();
	rv = p11_kit_module_initialize(m->managed);
	ERR_pop_to_mark();
	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		m->running = 1;
		m->gen++;
		rv = CKR_OK;
	}
	return rv;
}

CK_RV
hsm_module_restart(struct hsm_module *m)
{
	if (m->running)
		p11_kit_module_finalize(m->managed);
	m->running = 0;
	return start(m);
}

int
hsm_module_is_shared(struct hsm_module *m)
{
	int shared;

	pthread_mutex_lock(&registry);
	shared = m->users > 1;
	pthread_mutex_unlock(&registry);
	return shared;
}

static int
try_lock(struct hsm_module *m)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec++;
	if (pthread_rwlock_clockwrlock(&m->lock, CLOCK_MONOTONIC, &end) != 0)
		return 0;
#ifdef __SANITIZE_THREAD__ /* it does not know that function */
	__tsan_mutex_pre_lock(&m->lock, 0);
	__tsan_mutex_post_lock(&m->lock, 0, 0);
#endif
	return 1;
}

int
hsm_module_lock(struct hsm_module *m, int seconds)
{
	for (; seconds > 0 && atomic_load(&m->n_late) == 0; seconds--)
		if (try_lock(m))
			return 1;
	hsm_raise(HSM_E_TOKEN,
	    "token: a call in module %s has not come back", m->name);
	return 0;
}

/* One more user of ${m}; the registry's lock is held. */
static int
use(struct hsm_module *m, const char *conf)
{
	if (!set_softhsm_conf(m, conf))
		return 0;
	if (m->users++ == 0)
		snprintf(m->softhsm_conf, sizeof(m->softhsm_conf), "%s",
		    conf == NULL ? "" : conf);
	return 1;
}

/*
 * See that ${m}, in use, is running; else the caller uses it no more. It may
 * hang in C_Initialize: only who wants this module waits for it.
 */
static int
ready(struct hsm_module *m, const char *conf)
{
	CK_RV rv = CKR_OK;

	if (m->running)
		return 1;
	if (!hsm_module_lock(m, HSM_LOCK_WAIT_OPEN)) {
		hsm_module_close(m);
		return 0;
	}
	if (!m->running)
		rv = start(m);
	pthread_rwlock_unlock(&m->lock);
	if (rv == CKR_OK)
		return 1;
	hsm_raise(HSM_E_NOMODULE,
	    "PKCS#11 module %s: cannot be initialised: %s (0x%lx)%s%s",
	    m->name, p11_kit_strerror(rv), rv,
	    conf != NULL ? "; its configuration is " : "",
	    conf != NULL ? conf : "");
	hsm_module_close(m);
	return 0;
}

static struct hsm_module *
load(const char *name, const char *path)
{
	CK_FUNCTION_LIST *fn;
	struct hsm_module *m;
	const char *why;

	if ((m = find(name)) != NULL)
		return m;
	if ((fn = p11_kit_module_load(path, 0)) == NULL) {
		why = p11_kit_message();
		hsm_raise(HSM_E_NOMODULE,
		    "PKCS#11 module %s: cannot be loaded: %s", path,
		    why != NULL ? why : "not a module");
		return NULL;
	}
	if ((m = add(name, fn)) == NULL)
		p11_kit_module_release(fn);
	return m;
}

struct hsm_module *
hsm_module_open(const char *path, const char *conf)
{
	struct hsm_module *m = NULL;
	char *real = NULL;

	if (path[0] == '/' && (real = realpath(path, NULL)) == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "%s", path);
		hsm_raise(
		    HSM_E_NOMODULE, "PKCS#11 module %s: there is none", path);
		return NULL;
	}
	p11_kit_be_quiet();
	pthread_mutex_lock(&registry);
	m = load(real != NULL ? real : path, path);
	if (m != NULL && !use(m, conf))
		m = NULL;
	pthread_mutex_unlock(&registry);
	free(real);
	return m != NULL && ready(m, conf) ? m : NULL;
}

/* Our entry for a module that p11-kit has registered; ${fn} is taken over. */
static struct hsm_module *
adopt(CK_FUNCTION_LIST *fn)
{
	struct hsm_module *m = NULL;
	char *file = p11_kit_module_get_filename(fn);
	char *name = p11_kit_module_get_name(fn);
	char *real = file != NULL ? realpath(file, NULL) : NULL;
	const char *key = real != NULL ? real : file != NULL ? file : name;

	if (key != NULL && (m = find(key)) == NULL) {
		if ((m = add(key, fn)) != NULL)
			fn = NULL;
	}
	if (fn != NULL)
		p11_kit_module_release(fn);
	free(file);
	free(name);
	free(real);
	return m;
}

static int
is_named(CK_FUNCTION_LIST *fn, const char *name)
{
	char *own = p11_kit_module_get_name(fn);
	int rc = name[0] == '\0' || (own != NULL && strcmp(own, name) == 0);

	free(own);
	return rc;
}

size_t
hsm_module_open_registered(
    const char *name, const char *conf, struct hsm_module **list, size_t max)
{
	CK_FUNCTION_LIST **all;
	struct hsm_module *m;
	size_t i, n_used = 0, n = 0;

	p11_kit_be_quiet();
	pthread_mutex_lock(&registry);
	all = p11_kit_modules_load(NULL, 0);
	for (i = 0; all != NULL && all[i] != NULL; i++) {
		if (n_used == max || !is_named(all[i], name))
			p11_kit_module_release(all[i]);
		else if ((m = adopt(all[i])) != NULL && use(m, conf))
			list[n_used++] = m;
	}
	free(all);
	pthread_mutex_unlock(&registry);
	for (i = 0; i < n_used; i++)
		if (ready(list[i], conf))
			list[n++] = list[i];
	if (n == 0)
		hsm_raise(HSM_E_NOMODULE,
		    "PKCS#11: p11-kit has no usable module%s%s registered",
		    name[0] != '\0' ? " named " : "", name);
	return n;
}

/* Nobody has come meanwhile: 1 when C_Finalize is due. Write lock held. */
static int
set_idle(struct hsm_module *m)
{
	int due;

	pthread_mutex_lock(&registry);
	due = m->users == 0 && m->running;
	if (due) /* who comes now waits for the lock, and starts it again */
		m->running = 0;
	pthread_mutex_unlock(&registry);
	return due;
}

void
hsm_module_close(struct hsm_module *m)
{
	int last;

	if (m == NULL)
		return;
	pthread_mutex_lock(&registry);
	last = --m->users == 0;
	pthread_mutex_unlock(&registry);
	if (!last)
		return;
	ERR_set_mark();
	if (hsm_module_lock(m, HSM_LOCK_WAIT_OPEN)) {
		if (set_idle(m))
			p11_kit_module_finalize(m->managed);
		pthread_rwlock_unlock(&m->lock);
	}
	ERR_pop_to_mark();
}
