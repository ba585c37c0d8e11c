/* SPDX-License-Identifier: ISC */
/* Starting children with posix_spawn, and dropping rights. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "config.h"

#define DESCRIPTORS_KEPT 40 /* for all that are not connections */

extern char **environ;

static int
spawn(const char *program, char *const argv[], int child_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY,
	    0);
	posix_spawn_file_actions_adddup2(&actions, child_fd, PROC_CHILD_FD);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETPGROUP);
	/* A group of its own: an interrupt from the terminal is for us, and
	 * we stop the child when its work is done. */
	posix_spawnattr_setpgroup(&attr, 0);
	rc = posix_spawn(pid, program, &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (rc != 0)
		errno = rc;
	return (rc != 0 ? ERR_IO : 0);
}

int
proc_start(const char *program, char *const argv[], pid_t *pid, int *fd)
{
	int pair[2], child, rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return (ERR_IO);
	/* dup2 onto itself would leave close-on-exec set: move it away. */
	child = fcntl(pair[1], F_DUPFD_CLOEXEC, PROC_CHILD_FD + 1);
	close(pair[1]);
	rc = child < 0 ? ERR_IO : spawn(program, argv, child, pid);
	if (child >= 0)
		close(child);
	if (rc != 0) {
		close(pair[0]);
		return (rc);
	}
	*fd = pair[0];
	return (0);
}

char *
proc_sibling(const char *name)
{
	const char *bin = getenv("E2E_BIN");
	char self[PATH_MAX], *dir, *path;
	ssize_t n;

	if (bin != NULL)
		return (file_join(bin, name));
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return (xstrdup(name));
	self[n] = '\0';
	dir = file_dir(self);
	path = file_join(dir, name);
	free(dir);
	return (path);
}

/* Else a file of ours would be opened as stderr, and get the log. */
static void
fill_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Else a child would wait for ever for a parent that it has not. */
static void
need_parent(void)
{
	struct stat st;

	if (fstat(PROC_CHILD_FD, &st) == 0 && S_ISSOCK(st.st_mode))
		return;
	fprintf(stderr, "--child: descriptor %d is no socket; it is for the "
	    "program that starts this one\n", PROC_CHILD_FD);
	exit(EXIT_USAGE);
}

void
proc_init(int keep_child_fd)
{
	const struct rlimit no_core = {0, 0};
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	fill_standard_fds();
	if (keep_child_fd)
		need_parent();
	close_range(keep_child_fd ? PROC_CHILD_FD + 1 : 3, UINT_MAX, 0);
	setenv("TZ", "UTC", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
	setrlimit(RLIMIT_CORE, &no_core);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int64_t
proc_connections_most(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur == RLIM_INFINITY ||
	    files.rlim_cur > 3 * (rlim_t)INT32_MAX)
		return (INT32_MAX);
	return (files.rlim_cur > DESCRIPTORS_KEPT + 3 ?
	    (int64_t)(files.rlim_cur - DESCRIPTORS_KEPT) / 3 : 1);
}

void
proc_sandbox(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef E2E_SANITIZED
	/* LeakSanitizer must be able to trace its own process. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
