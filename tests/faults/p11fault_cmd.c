#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "tests/faults/p11fault.h"

#define RULES_MAX 32

static const struct {
	const char *name;
	CK_RV rv;
} NAMES[] = {
    {"CKR_DEVICE_ERROR", CKR_DEVICE_ERROR},
    {"CKR_DEVICE_MEMORY", CKR_DEVICE_MEMORY},
    {"CKR_DEVICE_REMOVED", CKR_DEVICE_REMOVED},
    {"CKR_FUNCTION_CANCELED", CKR_FUNCTION_CANCELED},
    {"CKR_FUNCTION_FAILED", CKR_FUNCTION_FAILED},
    {"CKR_GENERAL_ERROR", CKR_GENERAL_ERROR},
    {"CKR_HOST_MEMORY", CKR_HOST_MEMORY},
    {"CKR_KEY_HANDLE_INVALID", CKR_KEY_HANDLE_INVALID},
    {"CKR_MECHANISM_INVALID", CKR_MECHANISM_INVALID},
    {"CKR_OPERATION_NOT_INITIALIZED", CKR_OPERATION_NOT_INITIALIZED},
    {"CKR_PIN_INCORRECT", CKR_PIN_INCORRECT},
    {"CKR_SESSION_COUNT", CKR_SESSION_COUNT},
    {"CKR_SESSION_HANDLE_INVALID", CKR_SESSION_HANDLE_INVALID},
    {"CKR_TOKEN_NOT_PRESENT", CKR_TOKEN_NOT_PRESENT},
    {"CKR_USER_NOT_LOGGED_IN", CKR_USER_NOT_LOGGED_IN},
    {"CKR_VENDOR_DEFINED", CKR_VENDOR_DEFINED},
};

struct rule {
	char function[48], token[33];
	struct p11_fault fault;
	long count, skip;	/* left; count < 0: no end */
	double until;		/* 0: no end */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rule rules[RULES_MAX];
static size_t n_rules;
static struct stat seen;

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A command that nobody understands must not pass as a fault that was borne. */
static void
refuse(const char *what)
{
	fprintf(stderr, "p11fault: what is \"%s\"?\n", what);
	abort();
}

static void
read_fault(const char *word, struct p11_fault *f)
{
	size_t i;

	memset(f, 0, sizeof(*f));
	if (strncmp(word, "block", 5) == 0) {
		f->what = P11_BLOCK;
		f->seconds = word[5] == '=' ? atof(word + 6) : 0;
	} else if (strcmp(word, "wrong") == 0)
		f->what = P11_WRONG;
	else if (strcmp(word, "truncated") == 0)
		f->what = P11_TRUNCATED;
	else if (strcmp(word, "crash") == 0)
		f->what = P11_CRASH;
	else if (strcmp(word, "final-try") == 0)
		f->what = P11_FINAL_TRY;
	for (i = 0; f->what == 0 && i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (strcmp(word, NAMES[i].name) == 0) {
			f->what = P11_RV;
			f->rv = NAMES[i].rv;
		}
	if (f->what == 0)
		refuse(word);
}

static void
read_limit(const char *word, struct rule *r)
{
	if (strncmp(word, "count=", 6) == 0)
		r->count = atol(word + 6);
	else if (strncmp(word, "skip=", 5) == 0)
		r->skip = atol(word + 5);
	else if (strncmp(word, "until=", 6) == 0)
		r->until = atof(word + 6);
	else if (strncmp(word, "token=", 6) == 0)
		snprintf(r->token, sizeof(r->token), "%s", word + 6);
	else
		refuse(word);
}

static void
read_line(char *line)
{
	struct rule *r = &rules[n_rules];
	char *at = NULL, *word;

	line[strcspn(line, "#\r\n")] = '\0';
	if ((word = strtok_r(line, " \t", &at)) == NULL)
		return;
	if (n_rules == RULES_MAX)
		refuse("so many lines");
	memset(r, 0, sizeof(*r));
	r->count = -1;
	snprintf(r->function, sizeof(r->function), "%s", word);
	word = strtok_r(NULL, " \t", &at);
	read_fault(word != NULL ? word : "", &r->fault);
	while ((word = strtok_r(NULL, " \t", &at)) != NULL)
		read_limit(word, r);
	n_rules++;
}

/* Lock held. Reads the file again when it is another one than before. */
static void
refresh(void)
{
	const char *path = getenv("INKAN_P11_FAULTS");
	char line[256];
	struct stat st;
	FILE *f;

	if (path == NULL || stat(path, &st) != 0) {
		n_rules = 0;
		memset(&seen, 0, sizeof(seen));
		return;
	}
	if (st.st_ino == seen.st_ino && st.st_size == seen.st_size &&
	    st.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == seen.st_mtim.tv_nsec)
		return;
	seen = st;
	n_rules = 0;
	if ((f = fopen(path, "r")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		read_line(line);
	fclose(f);
}

static int
applies(const struct rule *r, const char *function, const char *label)
{
	if (strcmp(r->function, "any") != 0 &&
	    strcmp(r->function, function) != 0)
		return 0;
	if (r->token[0] != '\0' && strcmp(r->token, label) != 0)
		return 0;
	return r->count != 0 && (r->until == 0 || now() < r->until);
}

int
p11_fault_next(const char *function, const char *label, struct p11_fault *out)
{
	size_t i;
	int found = 0;

	pthread_mutex_lock(&lock);
	refresh();
	for (i = 0; i < n_rules && !found; i++) {
		if (!applies(&rules[i], function, label))
			continue;
		if (rules[i].skip > 0) {
			rules[i].skip--;
			continue;
		}
		if (rules[i].count > 0)
			rules[i].count--;
		*out = rules[i].fault;
		found = 1;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* Does any line say `block` still? The file may be a newer one. */
static int
still_blocked(void)
{
	size_t i;
	int found = 0;

	pthread_mutex_lock(&lock);
	refresh();
	for (i = 0; i < n_rules; i++)
		found |= rules[i].fault.what == P11_BLOCK &&
		    (rules[i].until == 0 || now() < rules[i].until);
	pthread_mutex_unlock(&lock);
	return found;
}

void
p11_fault_block(const struct p11_fault *f)
{
	const struct timespec step = {0, 20000000};
	double end = now() + f->seconds;

	while (f->seconds > 0 ? now() < end : still_blocked())
		nanosleep(&step, NULL);
}
