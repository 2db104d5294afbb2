#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/confine/private.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* names for memory, by the C library */
#endif

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* One system call, allowed (or not) by one argument. */
struct by_argument {
	const char *name;
	uint32_t action;
	struct scmp_arg_cmp cmp;
};

int
filter_is_there(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

static int
add_list(scmp_filter_ctx f, const char *const *names, uint32_t action)
{
	int nr, rc;

	for (; *names != NULL; names++) {
		nr = seccomp_syscall_resolve_name(*names);
		if (nr == __NR_SCMP_ERROR)
			continue;
		rc = seccomp_rule_add_array(f, action, nr, 0, NULL);
		if (rc != 0) {
			ERR_raise_data(ERR_LIB_SYS, -rc, "seccomp: %s", *names);
			return 0;
		}
	}
	return 1;
}

static int
add_arguments(scmp_filter_ctx f, const struct by_argument *r, size_t n)
{
	int nr, rc;
	size_t i;

	for (i = 0; i < n; i++) {
		nr = seccomp_syscall_resolve_name(r[i].name);
		if (nr == __NR_SCMP_ERROR)
			continue;
		rc = seccomp_rule_add_array(f, r[i].action, nr, 1, &r[i].cmp);
		if (rc != 0) {
			ERR_raise_data(
			    ERR_LIB_SYS, -rc, "seccomp: %s", r[i].name);
			return 0;
		}
	}
	return 1;
}

#define WX (PROT_WRITE | PROT_EXEC)
#define ALLOW SCMP_ACT_ALLOW
#define MASK(arg, mask, value) SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value)
#define EQ(arg, value) SCMP_CMP64(arg, SCMP_CMP_EQ, value)
#define MAPS(call)                                                             \
	{call, ALLOW, MASK(2, WX, 0)}, {call, ALLOW, MASK(2, WX, PROT_WRITE)}, \
	    {call, ALLOW, MASK(2, WX, PROT_EXEC)},                             \
	{                                                                      \
		call, SCMP_ACT_ERRNO(EPERM), MASK(2, WX, WX)                   \
	}

/* New code may be mapped from a file, never be written; threads are made, no
   processes; limits are read. */
static int
add_memory(scmp_filter_ctx f)
{
	const struct by_argument rules[] = {
	    MAPS("mmap"),
	    MAPS("mmap2"),
	    {"mprotect", ALLOW, MASK(2, PROT_EXEC, 0)},
	    {"mprotect", SCMP_ACT_ERRNO(EPERM), MASK(2, PROT_EXEC, PROT_EXEC)},
#ifdef __s390__
	    {"clone", ALLOW, MASK(1, CLONE_THREAD, CLONE_THREAD)},
#else
	    {"clone", ALLOW, MASK(0, CLONE_THREAD, CLONE_THREAD)},
#endif
	    {"prlimit64", ALLOW, EQ(2, 0)},
	};

	return add_arguments(f, rules, N(rules));
}

/* Signals to ourselves: raise(3), abort(3). */
static int
add_process(scmp_filter_ctx f)
{
	const uint64_t self = (uint64_t)getpid();
	const struct by_argument rules[] = {
	    {"tgkill", ALLOW, EQ(0, self)},
	    {"kill", ALLOW, EQ(0, self)},
	    {"tgkill", SCMP_ACT_ERRNO(EPERM), SCMP_CMP64(0, SCMP_CMP_NE, self)},
	    {"kill", SCMP_ACT_ERRNO(EPERM), SCMP_CMP64(0, SCMP_CMP_NE, self)},
	    {"prctl", ALLOW, EQ(0, PR_SET_NAME)},
	    {"prctl", ALLOW, EQ(0, PR_GET_NAME)},
	    {"prctl", ALLOW, EQ(0, PR_SET_VMA)},
	    {"prctl", ALLOW, EQ(0, PR_GET_DUMPABLE)},
	    {"prctl", ALLOW, EQ(0, PR_GET_SECCOMP)},
	    {"ioctl", ALLOW, EQ(1, FIONBIO)},
	    {"ioctl", ALLOW, EQ(1, FIONREAD)},
	    {"ioctl", ALLOW, EQ(1, FIOCLEX)},
	    {"ioctl", ALLOW, EQ(1, TCGETS)},
	    {"ioctl", ALLOW, EQ(1, TIOCGWINSZ)},
	};

	return add_arguments(f, rules, N(rules));
}

static int
add_sockets(scmp_filter_ctx f, int network)
{
	const struct by_argument local[] = {
	    {"socket", ALLOW, EQ(0, AF_UNIX)},
	    {"socketpair", ALLOW, EQ(0, AF_UNIX)},
	};
	const struct by_argument others[] = {
	    {"socket", ALLOW, EQ(0, AF_INET)},
	    {"socket", ALLOW, EQ(0, AF_INET6)},
	    {"socket", ALLOW, EQ(0, AF_NETLINK)},
	};
	const struct by_argument none = {"socket", SCMP_ACT_ERRNO(EAFNOSUPPORT),
	    SCMP_CMP64(0, SCMP_CMP_NE, AF_UNIX)};

	if (!add_arguments(f, local, N(local)))
		return 0;
	if (!network)
		return add_arguments(f, &none, 1);
	return add_arguments(f, others, N(others)) &&
	    add_list(f, calls_network, ALLOW);
}

/* Memory that is never executable, and what raise(3) and abort(3) do. */
static int
add_computing(scmp_filter_ctx f)
{
	const uint64_t self = (uint64_t)getpid();
	const struct by_argument rules[] = {
	    {"mmap", ALLOW, MASK(2, PROT_EXEC, 0)},
	    {"mmap2", ALLOW, MASK(2, PROT_EXEC, 0)},
	    {"mprotect", ALLOW, MASK(2, PROT_EXEC, 0)},
	    {"tgkill", ALLOW, EQ(0, self)},
	};

	return add_list(f, calls_compute, ALLOW) &&
	    add_list(f, calls_fatal, SCMP_ACT_KILL_PROCESS) &&
	    add_arguments(f, rules, N(rules));
}

static int
add_all(scmp_filter_ctx f, const struct confine *c, unsigned needs)
{
	if (needs & CONFINE_COMPUTES)
		return add_computing(f);
	return add_list(f, calls_base, ALLOW) &&
	    (!(needs & CONFINE_SERVES) || add_list(f, calls_serve, ALLOW)) &&
	    (!(needs & CONFINE_STORES) || add_list(f, calls_store, ALLOW)) &&
	    add_list(f, calls_fatal, SCMP_ACT_KILL_PROCESS) && add_memory(f) &&
	    add_process(f) && add_sockets(f, c->network);
}

int
filter_load(const struct confine *c, unsigned needs)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc, ok = 0;

	if (f == NULL) {
		ca_raise(CA_E_INTERNAL, "seccomp: out of memory");
		return 0;
	}
	/* A tree of comparisons: most calls are decided by a few of them. */
	(void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0 && !add_all(f, c, needs))
		goto out;
	if (rc == 0)
		rc = seccomp_load(f);
	ok = rc == 0;
	if (!ok)
		ERR_raise_data(ERR_LIB_SYS, rc < 0 ? -rc : rc,
		    "seccomp: the filter cannot be loaded");
out:
	seccomp_release(f);
	return ok;
}
