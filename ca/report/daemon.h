#ifndef INKAN_CA_REPORT_DAEMON_H
#define INKAN_CA_REPORT_DAEMON_H

/*
 * What every daemon of ours does at start and end. No forking, no pid files:
 * the service manager (or scripts/quickstart) does that.
 */

/* PR_SET_DUMPABLE 0 and no core files: what is in memory is for no other process
   of the same user. 1 or 0 raised. */
int daemon_no_dump(void);

/* That, no new privileges, umask 027, SIGPIPE ignored. 1 or 0 raised. First thing
   in main. */
int daemon_harden(void);

/* Block SIGTERM and SIGINT (and SIGHUP) in this and all later threads and return a signalfd
   that becomes readable with them; -1 raised. Before any thread is made. */
int daemon_signals(void);
/* Reads the signalfd: the signal's number, 0 when none is there. */
int daemon_signal(int fd);

/* sd_notify(3) without its library: "READY=1", "STOPPING=1", "STATUS=...".
   Nothing happens without $NOTIFY_SOCKET. */
void daemon_notify(const char *state);

/* Parse the options that all daemons share: -c FILE, -n, -h (usage on stdout,
   exit 0); others are offered to ${extra} (NULL: none), which returns how many
   further arguments it takes (0 or 1), or -1 for unknown. 1, or 0 after a line
   on stderr (usage error: exit 2). */
struct daemon_options {
	const char *config;	/* borrowed from argv */
	int check_only;		/* -n */
	const char *usage;	/* set by the caller */
	int (*extra)(const char *option, const char *value, void *arg);
	void *arg;
};
int daemon_options(int argc, char **argv, struct daemon_options *o);

#endif
