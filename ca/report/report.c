#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include "ca/report/private.h"
#include "ca/report/report.h"

/* Set once by report_init(), before there are threads. */
static char prog[64] = "inkan";
static enum report_level least_level = REPORT_INFO;
static int log_fd = 2;
static int journal;

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};
static const int PRIORITIES[] = {7, 6, 4, 3}; /* syslog(3) */

/* One line while it is made; the last octets are kept for " cut=yes\n". */
#define TAIL 16
struct line {
	char text[REPORT_LINE_MAX];
	size_t len;
	int full;
};

/* systemd says which file its journal is; a redirected stderr is another. */
static int
is_journal(int fd)
{
	const char *s = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	/* systemd's own. NOLINTNEXTLINE(cert-err34-c) */
	if (s == NULL || sscanf(s, "%llu:%llu", &dev, &ino) != 2 ||
	    fstat(fd, &st) != 0)
		return 0;
	return (unsigned long long)st.st_dev == dev &&
	    (unsigned long long)st.st_ino == ino;
}

void
report_init(const char *program, enum report_level least, int fd)
{
	snprintf(prog, sizeof(prog), "%s", program);
	least_level = least;
	log_fd = fd;
	journal = is_journal(fd);
}

static void
put(struct line *l, const char *s, size_t n)
{
	if (l->full || l->len + n > sizeof(l->text) - TAIL) {
		l->full = 1;
		return;
	}
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

static void
put_text(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static int
is_bare(const char *s, size_t n)
{
	static const char OK[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@+-";

	return n > 0 && strspn(s, OK) >= n;
}

/* " key=value". A pair that does not fit is left out whole, and said so. */
static void
put_pair(struct line *l, const char *key, const char *value, size_t max)
{
	char escaped[4 * REPORT_VALUE_MAX];
	size_t mark = l->len, n, used;
	const char *s = value == NULL ? "-" : value;

	put_text(l, " ");
	put_text(l, key);
	put_text(l, "=");
	n = strlen(s);
	if (n <= max && is_bare(s, n)) {
		put(l, s, n);
	} else {
		put_text(l, "\"");
		n = n < max ? n : max;
		while (n > 0 && !l->full) {
			used = escape_some(s, n, 1, escaped, sizeof(escaped));
			put_text(l, escaped);
			s += used;
			n -= used;
		}
		if (*s != '\0')
			put_text(l, "...");
		put_text(l, "\"");
	}
	if (l->full)
		l->len = mark;
}

static void
put_head(struct line *l, enum report_level level, const char *event)
{
	char buf[64];
	struct tm tm;
	time_t now = time(NULL);

	if (journal)
		snprintf(buf, sizeof(buf), "<%d>level=%s", PRIORITIES[level],
		    LEVELS[level]);
	else if (gmtime_r(&now, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ level=", &tm) == 0)
		snprintf(buf, sizeof(buf), "- level=");
	put_text(l, buf);
	if (!journal)
		put_text(l, LEVELS[level]);
	put_pair(l, "prog", prog, REPORT_VALUE_MAX);
	put_pair(l, "event", event, REPORT_VALUE_MAX);
}

static void
put_pairs(struct line *l, va_list ap)
{
	const char *key, *value;

	while ((key = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		put_pair(l, key, value, REPORT_VALUE_MAX);
	}
}

/* A line goes out with one write(2), or not: there is nobody to tell. */
static void
send_line(struct line *l)
{
	ssize_t n;

	if (l->full) {
		memcpy(l->text + l->len, " cut=yes", 8);
		l->len += 8;
	}
	l->text[l->len++] = '\n';
	do
		n = write(log_fd, l->text, l->len);
	while (n == -1 && errno == EINTR);
}

void
report_event(enum report_level level, const char *event, ...)
{
	struct line l = {.len = 0};
	int saved = errno;
	va_list ap;

	if (level < least_level)
		return;
	put_head(&l, level, event);
	va_start(ap, event);
	put_pairs(&l, ap);
	va_end(ap);
	send_line(&l);
	errno = saved;
}

/* Rather a short cause than none: escapes can make a text four times as long.
 */
static void
put_trace(struct line *l, const char *trace)
{
	int cut = l->full;
	size_t max;

	for (max = REPORT_TRACE_MAX; max >= 64; max /= 2) {
		l->full = 0;
		put_pair(l, "error", trace, max);
		if (!l->full)
			break;
	}
	l->full |= cut;
}

void
report_errors(enum report_level level, const char *event, ...)
{
	struct report_trace_pack *pack = NULL;
	struct line l = {.len = 0};
	char trace[REPORT_TRACE_MAX];
	int saved = errno;
	va_list ap;

	pack = report_pack();
	if (level < least_level)
		goto out;
	put_head(&l, level, event);
	va_start(ap, event);
	put_pairs(&l, ap);
	va_end(ap);
	pack_join(pack, " <- ", trace, sizeof(trace));
	put_trace(&l, trace);
	send_line(&l);
out:
	report_pack_free(pack);
	errno = saved;
}

void
report_fatal(const char *program)
{
	struct report_trace_pack *pack;
	char trace[REPORT_TRACE_MAX], escaped[2 * REPORT_TRACE_MAX];

	pack = report_pack();
	pack_join(pack, ": ", trace, sizeof(trace));
	report_escape(trace, escaped, sizeof(escaped));
	fprintf(stderr, "%s: %s\n", program,
	    escaped[0] == '\0' ? "unknown error" : escaped);
	report_pack_free(pack);
}
