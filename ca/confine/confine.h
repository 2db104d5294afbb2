#ifndef INKAN_CA_CONFINE_CONFINE_H
#define INKAN_CA_CONFINE_CONFINE_H

#include <stddef.h>

/*
 * A program gives up what it does not need, before it reads its first octet
 * from outside: whoever takes it over then has what its configuration names,
 * and no more, whatever the files' modes say.
 *
 *  1. confine_new() reads the group `confine` of the configuration.
 *  2. The program names its folders and ports: confine_folder(), ...
 *  3. confine_files() while there is one thread: Landlock (kernel 5.13 and
 *     later). Files beneath the folders named and those of system libraries
 *     can be opened, no others; no file can be executed; where the kernel has
 *     it, only the ports named can be bound, none be connected to, and no
 *     process outside be signalled.
 *  4. confine_calls() when everything stands, sockets bound and tokens open:
 *     a seccomp filter on all threads.
 *
 * Calls of the kernel fall into three kinds. What the program needs is
 * allowed. execve(2), ptrace(2), mounting, modules and the like end the
 * process: no library of ours tries them. All others fail with ENOSYS, as on
 * an older kernel, so that libraries fall back on what they did before such a
 * call was there; clone3(2) is one of them, its flags cannot be judged.
 * Memory is never writable and executable; no process is made.
 *
 * Not done here: a UNIX socket can be connected to whatever its path is; who
 * it is that connects is judged by its owner (ca/wire/socket.h). What is open
 * already stays open. Without the kernel's support a warning is logged, and
 * the program goes on, unless the mode is "must". A program built with a
 * sanitizer has no filter: the sanitizer traces processes and starts some.
 */

#define CONFINE_PATHS_MAX 128
#define CONFINE_PORTS_MAX 64

struct conf_group;
struct hsm_config;
struct confine;

enum confine_access {
	CONFINE_READ,
	CONFINE_WRITE	/* and read, make, rename, remove */
};

/* What a program needs beside what all need; to be or-ed. */
enum {
	CONFINE_SERVES = 1,	/* accepts connections */
	CONFINE_STORES = 2,	/* writes files */
	CONFINE_COMPUTES = 4	/* nothing but what is open: no file, socket or
				   thread is made. Alone */
};

/*
 * ${root} is a configuration's outermost group; its group `confine` may be
 * absent. Keys: mode = "on" | "off" | "must", read and write = [ paths ],
 * network = true | false; relative paths begin at ${dir}. Returned to be freed
 * with confine_free(), or NULL raised (PROFILE_E_CONFIG).
 */
struct confine *confine_new(const struct conf_group *root, const char *dir);
void confine_free(struct confine *c); /* NULL is fine */

/*
 * All beneath ${path}; where it does not exist yet, beneath the folder that is
 * to hold it. NULL and "" are nothing. What goes wrong is raised by
 * confine_files().
 */
void confine_folder(struct confine *c, const char *path,
    enum confine_access how);
/* All of the folder that the file is in: files are replaced by renaming. */
void confine_file(struct confine *c, const char *path,
    enum confine_access how);
/* That file alone, as long as no other takes its name; what else is in its
   folder may be others' secrets. */
void confine_only(struct confine *c, const char *path,
    enum confine_access how);
/* A TCP port to be bound; 0: whichever is free. */
void confine_port(struct confine *c, unsigned port);
/* What a token needs: module, PIN, its state, SoftHSM's folder. */
void confine_token(struct confine *c, const struct hsm_config *token);

/* 1, or 0 raised (ERR_LIB_SYS, CA_E_CONFIG). Threads that are there already
   are not confined. */
int confine_files(struct confine *c);
/* ${needs}: or of the above. All threads. 1 or 0 raised. */
int confine_calls(struct confine *c, unsigned needs);

#endif
