#include <stddef.h>

#include "ca/confine/private.h"

/*
 * System calls by what they are for. Names that this architecture or an older
 * libseccomp does not know are passed over. Those whose arguments are judged
 * stand in filter.c.
 */

const char *const calls_base[] = {
    /* files that Landlock lets be opened, and what is open */
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev",
    "pwrite64", "pwritev", "pwritev2", "lseek", "_llseek", "open", "openat",
    "openat2", "close", "close_range", "access", "faccessat", "faccessat2",
    "stat", "lstat", "fstat", "stat64", "lstat64", "fstat64", "newfstatat",
    "fstatat64", "statx", "statfs", "fstatfs", "statfs64", "fstatfs64",
    "getdents", "getdents64", "readlink", "readlinkat", "getcwd", "fcntl",
    "fcntl64", "flock", "dup", "dup2", "dup3", "pipe", "pipe2", "fadvise64",
    "umask",
    /* waiting */
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
    "pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
    "signalfd", "signalfd4", "timerfd_create", "timerfd_settime",
    "timerfd_gettime", "nanosleep", "clock_nanosleep",
    "clock_nanosleep_time64", "restart_syscall",
    /* threads and memory; mmap, mprotect and clone: filter.c */
    "futex", "futex_time64", "futex_waitv", "set_robust_list",
    "get_robust_list", "rseq", "set_tid_address", "membarrier", "sched_yield",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "getcpu", "munmap",
    "mremap", "madvise", "brk", "mincore", "msync", "mlock", "mlock2",
    "munlock", "exit", "exit_group", "arch_prctl",
    /* signals to ourselves; tgkill and kill: filter.c */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
    "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_sigsuspend", "sigreturn",
    "sigaltstack",
    /* the time, and who we are */
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
    "gettimeofday", "time", "getpid", "gettid", "getppid", "getuid",
    "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32",
    "getegid32", "getgroups", "getgroups32", "getresuid", "getresgid",
    "getpgrp", "getpgid", "getsid", "uname", "sysinfo", "getrusage", "times",
    "getrlimit", "ugetrlimit", "getrandom",
    /* sockets that are there, and UNIX ones (socket: filter.c) */
    "connect", "getsockname", "getpeername", "getsockopt", "setsockopt",
    "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom", "recvmsg",
    "recvmmsg", "recvmmsg_time64", "shutdown", NULL};

const char *const calls_serve[] = {"accept", "accept4", "sendfile",
    "sendfile64", NULL};

const char *const calls_store[] = {"ftruncate", "ftruncate64", "truncate",
    "fallocate", "fsync", "fdatasync", "sync_file_range", "syncfs", "rename",
    "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir",
    "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "fchmodat2", "fchown",
    "fchown32", "utimensat", "utimensat_time64", "utime", "utimes",
    "futimesat", "copy_file_range", NULL};

/* A vendor's module that speaks to its HSM over the network. */
const char *const calls_network[] = {"bind", NULL};

/* Octets in, octets out: who is taken over here has nothing to take. */
const char *const calls_compute[] = {"read", "readv", "recv", "recvfrom",
    "recvmsg", "write", "writev", "send", "sendto", "sendmsg", "accept",
    "accept4", "close", "shutdown", "getsockopt", "setsockopt", "fcntl", "fcntl64",
    "fstat", "newfstatat", "poll", "ppoll", "ppoll_time64", "alarm", "setitimer",
    "futex", "futex_time64", "munmap", "mremap", "madvise", "brk", "mlock",
    "munlock", "exit", "exit_group", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigreturn", "restart_syscall", "clock_gettime",
    "clock_gettime64", "gettimeofday", "time", "getpid", "gettid",
    "getrandom", NULL};

/* Nothing of ours asks for these: who does is not us. */
const char *const calls_fatal[] = {"execve", "execveat", "ptrace",
    "process_vm_readv", "process_vm_writev", "bpf", "perf_event_open",
    "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "mount", "umount", "umount2", "pivot_root", "chroot",
    "setns", "unshare", "open_by_handle_at", "open_tree", "move_mount",
    "fsopen", "fsmount", "reboot", "swapon", "swapoff", "acct", "setuid",
    "setgid", "setreuid", "setregid", "setresuid", "setresgid", "capset",
    NULL};
