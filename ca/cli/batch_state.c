#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include "ca/cli/batch_state.h"
#include "ca/error.h"

#define MAGIC "inkan-batch 1 "
#define LINE_MAX_N 100000000 /* so that a broken state takes no memory */

struct batch_state {
	FILE *f;
	unsigned char *done; /* one for each line of the batch */
	size_t size;
};

static int
mark(struct batch_state *s, size_t line)
{
	unsigned char *more;
	size_t size = s->size == 0 ? 4096 : s->size;

	while (size <= line)
		size *= 2;
	if (size > s->size) {
		if ((more = realloc(s->done, size)) == NULL) {
			ca_raise(CA_E_INTERNAL, "out of memory");
			return 0;
		}
		memset(more + s->size, 0, size - s->size);
		s->done = more;
		s->size = size;
	}
	s->done[line] = 1;
	return 1;
}

/* "17 7e1e... device.pem" */
static int
take_line(struct batch_state *s, const char *text)
{
	char *end;
	unsigned long long line = strtoull(text, &end, 10);

	if (end == text || *end != ' ' || line > LINE_MAX_N ||
	    strchr(text, '\n') == NULL)
		return 1;
	return mark(s, (size_t)line);
}

static int
read_state(struct batch_state *s, const char *path, const char *sha256)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t n, last = 0;
	int ok = 1, cut = 0;

	n = getline(&text, &size, s->f);
	if (n == -1) {
		ok = fprintf(s->f, MAGIC "%s\n", sha256) > 0 &&
		    fflush(s->f) == 0;
		if (!ok)
			ERR_raise_data(ERR_LIB_SYS, errno, "write %s", path);
	} else if (strncmp(text, MAGIC, strlen(MAGIC)) != 0 ||
	    strncmp(text + strlen(MAGIC), sha256, 64) != 0) {
		ca_raise(CA_E_BADREQUEST,
		    "batch.state: %s is of another file: choose another folder",
		    path);
		ok = 0;
	}
	while (ok && n != -1 && (last = getline(&text, &size, s->f)) != -1) {
		cut = text[last - 1] != '\n';
		ok = take_line(s, text);
	}
	if (ok && cut && fputc('\n', s->f) == EOF)
		ok = 0;
	free(text);
	return ok;
}

struct batch_state *
batch_state_open(const char *dir, const char *sha256)
{
	struct batch_state *s = calloc(1, sizeof(*s));
	char path[4096];
	int fd;

	if (s == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/.inkan-batch", dir);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd == -1 || (s->f = fdopen(fd, "a+")) == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		if (fd != -1)
			close(fd);
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		ca_raise(CA_E_BUSY,
		    "batch.state: another batch is at work in %s", dir);
	else if (fseek(s->f, 0, SEEK_SET) == 0 && read_state(s, path, sha256))
		return s;
	batch_state_close(s);
	return NULL;
}

void
batch_state_close(struct batch_state *s)
{
	if (s == NULL)
		return;
	if (s->f != NULL)
		fclose(s->f);
	free(s->done);
	free(s);
}

int
batch_state_done(const struct batch_state *s, size_t line)
{
	return line < s->size && s->done[line];
}

int
batch_state_add(struct batch_state *s, size_t line, const char *serial,
    const char *file)
{
	if (fprintf(s->f, "%zu %s %s\n", line, serial, file) > 0 &&
	    fflush(s->f) == 0)
		return mark(s, line);
	ERR_raise_data(ERR_LIB_SYS, errno, "write the state of the batch");
	return 0;
}
