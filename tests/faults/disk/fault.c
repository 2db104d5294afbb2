#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/faults/disk/fault.h"

#define RULES_MAX 32
#define KILL (-2)
#define CHANGE                                                               \
	(DISK_OPEN | DISK_WRITE | DISK_SYNC | DISK_RENAME | DISK_REMOVE |    \
	    DISK_TRUNCATE | DISK_MKDIR | DISK_MODE)

static const struct word {
	const char *name;
	int value;
} CALLS[] = {
    {"open", DISK_OPEN},
    {"read", DISK_READ},
    {"write", DISK_WRITE},
    {"sync", DISK_SYNC},
    {"rename", DISK_RENAME},
    {"remove", DISK_REMOVE},
    {"truncate", DISK_TRUNCATE},
    {"mkdir", DISK_MKDIR},
    {"mode", DISK_MODE},
    {"change", CHANGE},
}, FAULTS[] = {
    {"ENOSPC", ENOSPC},
    {"EIO", EIO},
    {"EROFS", EROFS},
    {"EDQUOT", EDQUOT},
    {"EACCES", EACCES},
    {"half", DISK_HALF},
    {"kill", KILL},
};

struct rule {
	int calls, fault;
	char path[128];
	long count, skip; /* left; count < 0: no end */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rule rules[RULES_MAX];
static size_t n_rules;
static struct stat seen;
static _Thread_local int busy; /* reading the commands is no call to fail */

/* A command that nobody understands must not pass as a fault that was borne. */
static void
refuse(const char *what)
{
	fprintf(stderr, "diskfault: what is \"%s\"?\n", what);
	abort();
}

#define LOOK_UP(table, word)                                                 \
	look_up(table, sizeof(table) / sizeof(*(table)), word)

static int
look_up(const struct word *t, size_t n, const char *word)
{
	size_t i;

	for (i = 0; word != NULL && i < n; i++)
		if (strcmp(word, t[i].name) == 0)
			return t[i].value;
	refuse(word != NULL ? word : "");
	return 0;
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
	r->calls = LOOK_UP(CALLS, word);
	r->fault = LOOK_UP(FAULTS, strtok_r(NULL, " \t", &at));
	while ((word = strtok_r(NULL, " \t", &at)) != NULL)
		if (strncmp(word, "count=", 6) == 0)
			r->count = atol(word + 6);
		else if (strncmp(word, "skip=", 5) == 0)
			r->skip = atol(word + 5);
		else if (strncmp(word, "path=", 5) == 0)
			snprintf(r->path, sizeof(r->path), "%s", word + 5);
		else
			refuse(word);
	n_rules++;
}

/* Lock held. Reads the file again when it is another one than before. */
static void
refresh(void)
{
	const char *path = getenv("INKAN_DISK_FAULTS");
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
	if ((f = fopen(path, "re")) == NULL)
		return; /* no descriptor is left: the old ones hold */
	seen = st;
	n_rules = 0;
	while (fgets(line, sizeof(line), f) != NULL)
		read_line(line);
	fclose(f);
}

static int
wanted(int call)
{
	size_t i;

	refresh();
	for (i = 0; i < n_rules; i++)
		if ((rules[i].calls & call) && rules[i].count != 0)
			return 1;
	return 0;
}

static int
find(int call, const char *path)
{
	struct rule *r;

	for (r = rules; r < rules + n_rules; r++) {
		if (!(r->calls & call) || r->count == 0 ||
		    strstr(path, r->path) == NULL)
			continue;
		if (r->skip > 0) {
			r->skip--;
			continue;
		}
		if (r->count > 0)
			r->count--;
		return r->fault;
	}
	return 0;
}

/* Of a file's descriptor, or "". */
static const char *
path_of(int fd, char *out)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
	return out[0] == '/' ? out : "";
}

static int
judge(enum disk_call call, const char *path, int fd)
{
	char buf[PATH_MAX];
	int saved = errno, fault = 0;

	if (busy)
		return 0;
	busy = 1;
	pthread_mutex_lock(&lock);
	if (wanted((int)call)) {
		if (path == NULL)
			path = path_of(fd, buf);
		if (path[0] != '\0')
			fault = find((int)call, path);
	}
	if (fault == KILL)
		raise(SIGKILL);
	pthread_mutex_unlock(&lock);
	busy = 0;
	errno = saved;
	return fault;
}

int
disk_fault(enum disk_call call, const char *path)
{
	return judge(call, path, -1);
}

int
disk_fault_fd(enum disk_call call, int fd)
{
	return judge(call, NULL, fd);
}
