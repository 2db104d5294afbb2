#ifndef INKAN_TESTS_HSM_FAULTS_H
#define INKAN_TESTS_HSM_FAULTS_H

/* The module that fails on command (tests/faults/p11fault.h) over the test's
   SoftHSM. `make unit` builds it beside the test programs. */

#include <limits.h>
#include <time.h>
#include "token.h"
#include "hsm/private.h"

static char faults_file[400], faults_module[PATH_MAX];

/* To be called before the first hsm_open(). */
static inline void
faults_use(struct token *t)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *end;

	assert_true(n > 0);
	self[n] = '\0';
	end = strstr(self, "/tests/unit/hsm/");
	assert_non_null(end);
	*end = '\0';
	snprintf(faults_module, sizeof(faults_module), "%.3000s/tests/p11fault.so",
	    self);
	if (access(faults_module, R_OK) != 0)
		fail_msg("%s: make p11fault", faults_module);
	snprintf(faults_file, sizeof(faults_file), "%s/faults", t->dir);
	assert_int_equal(setenv("INKAN_P11_FAULTS", faults_file, 1), 0);
	assert_int_equal(setenv("INKAN_P11_REAL", module_path(), 1), 0);
	t->cfg.module = faults_module;
}

/* "" for none. */
static inline void
faults_set(const char *lines)
{
	char tmp[420];

	snprintf(tmp, sizeof(tmp), "%s.new", faults_file);
	write_file(tmp, lines, 0600);
	assert_int_equal(rename(tmp, faults_file), 0);
}

static inline void
wait_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&ts, NULL);
}

/* What another thread is about to do: for a minute, however busy the machine. */
#define WAIT_FOR(condition)                                                    \
	do {                                                                   \
		int tries_ = 6000;                                             \
		while (!(condition) && tries_-- > 0)                           \
			wait_ms(10);                                           \
		assert_true(condition);                                        \
	} while (0)

static inline size_t
late_calls(struct hsm *h)
{
	struct hsm_health now;

	hsm_health(h, &now);
	return now.late;
}

static inline int
sign_with(EVP_PKEY *k)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t len = sizeof(sig);
	int rc;

	rc = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"x", 1) == 1;
	EVP_MD_CTX_free(ctx);
	return rc;
}

/* Until the key signs, or a failure after a minute. */
static inline void
recovered_after(EVP_PKEY *k)
{
	long long begin = hsm_monotonic_ns();

	while (!sign_with(k)) {
		if (hsm_monotonic_ns() - begin > 60000000000LL)
			must(0);
		ERR_clear_error();
		wait_ms(10);
	}
}

#endif
