/*
 * A power that a program has not got can only be seen from within. Loaded into
 * a program of ours by LD_PRELOAD, this does on SIGUSR2, in the program's main
 * thread, what the lines of the file $INKAN_PROBE say, and writes what came of
 * each to standard error:
 *
 *	probe read /path: Permission denied
 *
 * Lines are WHAT [ARGUMENT]; whats are those of the table below. The file is
 * read before the program begins, which could not read it later.
 *
 * By itself it says of each listening socket that is given to epoll(7), from
 * when connections of it are taken, and whenever accept4(2) is asked for one,
 * whether system calls were filtered by then:
 *
 *	listens: filtered
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define LINES_MAX 64

static char text[8192];
static struct {
	const char *what, *arg;
} line[LINES_MAX];
static size_t n_lines;

static int
done(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
try_read(const char *path)
{
	return done(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

static int
try_write(const char *path)
{
	return done(open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK));
}

static int
try_make(const char *path)
{
	return done(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static int
try_remove(const char *path)
{
	return unlink(path) == 0;
}

static int
try_list(const char *path)
{
	return done(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int
try_tcp(const char *port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ok;

	sa.sin_port = htons((uint16_t)atoi(port));
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Whether the other end lets us in: it closes at once when not. */
static int
try_unix(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ok;
	char c;

	strncpy(sa.sun_path, path, sizeof(sa.sun_path) - 1);
	ok = fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
	if (ok && recv(fd, &c, 1, 0) == 0) {
		errno = ECONNRESET;
		ok = 0;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static int
try_signal(const char *pid)
{
	return kill((pid_t)atoi(pid), 0) == 0;
}

static int
try_fork(const char *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static int
try_code(const char *arg)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	return p != MAP_FAILED;
}

static int
try_turn_code(const char *arg)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int
try_userns(const char *arg)
{
	(void)arg;
	return unshare(CLONE_NEWUSER) == 0;
}

static int
try_exec(const char *path)
{
	char *argv[] = {(char *)path, NULL};

	return execv(path, argv) == 0;
}

static int
try_ptrace(const char *pid)
{
	return ptrace(PTRACE_ATTACH, (pid_t)atoi(pid), NULL, NULL) == 0;
}

static const struct {
	const char *what;
	int (*try)(const char *arg);
} table[] = {{"read", try_read}, {"write", try_write}, {"make", try_make},
    {"remove", try_remove}, {"list", try_list}, {"tcp", try_tcp},
    {"unix", try_unix}, {"signal", try_signal}, {"fork", try_fork},
    {"code", try_code}, {"turn-code", try_turn_code}, {"exec", try_exec},
    {"ptrace", try_ptrace}, {"userns", try_userns}};

static void
run(size_t i)
{
	const char *said = "unknown";
	char out[1024];
	size_t t;
	int n;

	for (t = 0; t < sizeof(table) / sizeof(table[0]); t++)
		if (strcmp(table[t].what, line[i].what) == 0)
			said = table[t].try(line[i].arg)
			    ? "done"
			    : strerrordesc_np(errno);
	n = snprintf(out, sizeof(out), "probe %s %s: %s\n", line[i].what,
	    line[i].arg, said);
	if (n > 0 && (size_t)n < sizeof(out))
		(void)!write(STDERR_FILENO, out, (size_t)n);
}

static void
on_signal(int sig)
{
	int kept = errno;
	size_t i;

	(void)sig;
	for (i = 0; i < n_lines; i++)
		run(i);
	(void)!write(STDERR_FILENO, "probe end\n", 10);
	errno = kept;
}

/* Filtered, prctl(2) either tells it or is not there. */
static void
tell_filter(void)
{
	const char *said = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0
	    ? "listens: open\n"
	    : "listens: filtered\n";

	(void)!write(STDERR_FILENO, said, strlen(said));
}

int
epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
	int (*real)(int, int, int, struct epoll_event *) =
	    (int (*)(int, int, int, struct epoll_event *))dlsym(
		RTLD_NEXT, "epoll_ctl");
	socklen_t len = sizeof(int);
	int listens = 0, kept = errno;

	if (op == EPOLL_CTL_ADD &&
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	    listens)
		tell_filter();
	errno = kept;
	return real(set, op, fd, event);
}

int
accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	int (*real)(int, struct sockaddr *, socklen_t *, int) =
	    (int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(
		RTLD_NEXT, "accept4");

	tell_filter();
	return real(fd, from, len, flags);
}

__attribute__((constructor)) static void
begin(void)
{
	struct sigaction act = {.sa_handler = on_signal};
	const char *path = getenv("INKAN_PROBE");
	FILE *f = path == NULL ? NULL : fopen(path, "re");
	char *rest = text, *one, *space;

	if (f == NULL)
		return;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	while (n_lines < LINES_MAX && (one = strsep(&rest, "\n")) != NULL) {
		if (one[0] == '\0')
			continue;
		space = strchr(one, ' ');
		if (space != NULL)
			*space++ = '\0';
		line[n_lines].what = one;
		line[n_lines++].arg = space == NULL ? "" : space;
	}
	sigaction(SIGUSR2, &act, NULL);
}
