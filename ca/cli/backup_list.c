#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "ca/cli/backup_files.h"
#include "ca/cli/backup_list.h"
#include "ca/cli/file.h"
#include "ca/error.h"

struct checking {
	const char *dir;
	FILE *told;
	struct backup_facts *facts;
	size_t *found;
	char **names;		/* of the manifest, sorted once it is read */
	size_t n, room;
	long line;
	int ended;
};

static int
bad(const struct checking *c, const char *what)
{
	ca_raise(CA_E_BADREQUEST, "backup.manifest: line %ld: %s", c->line,
	    what);
	return 0;
}

static void
tell(struct checking *c, const char *name, const char *what)
{
	(*c->found)++;
	fprintf(c->told, "%s: %s\n", name, what);
}

/* Below the folder, and nowhere else. */
static int
is_inside(const char *name)
{
	const char *p;

	if (name[0] == '\0' || name[0] == '/')
		return 0;
	for (p = name; p != NULL; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
			return 0;
	}
	return 1;
}

static int
number(const char *text, int64_t *out)
{
	char *end = NULL;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *out >= 0;
}

static int
keep_name(struct checking *c, const char *name)
{
	char **more, *copy;

	if (c->n == c->room) {
		c->room = c->room > 0 ? 2 * c->room : 256;
		more = realloc(c->names, c->room * sizeof(*more));
		if (more == NULL)
			return bad(c, "out of memory");
		c->names = more;
	}
	if ((copy = strdup(name)) == NULL)
		return bad(c, "out of memory");
	c->names[c->n++] = copy;
	return 1;
}

static int
check_file(struct checking *c, const char *name, const char *hex, int64_t size)
{
	char path[PATH_MAX], is[65];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", c->dir, name) >=
	    (int)sizeof(path))
		return bad(c, "path too long");
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		tell(c, name, "is not there");
	else if (st.st_size != size)
		tell(c, name, "has another length");
	else if (!file_sha256(path, is))
		return 0;
	else if (strcmp(is, hex) != 0)
		tell(c, name, "is another file");
	c->facts->octets += size;
	return keep_name(c, name);
}

/* "<hex> <octets> <name>", cut into its parts. */
static int
take_file(struct checking *c, char *text)
{
	char *size = strchr(text, ' '), *name = NULL;
	int64_t n;

	if (size != NULL) {
		*size++ = '\0';
		name = strchr(size, ' ');
	}
	if (name != NULL)
		*name++ = '\0';
	if (name == NULL || strlen(text) != 64 || !number(size, &n))
		return bad(c, "not a file's line");
	if (!is_inside(name))
		return bad(c, "a file outside of the backup");
	return check_file(c, name, text, n);
}

static int
take_fact(struct checking *c, const char *key, const char *value)
{
	struct backup_facts *f = c->facts;
	const struct { const char *key; int64_t *to; } numbers[] = {
	    {"time", &f->time}, {"schema", &f->schema},
	    {"entries", &f->entries}, {"published", &f->published},
	    {"end", &f->files},
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(key, numbers[i].key) == 0 &&
		    number(value, numbers[i].to)) {
			c->ended = strcmp(key, "end") == 0;
			return 1;
		}
	if (strcmp(key, "root") != 0 || strlen(value) >= sizeof(f->root))
		return bad(c, "not a fact of a backup");
	snprintf(f->root, sizeof(f->root), "%s", value);
	return 1;
}

static int
take_line(struct checking *c, char *line)
{
	char *value = strchr(line, ' ');

	c->line++;
	if (c->line == 1)
		return strcmp(line, "inkan-backup 1") == 0 ||
		    bad(c, "not the manifest of a backup that this program "
			   "knows");
	if (c->ended || value == NULL)
		return bad(c, "more than the manifest's end");
	*value++ = '\0';
	if (strcmp(line, "file") == 0)
		return take_file(c, value);
	return take_fact(c, line, value);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* nftw() has no argument for its callback. */
static struct checking *walking;

static int
is_listed(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	const char *name = path + strlen(walking->dir);

	(void)st;
	(void)ftw;
	name += strspn(name, "/");
	if (flag == FTW_D || strcmp(name, BACKUP_MANIFEST) == 0)
		return 0;
	if (walking->n == 0 || bsearch(&name, walking->names, walking->n,
		sizeof(*walking->names), by_name) == NULL)
		tell(walking, name, "is not in the manifest");
	return 0;
}

static int
check_rest(struct checking *c)
{
	size_t i;
	int ok;

	if (!c->ended || c->facts->files != (int64_t)c->n)
		return bad(c, "the manifest is cut");
	if (c->n > 0)
		qsort(c->names, c->n, sizeof(*c->names), by_name);
	for (i = 1; i < c->n; i++)
		if (strcmp(c->names[i - 1], c->names[i]) == 0)
			return bad(c, "a file stands in it twice");
	walking = c;
	ok = nftw(c->dir, is_listed, 16, FTW_PHYS) == 0;
	walking = NULL;
	return ok || bad(c, "the backup's folder cannot be read");
}

int
backup_list_check(const char *dir, FILE *told, struct backup_facts *out,
    size_t *found)
{
	struct checking c = {.dir = dir, .told = told, .facts = out,
	    .found = found};
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *f = NULL;
	int ok;

	memset(out, 0, sizeof(*out));
	*found = 0;
	ok = snprintf(path, sizeof(path), "%s/%s", dir, BACKUP_MANIFEST) <
		(int)sizeof(path) &&
	    (f = fopen(path, "re")) != NULL;
	if (!ok)
		ca_raise(CA_E_BADREQUEST, "backup.manifest: %s cannot be read: "
		    "%s", path, strerror(errno));
	while (ok && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		ok = take_line(&c, line);
	}
	ok = ok && check_rest(&c);
	free(line);
	while (c.n > 0)
		free(c.names[--c.n]);
	free(c.names);
	if (f != NULL)
		fclose(f);
	return ok;
}
