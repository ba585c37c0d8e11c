/* SPDX-License-Identifier: ISC */
/*
 * Child processes and what a process gives up. A child is started by
 * posix_spawn with one socket on PROC_CHILD_FD; everything else is closed.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdint.h>
#include <sys/types.h>

#define PROC_CHILD_FD 3

/*
 * Start program (a path) with argv and a socketpair: the child has its end
 * as fd 3, *fd is ours. stdin is /dev/null, stdout and stderr are shared.
 * When we die the child reads end of file. Returns 0 or ERR_IO.
 */
int proc_start(const char *program, char *const argv[], pid_t *pid, int *fd);

/*
 * Path of a program of this project: beside the running one, or in the
 * directory named by E2E_BIN. The caller frees it.
 */
char *proc_sibling(const char *name);

/*
 * Prepare any process: ignore SIGPIPE and SIGXFSZ (a file at its limit is an
 * error, not death), /dev/null for what is closed of stdin, stdout and
 * stderr, close stray descriptors above 2 (above 3 when keep_child_fd: then
 * that must be a socket, or the process ends with EXIT_USAGE), UTC, C.UTF-8,
 * raise RLIMIT_NOFILE to its hard limit, no core dumps (memory holds secrets).
 */
void proc_init(int keep_child_fd);

/*
 * How many connections to the outside this process may hold at once: what its
 * limit of descriptors allows, two for each and one to spare.
 */
int64_t proc_connections_most(void);

/* Give up gaining rights by exec, and keep our memory from other processes. */
void proc_sandbox(void);

#endif
